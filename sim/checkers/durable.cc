// ACK-DURABLE: what a replica was told is in the log at exactly that place, after any crash.
// NO-REWRITE: a place and its hash, once shown, stay true within the epoch.
#include "protocol/codec.h"
#include "sim/checkers/all.h"
#include "sim/device.h"
#include "sim/server.h"

namespace wherry::sim {

namespace {

class Durable : public Checker {
 public:
  explicit Durable(World& world) : world_(world) {}

  void received(Device& device, const protocol::Message& message) override {
    if (const auto* welcome = std::get_if<protocol::Welcome>(&message)) {
      show(device, welcome->head, welcome->hash);
    }
    if (const auto* batch = std::get_if<protocol::Batch>(&message)) {
      show(device, batch->upto, batch->hash);
      for (const protocol::Answer& answer : batch->answers) told(device, answer);
    }
    if (const auto* rows = std::get_if<protocol::RowsChunk>(&message))
      for (const protocol::Answer& answer : rows->answers) told(device, answer);
  }

  void booted() override {
    for (const auto& [id, place] : acknowledged_) check(id, place);
    for (const auto& [place, hash] : shown_) check_hash(place, hash);
  }
  void at_rest() override { booted(); }

  void restored(int64_t head) override {
    std::erase_if(acknowledged_, [&](const auto& entry) { return entry.second.seq > head; });
    std::erase_if(shown_, [&](const auto& entry) { return entry.first > head; });
    restored_in_ = world_.server().life();
  }

 private:
  struct Place {
    int64_t seq;
    protocol::Outcome outcome;
    std::string code;
  };

  void told(const Device& device, const protocol::Answer& answer) {
    ++world_.figures().acknowledged;
    if (answer.seq == Seq{} || is_past(device)) return;  // not logged, or of a history that is gone
    const Place place{answer.seq.number, answer.outcome, answer.code};
    const auto [at, is_new] = acknowledged_.emplace(answer.id, place);
    if (!is_new &&
        (at->second.seq != place.seq || at->second.outcome != place.outcome || at->second.code != place.code))
      world_.violated("EXACTLY-ONCE", "command " + answer.id + " was answered in two ways: at " +
                                          std::to_string(at->second.seq) + " and at " +
                                          std::to_string(place.seq));
    check(answer.id, place);
  }

  void check(const std::string& id, const Place& place) {
    const LogRow* row = world_.history().find(id);
    if (row == nullptr || row->seq != place.seq)
      world_.violated("ACK-DURABLE", "command " + id + " was acknowledged at " + std::to_string(place.seq) +
                                         ", the log has it " +
                                         (row == nullptr ? "nowhere" : "at " + std::to_string(row->seq)));
    if (row->outcome != protocol::outcome_text(place.outcome) || row->code != place.code)
      world_.violated("AUDIT", "command " + id + " was answered " +
                                   std::string(protocol::outcome_text(place.outcome)) + " " + place.code +
                                   ", the log says " + row->outcome + " " + row->code);
  }

  // The first four bytes of what is shown are those of the hash.
  void show(const Device& device, Seq seq, const std::string& link) {
    if (seq == Seq{} || link.empty() || is_past(device)) return;
    shown_.emplace(seq.number, link.substr(0, 4));
    check_hash(seq.number, link.substr(0, 4));
  }
  void check_hash(int64_t seq, const std::string& hash) {
    if (seq > world_.history().head() || !world_.history().at(seq).hash.starts_with(hash))
      world_.violated("NO-REWRITE", "entry " + std::to_string(seq) + " is not what was shown of it");
  }

  // Messages of before a restore may still arrive after it.
  bool is_past(const Device& device) const { return device.link()->server_life <= restored_in_; }

  World& world_;
  int64_t restored_in_ = 0;  // in this life of the server, or before
  std::map<std::string, Place> acknowledged_;
  std::map<int64_t, std::string> shown_;
};

}  // namespace

std::unique_ptr<Checker> check_durable(World& world) {
  return std::make_unique<Durable>(world);
}

}  // namespace wherry::sim

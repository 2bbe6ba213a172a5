// AUTHOR: the log says of a command what its user gave, and who that was. FIFO: a replica's commands enter
// the log in the order in which they were given. TERMINAL: each ends as exactly one of applied, superseded
// and rejected, and its replica says the same as the log. EXACTLY-ONCE, over all: a command that was accepted
// is in the log once.
#include "base/limits.h"
#include "sim/checkers/all.h"
#include "sim/device.h"

namespace wherry::sim {

namespace {

class Commands : public Checker {
 public:
  explicit Commands(World& world) : world_(world) {}

  void booted() override { committed(); }
  void committed() override {
    for (; seen_ < world_.history().head(); ++seen_) check(world_.history().at(seen_ + 1));
  }
  void restored(int64_t head) override {
    seen_ = std::min(seen_, head);
    last_.clear();
    restored_ = true;
  }

  void received(Device& device, const protocol::Message& message) override {
    const auto* welcome = std::get_if<protocol::Welcome>(&message);
    if (welcome != nullptr && welcome->renewed && !device.may_be_renewed() && !restored_)
      world_.violated("IDENTITY", device.name() + " is taken for a copy, and is none");
  }

  // Beyond a quota rejections are answered and not logged; in worlds of an hour people come to that.
  void says(const Link& link, const Output&, const protocol::Message* message) override {
    const auto* batch = message == nullptr ? nullptr : std::get_if<protocol::Batch>(message);
    const auto* rows = message == nullptr ? nullptr : std::get_if<protocol::RowsChunk>(message);
    if (batch != nullptr) note_unlogged(link, batch->answers);
    if (rows != nullptr) note_unlogged(link, rows->answers);
  }

  // What execute returned is in the list, after whatever happened to the device.
  void look(Device& device) override {
    if (device.was_restored()) return;
    std::set<std::string> listed;
    for (const Row& row : device.ask("SELECT id FROM wherry_commands")) listed.insert(*row[0].text());
    for (const auto& [id, issued] : world_.issued())
      if (issued.device == &device && issued.certain && !issued.forfeited && !listed.contains(id) &&
          world_.history().find(id) == nullptr)
        world_.violated("TERMINAL", device.name() + " accepted " + issued.name + " " + id + " and forgot it");
  }

  void at_rest() override {
    // What was rejected in a history that is gone stays rejected: its user has been told.
    std::set<std::string> rejected;
    for (const auto& device : world_.devices()) {
      if (!device->is_up()) world_.violated("LIVENESS", device->name() + " does not come up");
      const auto list = device->replica().commands();
      if (!list) continue;
      for (const OwnCommand& command : *list) {
        if (command.state == CommandState::kRejected) rejected.insert(command.id);
        if (command.state == CommandState::kPending)
          world_.violated("TERMINAL", device->name() + ": " + command.id + " is still pending");
        const LogRow* row = world_.history().find(command.id);
        if (row == nullptr || command.seq == Seq{}) continue;
        // …whatever a copy of the file has made of it since.
        if (restored_ && command.state == CommandState::kRejected) continue;
        if (row->outcome != state_text(command.state) || row->seq != command.seq.number ||
            row->code != command.code)
          world_.violated("TERMINAL", device->name() + " says of " + command.id + ": " +
                                          std::string(state_text(command.state)) + " " + command.code +
                                          " at " + std::to_string(command.seq.number) + ", the log: " +
                                          row->outcome + " " + row->code + " at " + std::to_string(row->seq));
      }
    }
    for (const auto& [id, issued] : world_.issued())
      if (issued.certain && !issued.forfeited && world_.history().find(id) == nullptr &&
          !unlogged_.contains(id) && !(restored_ && rejected.contains(id)))
        world_.violated("TERMINAL",
                        issued.device->name() + ": " + issued.name + " " + id + " never came to the log");
  }

 private:
  void check(const LogRow& row) {
    if (row.user == "system") return;
    const auto at = world_.issued().find(row.id);
    if (at == world_.issued().end()) return world_.violated("AUTHOR", "nobody gave the command " + row.id);
    const Issued& issued = at->second;
    if (issued.user != row.user || issued.name != row.name || !row.submitted_by.empty())
      world_.violated("AUTHOR", "entry " + std::to_string(row.seq) + " is not what " + issued.user + " gave");
    if (row.client_timestamp != issued.client_timestamp)
      world_.violated("AUTHOR", "entry " + std::to_string(row.seq) + " has another time than its user's");
    int64_t& last = last_[row.replica_id];
    if (issued.order < last && !restored_ && !issued.device->was_restored())
      world_.violated("FIFO",
                      "entry " + std::to_string(row.seq) + " overtook a command that its user gave before");
    last = issued.order;
  }

  void note_unlogged(const Link& link, const std::vector<protocol::Answer>& answers) {
    for (const protocol::Answer& answer : answers) {
      if (answer.seq != Seq{}) continue;
      const std::string& user = link.device->user();
      int64_t rejected = 0;
      for (int64_t seq = world_.history().head(); seq > 0; --seq) {
        const LogRow& row = world_.history().at(seq);
        rejected += row.user == user && row.outcome == "rejected";
      }
      if (rejected < limits::kRejectionsPerHour)
        world_.violated("AUDIT", answer.id + " was answered and not logged, and " + user + " has only " +
                                     std::to_string(rejected) + " rejections");
      world_.sometimes("a rejection was not logged");
      unlogged_.insert(answer.id);
    }
  }

  World& world_;
  int64_t seen_ = 0;
  bool restored_ = false;
  std::set<std::string> unlogged_;
  std::map<std::string, int64_t> last_;  // order of the latest, by replica
};

}  // namespace

std::unique_ptr<Checker> check_commands(World& world) {
  return std::make_unique<Commands>(world);
}

}  // namespace wherry::sim

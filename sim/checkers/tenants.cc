// TENANT: what is said in one workspace is not heard in the other; neither changes the other's file; the
// neighbour is answered at once, whatever happens to the workspace beside it. (That a device which comes to
// the wrong workspace leaves as it came is seen in sim/neighbour.cc.)
#include <algorithm>

#include "protocol/codec.h"
#include "protocol/pack.h"
#include "sim/checkers/all.h"
#include "sim/device.h"
#include "sim/neighbour.h"

namespace wherry::sim {

namespace {

// In every text of the workspace that the world is about, see Device::write.
constexpr std::string_view kMark = " by u";

// All that a message says, readable: bodies are packed on their own.
std::string unpacked(const protocol::Message& message) {
  protocol::Packer& packer = protocol::Packer::mine();
  std::string all = protocol::encode(message, protocol::Compression::kPlain);
  const auto add = [&](const std::string& body) {
    if (!body.empty()) all += *packer.unpack(body);
  };
  if (const auto* batch = std::get_if<protocol::Batch>(&message))
    for (const protocol::Segment& segment : batch->segments) add(segment.body);
  if (const auto* rows = std::get_if<protocol::RowsChunk>(&message)) {
    add(rows->body);
    for (const protocol::Segment& segment : rows->own) add(segment.body);
  }
  return all;
}

class Tenants : public Checker {
 public:
  explicit Tenants(World& world) : world_(world) {}

  void says(const Link& link, const Output&, const protocol::Message* message) override {
    if (message != nullptr && unpacked(*message).contains(Neighbour::kMark))
      world_.violated("TENANT", link.device->name() + " is told what was said next door");
  }
  void committed() override { check_files(); }
  void booted() override { check_files(); }

  void next_door() override {
    check_files();
    Neighbour& neighbour = world_.neighbour();
    for (const std::string& bytes : neighbour.heard())
      if (!bytes.empty()) check_heard(*protocol::decode(bytes));
    const ReplicaStatus status = neighbour.replica().status();
    if (!status.synced) world_.violated("TENANT", "the neighbour is not served");
    if (!epoch_.empty() && status.epoch != epoch_)
      world_.violated("TENANT", "the neighbour has another epoch, and was not restored");
    epoch_ = status.epoch;
    std::map<std::string, std::string> shown;
    const auto messages = neighbour.replica().query("SELECT id, body FROM messages");
    if (!messages) world_.violated("TENANT", "the neighbour cannot be read: " + messages.error().text());
    for (const Row& row : messages->rows) shown[*row[0].text()] = *row[1].text();
    if (shown != neighbour.posted())
      world_.violated("TENANT", "the neighbour does not see what it has written");
  }

  void at_rest() override {
    world_.neighbour().write();
    if (world_.neighbour().log() != world_.neighbour().given())
      world_.violated("TENANT", "the neighbour's log is not what its user gave");
  }

 private:
  void check_heard(const protocol::Message& message) {
    if (unpacked(message).contains(kMark))
      world_.violated("TENANT", "the neighbour's device is told what was said in the workspace");
    const auto& given = world_.neighbour().given();
    if (const auto* batch = std::get_if<protocol::Batch>(&message))
      for (const protocol::Answer& answer : batch->answers)
        if (std::ranges::find(given, answer.id) == given.end())
          world_.violated("TENANT", "the neighbour's device gets the answer to another's command");
  }

  void check_files() {
    if (const std::string& file = world_.neighbour().trespass(); !file.empty())
      world_.violated("TENANT", file + " is written from another workspace");
  }

  World& world_;
  std::string epoch_;
};

}  // namespace

std::unique_ptr<Checker> check_tenants(World& world) {
  return std::make_unique<Tenants>(world);
}

}  // namespace wherry::sim

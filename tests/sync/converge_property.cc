// Whatever happens in whatever order, at rest every replica equals the server's rows filtered by what its
// user may read; and what he may read is told by an oracle that shares no code with the product.
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "tests/sync/gen.h"
#include "tests/sync/world.h"

namespace wherry::testing {
namespace {

struct Op {
  int device, kind, target, other;
};

void showValue(const Op& op, std::ostream& os) {
  os << "{device " << op.device << ", kind " << op.kind << ", target " << op.target << ", other " << op.other
     << "}";
}

constexpr int kUsers = 4, kChannels = 3, kMessages = 6, kKinds = 16;

rc::Gen<Op> an_op() {
  return rc::gen::construct<Op>(below(kUsers), below(kKinds), below(kMessages), below(kUsers));
}

void perform(World& world, const std::vector<Device*>& devices, const Op& op, int step) {
  Device& device = *devices[static_cast<size_t>(op.device)];
  const std::string channel = cat("c", op.target % kChannels), other = cat("c", op.other % kChannels);
  const std::string message = cat("m", op.target), user = cat("u", op.other);
  const auto run = [&](const char* name, const std::string& params) {
    (void)device.replica().execute(name, params, world.now);
  };
  switch (op.kind) {
    case 0:
      device.connect();
      break;
    case 1:
      device.disconnect();
      break;
    case 2:
      world.step();
      break;
    case 3:
      world.settle();
      break;
    case 4:
      run("channel.create", cat(R"({"id":")", channel, R"(","name":"n)", step, R"(","private":)",
                                op.other % 2 == 0 ? "true" : "false", "}"));
      break;
    case 5:
      run("channel.add_member", cat(R"({"channel_id":")", channel, R"(","user_id":")", user, "\"}"));
      break;
    case 6:
      run("channel.remove_member", cat(R"({"channel_id":")", channel, R"(","user_id":")", user, "\"}"));
      break;
    case 7:
      run("message.post",
          cat(R"({"id":")", message, R"(","channel_id":")", other, R"(","body":"b)", step, "\"}"));
      break;
    case 8:
      run("message.edit", cat(R"({"id":")", message, R"(","body":"edited )", step, "\"}"));
      break;
    case 9:
      run("message.move", cat(R"({"id":")", message, R"(","channel_id":")", other, "\"}"));
      break;
    case 10:
      run("message.vote", cat(R"({"id":")", message, R"(","by":1})"));
      break;
    case 11:
      run("message.react", cat(R"({"id":")", message, R"(","emoji":"e"})"));
      break;
    case 12:
      run("channel.lock", cat(R"({"id":")", channel, "\"}"));
      break;
    case 13:
      run("channel.unlock", cat(R"({"id":")", channel, "\"}"));
      break;
    case 14:
      run("channel.mark_read", cat(R"({"channel_id":")", channel, R"(","message_id":")", message, "\"}"));
      break;
    default:
      run("message.delete", cat(R"({"id":")", message, "\"}"));
      break;
  }
  world.now = world.now + Millis{op.kind == 2 ? 0 : 7};
}

// The oracle: a line of the server's whole dump is for this user if it says so itself, or by its channel.
std::string readable(const std::string& dump, const std::string& user) {
  std::map<std::string, bool> is_private;
  std::set<std::string> member_of;
  std::vector<std::pair<std::string, nlohmann::json>> rows;
  std::vector<std::string> lines;
  for (size_t at = 0; at < dump.size();) {
    const size_t end = dump.find('\n', at);
    const std::string line = dump.substr(at, end - at);
    at = end + 1;
    const size_t space = line.find(' ');
    rows.emplace_back(line.substr(0, space), nlohmann::json::parse(line.substr(space + 1)));
    lines.push_back(line);
    const auto& [table, row] = rows.back();
    if (table == "channels") is_private[row["id"]] = row["private"] != 0;
    if (table == "members" && row["user_id"] == user) member_of.insert(row["channel_id"].get<std::string>());
  }
  std::string text;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& [table, row] = rows[i];
    bool may = table == "users";
    if (table == "read_marks") may = row["user_id"] == user;
    if (table == "channels" || table == "members" || table == "messages") {
      const std::string channel = row[table == "channels" ? "id" : "channel_id"];
      may = member_of.contains(channel) || (is_private.contains(channel) && !is_private[channel]);
    }
    if (may) text += lines[i] + "\n";
  }
  return text;
}

RC_GTEST_PROP(Converge, EveryReplicaEqualsTheServersRowsFilteredByAnOracle, ()) {
  const auto ops = *rc::gen::scale(1.5, rc::gen::container<std::vector<Op>>(an_op()));
  World world("examples/chat");
  std::vector<Device*> devices;
  for (int u = 0; u < kUsers; ++u) devices.push_back(&world.device(cat("d", u), cat("u", u), {}, u % 2 == 1));
  devices[0]->stutter = devices[1]->stutter = true;
  for (Device* device : devices) device->connect();
  world.settle();
  for (size_t i = 0; i < ops.size(); ++i) perform(world, devices, ops[i], static_cast<int>(i));
  for (Device* device : devices)
    if (!device->connected()) device->connect();
  world.settle();
  // Again: answers that refuse may leave something to say.
  world.settle();
  const std::string everything = world.dump();
  for (Device* device : devices) {
    const std::string dump = device->dump();
    RC_ASSERT(dump == readable(everything, device->user()));
    RC_ASSERT(dump == world.dump_as(*device));
    RC_ASSERT(device->ask("SELECT count(*) FROM wherry_commands WHERE state = 'pending'") == "0");
    // Nothing is pending: what one sees is what is confirmed, in the full-text index too.
    RC_ASSERT(device->ask("SELECT count(*) FROM wherry_base") == "0");
    RC_ASSERT(device->ask("SELECT count(*) FROM messages") ==
              std::to_string(std::count(dump.begin(), dump.end(), '\n') - [&] {
                int64_t others = 0;
                for (size_t at = 0; at < dump.size(); at = dump.find('\n', at) + 1)
                  others += dump.compare(at, 9, "messages ") != 0;
                return others;
              }()));
    Device& fresh = world.device(cat("fresh-", device->user()), device->user());
    fresh.connect();
    world.settle();
    RC_ASSERT(fresh.dump() == dump);
  }
}

}  // namespace
}  // namespace wherry::testing

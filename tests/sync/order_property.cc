// Winners do not depend on the order of arrival or on batching: the same commands, made offline by several
// replicas, leave the same tables whoever reconnects first. Restrictions are left out, since they are meant
// to depend on what is there.
#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "tests/sync/world.h"

namespace wherry::testing {
namespace {

constexpr int kDevices = 3;

// One command, as numbers that RapidCheck can shrink.
struct Op {
  int device, kind, target, value, minute;
};

void showValue(const Op& op, std::ostream& os) {
  os << "{device " << op.device << ", kind " << op.kind << ", target " << op.target << ", value " << op.value
     << ", minute " << op.minute << "}";
}

rc::Gen<Op> an_op() {
  return rc::gen::construct<Op>(rc::gen::inRange(0, kDevices), rc::gen::inRange(0, 7), rc::gen::inRange(0, 2),
                                rc::gen::inRange(0, 3), rc::gen::inRange(0, 8));
}

std::pair<std::string, std::string> command_of(const Op& op) {
  const std::string target = cat(op.target);
  switch (op.kind) {
    case 0:
      return {"channel.rename", cat(R"({"id":"c)", target, R"(","name":"name )", op.value, "\"}")};
    case 1:
      return {"channel.add_member", cat(R"({"channel_id":"c0","user_id":"guest)", target, "\"}")};
    case 2:
      return {"channel.remove_member", cat(R"({"channel_id":"c0","user_id":"guest)", target, "\"}")};
    case 3:
      return {"message.edit", cat(R"({"id":"m)", target, R"(","body":"body )", op.value, "\"}")};
    case 4:
      return {"message.vote", cat(R"({"id":"m)", target, R"(","by":)", op.value, "}")};
    case 5:
      return {"message.react", cat(R"({"id":"m)", target, R"(","emoji":"e)", op.value, "\"}")};
    default:
      return {"user.register", cat(R"({"id":"u","name":"name )", op.value, "\"}")};
  }
}

// What the tables hold after the operations, with the devices reconnecting in this order.
std::string outcome(const std::vector<Op>& ops, const std::vector<int>& order, bool all_at_once) {
  World world("examples/chat");
  for (int c = 0; c < 2; ++c) {
    world.direct("u0", "channel.create", cat(R"({"id":"c)", c, R"(","name":"x","private":false})"));
    world.direct("u0", "message.post", cat(R"({"id":"m)", c, R"(","channel_id":"c)", c, R"(","body":"x"})"));
  }
  std::vector<Device*> devices;
  for (int d = 0; d < kDevices; ++d) {
    for (int c = 0; c < 2; ++c)
      world.direct(cat("u", d), "channel.add_member",
                   cat(R"({"channel_id":"c)", c, R"(","user_id":"u)", d, "\"}"));
    devices.push_back(&world.device(cat("d", d), cat("u", d), {"admin"}));
  }
  for (Device* device : devices) device->connect();
  world.settle();
  for (Device* device : devices) device->disconnect();
  const Millis start = world.now = Millis{world.now.count / 3'600'000 * 3'600'000 + 7'200'000};
  world.now = world.now + Millis{24 * 3'600'000};
  for (size_t i = 0; i < ops.size(); ++i) {
    const auto [name, params] = command_of(ops[i]);
    ExecuteOptions options;
    options.client_timestamp = start + Millis{ops[i].minute * 60'000};
    options.id = cat("00000000-0000-7000-8000-0000000000", i < 16 ? "0" : "",
                     to_hex(std::string(1, static_cast<char>(i))).substr(i < 16 ? 1 : 0));
    (void)devices[static_cast<size_t>(ops[i].device)]->replica().execute(name, params, world.now, options);
  }
  for (const int d : order) {
    devices[static_cast<size_t>(d)]->connect();
    if (!all_at_once) world.settle();
  }
  world.settle();
  world.expect_agreement();
  return world.dump();
}

RC_GTEST_PROP(Order, WinnersDoNotDependOnArrival, ()) {
  const auto ops = *rc::gen::resize(24, rc::gen::container<std::vector<Op>>(an_op()));
  RC_PRE(ops.size() < 200);
  std::vector<int> order(kDevices);
  std::iota(order.begin(), order.end(), 0);
  const std::string expected = outcome(ops, order, false);
  RC_ASSERT(outcome(ops, order, true) == expected);
  const int turns = *rc::gen::inRange(1, 6);
  for (int i = 0; i < turns; ++i) std::ranges::next_permutation(order);
  RC_ASSERT(outcome(ops, order, false) == expected);
}

}  // namespace
}  // namespace wherry::testing

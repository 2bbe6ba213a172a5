// Winners do not depend on the order of arrival or on batching: the same commands, made offline by several
// replicas, leave the same tables whoever reconnects first. Restrictions are left out, since they are meant
// to depend on what is there.
#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "tests/sync/app.h"
#include "tests/sync/gen.h"

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
  return rc::gen::construct<Op>(below(kDevices), below(7), below(2), below(3), below(8));
}

Call call_of(const App& app, const Op& op) {
  const std::string item = cat("m", op.target), value = cat(op.value);
  switch (op.kind) {
    case 0:
      return app.rename(cat("c", op.target), cat("name ", op.value));
    case 1:
      return app.add("c0", cat("guest", op.target));
    case 2:
      return app.remove("c0", cat("guest", op.target));
    case 3:
      return app.edit(item, cat("body ", op.value));
    case 4:
      return app.vote(item, op.value == 0 ? "-1" : "1");
    case 5:
      return app.label(item, cat("e", op.value), cat("u", op.device));
    default:
      return app.introduce("u", cat("name ", op.value));
  }
}

// What the tables hold after the operations, with the devices reconnecting in this order.
std::string outcome(const App& app, const std::vector<Op>& ops, const std::vector<int>& order,
                    bool all_at_once) {
  World world(app.bundle);
  for (const std::string c : {"0", "1"}) {
    const std::string place = "c" + c;
    if (app.create_group.name != nullptr) world.direct("u0", app.create_group(place));
    world.direct("u0", app.open_place(place, "x"));
    world.direct("u0", app.write("m" + c, place, "x"));
    for (int d = 1; d < kDevices; ++d) {
      world.direct("u0", app.add(place, cat("u", d)));
      if (app.trust.name != nullptr) world.direct("u0", app.trust(place, cat("u", d)));
    }
  }
  std::vector<Device*> devices;
  for (int d = 0; d < kDevices; ++d) devices.push_back(&world.device(cat("d", d), cat("u", d), {"admin"}));
  for (Device* device : devices) device->connect();
  world.settle();
  for (Device* device : devices) device->disconnect();
  const Millis start = world.now = Millis{world.now.count / 3'600'000 * 3'600'000 + 7'200'000};
  world.now = world.now + Millis{24 * 3'600'000};
  for (size_t i = 0; i < ops.size(); ++i) {
    const auto [name, params] = call_of(app, ops[i]);
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

void winners_do_not_depend_on_arrival(const App& app) {
  const auto ops = *rc::gen::resize(24, rc::gen::container<std::vector<Op>>(an_op()));
  std::vector<int> order(kDevices);
  std::iota(order.begin(), order.end(), 0);
  const std::string expected = outcome(app, ops, order, false);
  RC_ASSERT(outcome(app, ops, order, true) == expected);
  const int turns = 1 + *below(5);
  for (int i = 0; i < turns; ++i) std::ranges::next_permutation(order);
  RC_ASSERT(outcome(app, ops, order, false) == expected);
}

RC_GTEST_PROP(Order, WinnersDoNotDependOnArrivalInTheChat, ()) {
  winners_do_not_depend_on_arrival(chat());
}

RC_GTEST_PROP(Order, WinnersDoNotDependOnArrivalInTheTracker, ()) {
  winners_do_not_depend_on_arrival(tracker());
}

}  // namespace
}  // namespace wherry::testing

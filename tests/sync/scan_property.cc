// Scanning from any position equals live: a replica that was away from any step to any other, and came back
// while others went on, holds what one holds that never left: the same rows, through as many scopes.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "tests/sync/app.h"
#include "tests/sync/gen.h"

namespace wherry::testing {
namespace {

struct Op {
  int kind, a, b;
};

void showValue(const Op& op, std::ostream& os) {
  os << "{kind " << op.kind << ", " << op.a << ", " << op.b << "}";
}

constexpr int kLate = 3;
const char* const kPlaces[] = {"open", "closed", "other"};

// What the author, who may do everything, says in this step.
Call call_of(const App& app, const Op& op, int step) {
  const std::string item = cat("i", op.a), place = kPlaces[op.b % 3];
  switch (op.kind % 8) {
    case 0:
      return app.write(cat("i", op.a), place, cat("text ", step));
    case 1:
      return app.edit(item, cat("edited ", step));
    case 2:
      return app.move(item, place);
    case 3:
      return app.drop(item);
    case 4:
      return app.vote(item, "1");
    case 5:
      return app.add(place, "bob");
    case 6:
      return app.remove(place, "bob");
    default:
      return app.rename(place, cat("name ", step));
  }
}

// Rows, and through how many scopes each is held. Versions may differ: an assignment of equal values makes a
// new one that a scan tells and live does not.
std::string held(Device& device) {
  return cat(device.dump(), device.ask("SELECT tbl, hex(key), count(*) FROM wherry_rows GROUP BY tbl, key"));
}

void scanning_equals_live(const App& app) {
  const auto ops = *rc::gen::scale(2.0, rc::gen::container<std::vector<Op>>(rc::gen::construct<Op>(
                                            below(8 + kLate + 1), below(5), below(6))));
  World world(app.bundle);
  for (const char* place : kPlaces) {
    if (app.create_group.name != nullptr) world.direct("ann", app.create_group(place));
    world.direct("ann", (place == kPlaces[0] ? app.open_place : app.closed_place)(place, "name"));
  }
  world.direct("ann", app.add("closed", "bob"));
  Device& author = world.device("author", "ann", {"admin"});
  Device& live = world.device("live", "bob");
  std::vector<Device*> late;
  for (int i = 0; i < kLate; ++i) late.push_back(&world.device(cat("late", i), "bob"));
  late[0]->stutter = true;
  for (auto& [_, device] : world.devices) device->connect();
  world.settle();

  const auto compare = [&] {
    world.settle();
    const std::string expected = held(live);
    RC_ASSERT(live.dump() == world.dump_as(live));
    for (Device* device : late)
      if (device->connected()) RC_ASSERT(held(*device) == expected);
  };
  for (size_t i = 0; i < ops.size(); ++i) {
    const Op& op = ops[i];
    if (op.kind < 8) {
      const Call call = call_of(app, op, static_cast<int>(i));
      (void)author.replica().execute(call.name, call.params, world.now);
    } else if (op.kind < 8 + kLate) {
      Device& device = *late[static_cast<size_t>(op.kind - 8)];
      device.connected() ? device.disconnect() : device.connect();
    } else {
      compare();
    }
    // Sometimes in the middle of a scan, sometimes many commands in a batch.
    if (op.b % 2 == 0) world.step();
    world.now = world.now + Millis{1};
  }
  for (Device* device : late)
    if (!device->connected()) device->connect();
  compare();
}

RC_GTEST_PROP(Scan, EqualsLiveInTheChat, ()) {
  scanning_equals_live(chat());
}

RC_GTEST_PROP(Scan, EqualsLiveInTheTracker, ()) {
  scanning_equals_live(tracker());
}

}  // namespace
}  // namespace wherry::testing

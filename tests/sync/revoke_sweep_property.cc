// What may happen while the rows of a scope are on their way, once at each step of the scan, or at each
// WHERRY_SWEEP_STRIDE-th: after a revoke nothing more of the scope is sent, and the replica ends with what
// its user may read, whole, and without a trace of anything else.
#include <rapidcheck.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/text.h"
#include "tests/sync/oracle.h"

namespace wherry::testing {
namespace {

constexpr size_t kItems = 200;
constexpr size_t kChunkBytes = 1'200;  // some ten items

int stride() {
  const char* set = std::getenv("WHERRY_SWEEP_STRIDE");
  return set == nullptr ? 1 : std::max(std::atoi(set), 1);
}

class RevokeSweep : public InBothApps {
 protected:
  RevokeSweep() : oracle(world, app) {
    world.limits.chunk_bytes = kChunkBytes;
    world.restart_server();
    ann = &world.device("ann", "ann", {"admin"});
    ann->connect();
    world.settle();
    place = create_place();
    vault = create_place();
    for (size_t i = 0; i < kItems; ++i) items.push_back(write(place));
    in_vault = write(vault);
    world.settle();
  }

  // What Ann does. It is one group with all that she does before the next commit.
  void does(Phrase App::* phrase, const std::string& first, const std::string& second = {},
            const std::string& third = {}) {
    EXPECT_TRUE(oracle.give(*ann, phrase, first, second, third));
  }
  void commit() {
    world.hear();
    world.commit();
  }
  std::string create_place() {
    const std::string id = oracle.new_id();
    if (app.create_group.name != nullptr) ann->exec(app.create_group(id));
    does(&App::closed_place, id, oracle.new_word(id));
    return id;
  }
  std::string write(const std::string& where) {
    const std::string id = oracle.new_id();
    does(&App::write, id, where, oracle.new_word(id));
    return id;
  }

  // The replica keeps up with the server, or has as much before it as it has given credit for.
  enum class Reader { kFast, kSlow };

  // At most one chunk is made, or else taken. False when all is over.
  bool advance(Reader reader) {
    bool moved = world.hear();
    if (reader == Reader::kFast) {
      moved |= world.commit();
      return world.deliver() || moved;
    }
    while (world.commit()) moved = true;
    return world.deliver(1) || moved;
  }

  // Lets a new user in, and after `steps` steps of his scan `event` happens. False when it was over before.
  template <typename Event>
  bool play(int steps, Reader reader, Event event) {
    user = cat("user", ++turn);
    Device& device = world.device(user, user);
    device.connect();
    world.settle();
    does(&App::add, place, user);
    commit();
    for (int i = 0; i < steps; ++i)
      if (!advance(reader)) return false;
    event();
    commit();
    world.settle();
    oracle.expect_complete(device);
    oracle.expect_no_trace(device);
    does(&App::remove, place, user);
    does(&App::remove, vault, user);
    world.settle();
    oracle.expect_complete(device);
    oracle.expect_no_trace(device);
    device.disconnect();
    world.devices.erase(user);
    return true;
  }

  template <typename Event>
  void sweep(Event event) {
    // With a stride the seed says which steps.
    const auto first =
        static_cast<int>(rc::detail::configuration().testParams.seed % static_cast<uint64_t>(stride()));
    for (const Reader reader : {Reader::kFast, Reader::kSlow})
      for (int steps = first; !HasFailure(); steps += stride()) {
        ASSERT_LT(turn + 1, kItems / 2) << "there are no more items to move";
        SCOPED_TRACE(cat(steps, " steps"));
        if (play(steps, reader, event)) continue;
        EXPECT_GT(steps, 15) << "this is hardly a sweep";
        break;
      }
  }
  // Items that no turn before has touched: those that a scan brings first, and rather late.
  const std::string& early() const { return items[turn]; }
  const std::string& late() const { return items[kItems - 1 - turn]; }

  Oracle oracle;
  Device* ann;
  std::string place, vault, in_vault, user;
  std::vector<std::string> items;
  size_t turn = 0;
};

TEST_P(RevokeSweep, ARevokeEndsTheScan) {
  sweep([&] { does(&App::remove, place, user); });
  EXPECT_GT(oracle.cut_scans(), 30 / stride());
}

TEST_P(RevokeSweep, ARevokeTakenBackInItsGroupIsNone) {
  sweep([&] {
    does(&App::remove, place, user);
    does(&App::add, place, user);
  });
  EXPECT_EQ(oracle.cut_scans(), 0);
}

TEST_P(RevokeSweep, AGrantAfterTheRevokeScansAnew) {
  sweep([&] {
    does(&App::remove, place, user);
    commit();
    does(&App::add, place, user);
  });
  EXPECT_GT(oracle.cut_scans(), 30 / stride());
}

TEST_P(RevokeSweep, AGrantTakenBackInItsGroupIsNone) {
  sweep([&] {
    does(&App::add, vault, user);
    does(&App::remove, vault, user);
  });
}

TEST_P(RevokeSweep, OnePlaceForAnotherInOneGroup) {
  sweep([&] {
    does(&App::remove, place, user);
    does(&App::add, vault, user);
  });
}

TEST_P(RevokeSweep, ItemsThatMoveOutAreGone) {
  sweep([&] {
    does(&App::move, early(), vault);
    does(&App::move, late(), vault);
  });
}

TEST_P(RevokeSweep, ItemsThatMoveInAreThere) {
  sweep([&] {
    does(&App::move, std::exchange(in_vault, early()), place);
    does(&App::move, early(), vault);
  });
}

TEST_P(RevokeSweep, ItemsThatMoveOutAndInAgainAreThere) {
  sweep([&] {
    does(&App::move, early(), vault);
    commit();
    does(&App::move, early(), place);
    does(&App::move, late(), vault);
    does(&App::move, late(), place);
  });
}

TEST_P(RevokeSweep, DeletedItemsAreDeleted) {
  sweep([&] {
    does(&App::drop, early());
    does(&App::drop, late());
  });
}

IN_BOTH_APPS(RevokeSweep);

}  // namespace
}  // namespace wherry::testing

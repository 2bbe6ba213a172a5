// Who was away while others go on.
#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/sync/app.h"
#include "tests/sync/world.h"

namespace wherry::testing {
namespace {

TEST(CatchUp, EndsThoughEachGroupWritesMoreThanAChunkHolds) {
  World world(chat().bundle);
  world.limits.group_commands = 10;
  world.limits.chunk_bytes = 400;  // few rows
  world.restart_server();
  EXPECT_EQ(world.direct("ann", chat().open_place("c", "place")), "applied");
  Device& ann = world.device("ann", "ann");
  Device& bob = world.device("bob", "bob");
  ann.connect();
  bob.connect();
  world.settle();
  bob.disconnect();
  for (int i = 0; i < 100; ++i) ann.exec(chat().write(cat("m", i), "c", "missed"));
  world.settle();

  ann.disconnect();
  for (int i = 0; i < 400; ++i) ann.exec(chat().write(cat("n", i), "c", "busy"));
  ann.connect();
  bob.connect();
  const auto round = [&] {  // one group
    const bool heard = world.hear(), worked = world.commit();
    return world.deliver() || heard || worked;
  };
  while (!bob.replica().status().synced && round()) continue;
  EXPECT_TRUE(bob.replica().status().synced);
  EXPECT_GT(ann.replica().status().pending, 200) << "the others are done long before";
  world.settle();
  world.expect_agreement();
}

}  // namespace
}  // namespace wherry::testing

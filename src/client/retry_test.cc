#include "client/retry.h"

#include <gtest/gtest.h>

namespace wherry::client {
namespace {

constexpr uint64_t kRandom[] = {0, 1, 12345, ~uint64_t{0}, uint64_t{1} << 40};

TEST(Retry, GrowsToTheCeilingAndNeverFallsBelowTheFloor) {
  for (const uint64_t random : kRandom) {
    Retry retry;
    for (int i = 0; i < 100; ++i) {
      const Millis delay = retry.delay_after({}, {}, random);
      EXPECT_LE(delay, Retry::kMost);
      EXPECT_GE(delay, i > 10 ? Millis{15'000} : Retry::kLeast);
    }
    EXPECT_EQ(retry.attempts(), 100);
  }
}

TEST(Retry, HonoursWhatTheServerAsks) {
  for (const uint64_t random : kRandom) {
    Retry retry;
    EXPECT_GE(retry.delay_after(Millis{90'000}, {}, random), Millis{90'000});
    EXPECT_GE(retry.delay_after(Millis{3'000}, {}, random), Millis{3'000});
  }
}

TEST(Retry, ComesBackAtOnceWhenAskedToButOnlyOnce) {
  Retry retry;
  EXPECT_EQ(retry.delay_after(Millis{0}, {}, 7), Millis{0});
  EXPECT_GE(retry.delay_after(Millis{0}, {}, 7), Retry::kLeast);
}

TEST(Retry, BeginsAnewAfterASessionThatLasted) {
  Retry retry;
  for (int i = 0; i < 20; ++i) (void)retry.delay_after({}, {}, 0);
  EXPECT_GE(retry.delay_after({}, Millis{100}, 0), Millis{15'000});
  EXPECT_LE(retry.delay_after({}, Retry::kProven, 0), Millis{1'000});
}

}  // namespace
}  // namespace wherry::client

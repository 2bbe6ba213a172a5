#include "server/refused_tokens.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/text.h"

namespace wherry::server {
namespace {

constexpr int kMost = RefusedTokens::kMost;
constexpr Millis kWithin = RefusedTokens::kWithin;
constexpr Millis kTurnedAway = RefusedTokens::kTurnedAway;
constexpr Millis kMay{0};

struct RefusedTokensTest : testing::Test {
  Millis now{1'000'000};
  RefusedTokens tokens{[this] { return now; }};

  // How many of them turned the address away.
  int refuse(const std::string& address, int count) {
    int turned_away = 0;
    for (int i = 0; i < count; ++i) turned_away += tokens.refused(address) ? 1 : 0;
    return turned_away;
  }
};

TEST_F(RefusedTokensTest, TurnAnAddressAwayForAWhile) {
  EXPECT_EQ(refuse("a", kMost - 1), 0);
  EXPECT_EQ(tokens.retry_after("a"), kMay);
  EXPECT_TRUE(tokens.refused("a"));
  EXPECT_EQ(tokens.retry_after("a"), kTurnedAway);
  EXPECT_EQ(tokens.retry_after("b"), kMay);
  now = now + kTurnedAway - Millis{1};
  EXPECT_EQ(tokens.retry_after("a"), Millis{1});
  now = now + Millis{1};
  EXPECT_EQ(tokens.retry_after("a"), kMay);
  // From then on it counts anew.
  EXPECT_EQ(refuse("a", kMost - 1), 0);
  EXPECT_EQ(tokens.retry_after("a"), kMay);
  EXPECT_TRUE(tokens.refused("a"));
}

TEST_F(RefusedTokensTest, CountWithinTheTimeOnly) {
  refuse("a", kMost - 1);
  now = now + kWithin;
  EXPECT_EQ(refuse("a", kMost - 1), 0);
  EXPECT_EQ(tokens.retry_after("a"), kMay);
  now = now + kWithin - Millis{1};
  EXPECT_TRUE(tokens.refused("a"));
}

TEST_F(RefusedTokensTest, OfConnectionsThatWereThereBeforeProlongNothing) {
  EXPECT_EQ(refuse("a", kMost), 1);
  now = now + Millis{1000};
  EXPECT_EQ(refuse("a", 10 * kMost), 0);
  EXPECT_EQ(tokens.retry_after("a"), kTurnedAway - Millis{1000});
}

TEST_F(RefusedTokensTest, AreForgivenWhenOneIsAccepted) {
  refuse("a", kMost - 1);
  refuse("b", kMost - 1);
  tokens.accepted("a");
  EXPECT_EQ(refuse("a", kMost - 1), 0);
  EXPECT_EQ(tokens.retry_after("a"), kMay);
  EXPECT_TRUE(tokens.refused("b"));
  tokens.accepted("b");
  EXPECT_EQ(tokens.retry_after("b"), kMay);
}

TEST_F(RefusedTokensTest, OfOneDeviceThatTriesEverySecondDoNotTurnAnOfficeAway) {
  for (const Millis end = now + Millis{3'600'000}; now < end; now = now + Millis{1000})
    EXPECT_FALSE(tokens.refused("a"));
}

TEST_F(RefusedTokensTest, GrowNoFurtherThanTheTable) {
  refuse("a", kMost);
  for (size_t i = 0; i < 2 * RefusedTokens::kAddresses; ++i) tokens.refused(cat("x", i));
  EXPECT_EQ(tokens.addresses(), RefusedTokens::kAddresses);
  // Those in it are counted and stay away, others are not counted.
  EXPECT_EQ(tokens.retry_after("a"), kTurnedAway);
  EXPECT_EQ(refuse("x0", kMost - 1), 1);
  EXPECT_EQ(refuse("late", kMost), 0);
  EXPECT_EQ(tokens.addresses(), RefusedTokens::kAddresses);
  // As soon as one has ended there is room.
  now = now + kTurnedAway;
  EXPECT_EQ(refuse("late", kMost), 1);
  EXPECT_EQ(tokens.addresses(), RefusedTokens::kAddresses - 1);
  now = now + kWithin;
  for (size_t i = 0; i < RefusedTokens::kAddresses; ++i) tokens.refused(cat("y", i));
  EXPECT_EQ(tokens.retry_after("y0"), kMay);
  EXPECT_EQ(refuse("y0", kMost - 1), 1);
}

TEST(RefusedTokens, AreCountedFromManyThreads) {
  RefusedTokens tokens([] { return Millis{1}; });
  std::atomic<int> turned_away = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kMost; ++i) {
        turned_away += tokens.refused("a") ? 1 : 0;
        tokens.refused(cat(thread, ':', i));
        tokens.accepted(cat(thread, ':', i));
        (void)tokens.retry_after("a");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(turned_away, 1);
  EXPECT_EQ(tokens.addresses(), 1u);
}

}  // namespace
}  // namespace wherry::server

#include "cli/duration.h"

#include <gtest/gtest.h>

namespace wherry::cli {
namespace {

TEST(Duration, HasFourUnits) {
  EXPECT_EQ(parse_duration("90s"), Millis{90'000});
  EXPECT_EQ(parse_duration("15m"), Millis{900'000});
  EXPECT_EQ(parse_duration("1h"), Millis{3'600'000});
  EXPECT_EQ(parse_duration("7d"), Millis{604'800'000});
}

TEST(Duration, RefusesEverythingElse) {
  for (const char* text :
       {"", "1", "h", "1 h", "-1h", "0s", "1.5h", "1w", "1hh", "99999d", "99999999999999999999h"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

}  // namespace
}  // namespace wherry::cli

#include <gtest/gtest.h>

#include <set>

#include "protocol/codec.h"

namespace wherry::protocol {
namespace {

TEST(CloseCode, FollowsFromTheCode) {
  EXPECT_EQ(close_code("protocol"), 1002);
  EXPECT_EQ(close_code("limit"), 1009);
  EXPECT_EQ(close_code("unauthorized"), 4401);
  EXPECT_EQ(close_code("version"), 4426);
  EXPECT_EQ(close_code("identity"), 4409);
  EXPECT_EQ(close_code("unavailable"), 1013);
  EXPECT_EQ(close_code("internal"), 1011);
  EXPECT_EQ(close_code("going_away"), 1001);
  EXPECT_EQ(close_code("backoff"), 4429);
  EXPECT_EQ(close_code("never heard of"), 1011);
}

TEST(CloseCode, IsThereForEveryErrorOfOurs) {
  std::set<std::string_view> codes;
  for (const CloseReason& reason : close_reasons()) codes.insert(reason.code);
#define WHERRY_ERROR(name, text, advice, meaning) EXPECT_TRUE(codes.contains(text)) << text;
#include "wherry/errors.def"
#undef WHERRY_ERROR
}

TEST(CloseCode, StandsForAnError) {
  EXPECT_EQ(error_code("unauthorized"), ErrorCode::kUnauthorized);
  EXPECT_EQ(error_code("internal"), ErrorCode::kInternal);
  EXPECT_EQ(error_code("backoff"), ErrorCode::kUnavailable);
  EXPECT_EQ(error_code("going_away"), ErrorCode::kUnavailable);
  EXPECT_EQ(error_code("never heard of"), ErrorCode::kInternal);
}

TEST(CloseCode, IsOneThatAServerMaySend) {
  std::set<std::string_view> codes;
  for (const CloseReason& reason : close_reasons()) {
    EXPECT_TRUE(codes.insert(reason.code).second) << reason.code;
    EXPECT_TRUE((reason.close_code >= 1001 && reason.close_code <= 1013 && reason.close_code != 1005 &&
                 reason.close_code != 1006) ||
                (reason.close_code >= 4000 && reason.close_code <= 4999))
        << reason.code;
  }
}

}  // namespace
}  // namespace wherry::protocol

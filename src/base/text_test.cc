#include "base/text.h"

#include <gtest/gtest.h>

#include "base/value.h"

namespace wherry {
namespace {

TEST(Text, Base64GoesThereAndBackAndHasOneFormPerValue) {
  for (std::string bytes : {"", "f", "fo", "foo", "foob"}) {
    std::string back;
    EXPECT_TRUE(from_base64(to_base64(bytes), back));
    EXPECT_EQ(back, bytes);
  }
  std::string out;
  EXPECT_FALSE(from_base64("Zg=", out));
  EXPECT_FALSE(from_base64("Zh==", out));  // stray bits
  EXPECT_FALSE(from_base64("Z===", out));
  EXPECT_FALSE(from_base64("Zg==Zg==", out));
}

TEST(Value, WritesLiteralsThatKeepKindAndBits) {
  EXPECT_EQ(to_sql(Value(1.0)), "1.0");
  EXPECT_EQ(to_sql(Value(0.1)), "0.1");
  EXPECT_EQ(to_sql(Value("it's")), "'it''s'");
  EXPECT_EQ(to_sql(Value(Blob{"\xff"})), "x'ff'");
  EXPECT_EQ(to_json(Value("a\"\n\x01")), "\"a\\\"\\n\\u0001\"");
  EXPECT_FALSE(Value(1.0) == Value(int64_t{1}));
}

}  // namespace
}  // namespace wherry

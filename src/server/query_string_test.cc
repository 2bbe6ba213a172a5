#include "server/query_string.h"

#include <gtest/gtest.h>

namespace wherry::server {
namespace {

TEST(QueryString, DecodesNamesAndValues) {
  auto query = QueryString::parse("user=ann+b%C3%B6ll&limit=10&&empty=");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->text("user"), "ann böll");
  EXPECT_EQ(*query->number("limit", 5, 1, 100), 10);
  EXPECT_EQ(query->text("empty"), "");
  EXPECT_EQ(*query->number("missing", 5, 1, 100), 5);
  EXPECT_TRUE(query->all_taken());
}

TEST(QueryString, SaysWhatIsWrong) {
  for (const char* bad : {"a=%", "a=%4", "a=%zz", "a=%ff", "a=%0a", "%C3=1"})
    EXPECT_FALSE(QueryString::parse(bad)) << bad;
  EXPECT_NE(QueryString::parse("a=1&a=2").error().message.find("`a`"), std::string::npos);
  auto query = QueryString::parse("limit=0&more=1e3&far=99999999999999999999&left=1");
  ASSERT_TRUE(query);
  for (const char* name : {"limit", "more", "far"}) {
    const auto number = query->number(name, 5, 1, 100);
    ASSERT_FALSE(number) << name;
    EXPECT_EQ(number.error().code, ErrorCode::kInvalid);
  }
  EXPECT_NE(query->all_taken().error().message.find("`left`"), std::string::npos);
}

}  // namespace
}  // namespace wherry::server

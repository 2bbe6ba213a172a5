#include "client/change.h"

#include <gtest/gtest.h>

namespace wherry::client {
namespace {

std::vector<Row> rows(std::initializer_list<const char*> texts) {
  std::vector<Row> out;
  for (const char* text : texts) out.push_back({Value(text)});
  return out;
}

TEST(CombinedChange, HasTheLastResult) {
  const QueryChange both =
      combine({.columns = {"a"}, .rows = rows({"x"}), .removed = {}, .added = rows({"x"})},
              {.columns = {"a"}, .rows = rows({"x", "y"}), .removed = {}, .added = rows({"y"})});
  EXPECT_EQ(both.rows, rows({"x", "y"}));
  EXPECT_EQ(both.added, rows({"x", "y"}));
  EXPECT_TRUE(both.removed.empty());
}

TEST(CombinedChange, ForgetsWhatCameAndWent) {
  const QueryChange both =
      combine({.columns = {}, .rows = {}, .removed = rows({"old", "twice"}), .added = rows({"new", "new"})},
              {.columns = {}, .rows = {}, .removed = rows({"new"}), .added = rows({"old"})});
  EXPECT_EQ(both.added, rows({"new"}));
  EXPECT_EQ(both.removed, rows({"twice"}));
}

TEST(CombinedChange, TellsValuesOfDifferentTypesApart) {
  const QueryChange both =
      combine({.columns = {}, .rows = {}, .removed = {}, .added = {{Value("1")}}},
              {.columns = {}, .rows = {}, .removed = {{Value(int64_t{1})}}, .added = {}});
  EXPECT_EQ(both.added.size(), 1U);
  EXPECT_EQ(both.removed.size(), 1U);
}

}  // namespace
}  // namespace wherry::client

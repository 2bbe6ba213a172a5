#include "engine/predicates.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace wherry {
namespace {

// Conditions that are told without SQL mean what they mean in SQL.
TEST(Predicates, MeanWhatTheyMeanInSql) {
  const auto db = *sqlite::Database::open(":memory:", sqlite::Access::kReadWriteCreate);
  const std::vector<Value> values = {Value(),    Value(int64_t{0}), Value(int64_t{1}), Value(int64_t{-1}),
                                     Value(1.0), Value(0.5),        Value("1"),        Value("x"),
                                     Value(""),  Value(Blob{"1"})};
  for (const std::string condition :
       {"c IS NULL", "c is not null", "\"c\" IS NOT NULL", "c = 1", "c=0", "c = 1.0", "c = '1'", "c = -1",
        "c", "NOT c", "c IS NOT 1", "c = 1 OR d = 1", "c = d", "c = 99999999999999999999", "d IS NULL"}) {
    Bundle bundle;
    Table table;
    table.name = "t";
    table.columns = {{"d"}, {"c"}};
    table.deleted = condition;
    bundle.tables.push_back(table);
    Grant grant;
    grant.where = condition;
    bundle.grants.push_back(grant);
    Predicates predicates(*db, bundle);
    for (const Value& c : values) {
      const Row row = {Value(int64_t{1}), c};
      const auto expected =
          db->value(cat("SELECT (", condition, ") IS TRUE FROM (SELECT ?1 AS d, ?2 AS c)"), row);
      const bool holds = **expected == Value(int64_t{1});
      EXPECT_EQ(predicates.is_deleted(0, row), holds) << condition << " of " << to_sql(c);
      EXPECT_EQ(predicates.grants(0, row), holds) << condition << " of " << to_sql(c);
    }
    EXPECT_EQ(predicates.is_locked(0, {Value(), Value()}), false) << "none is stated";
  }
}

TEST(Predicates, AGrantWithoutConditionAlwaysHolds) {
  const auto db = *sqlite::Database::open(":memory:", sqlite::Access::kReadWriteCreate);
  Bundle bundle;
  bundle.tables.emplace_back();
  bundle.grants.emplace_back();
  EXPECT_EQ(Predicates(*db, bundle).grants(0, {Value()}), true);
}

}  // namespace
}  // namespace wherry

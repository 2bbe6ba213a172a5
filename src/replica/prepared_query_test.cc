#include "replica/prepared_query.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "replica/fake_server_for_test.h"

namespace wherry {
namespace {

using testing::must;

struct Prepared : ::testing::Test {
  std::unique_ptr<sqlite::Database> db =
      must(sqlite::Database::open(":memory:", sqlite::Access::kReadWriteCreate));
  PreparedQuery prepare(const std::string& sql) { return must(PreparedQuery::prepare(*db, nullptr, sql)); }
};

TEST_F(Prepared, OnlyTheLastOnesAreKept) {
  PreparedQueries queries(2);
  queries.expect_schema("a");
  for (const char* sql : {"SELECT 1", "SELECT 2", "SELECT 3"}) queries.put(prepare(sql));
  EXPECT_FALSE(queries.take("SELECT 1"));
  EXPECT_TRUE(queries.take("SELECT 2"));
  EXPECT_EQ(queries.count(), 1u);
}

TEST_F(Prepared, OneThatIsInUseIsNotTakenTwice) {
  PreparedQueries queries(2);
  queries.expect_schema("a");
  queries.put(prepare("SELECT 1"));
  std::optional<PreparedQuery> used = queries.take("SELECT 1");
  ASSERT_TRUE(used);
  EXPECT_FALSE(queries.take("SELECT 1"));
  queries.put(*std::move(used));
  EXPECT_TRUE(queries.take("SELECT 1"));
}

TEST_F(Prepared, NoneOutlivesItsSchema) {
  PreparedQueries queries(2);
  queries.expect_schema("a");
  queries.put(prepare("SELECT 1"));
  queries.expect_schema("a");
  EXPECT_EQ(queries.count(), 1u);
  queries.expect_schema("b");
  EXPECT_EQ(queries.count(), 0u);
}

TEST_F(Prepared, AValueIsGoneWhenItRunsAgain) {
  PreparedQuery query = prepare("SELECT ?1, ?2");
  EXPECT_EQ(must(query.run({int64_t{1}, "x"})).rows, (std::vector<Row>{{int64_t{1}, "x"}}));
  EXPECT_EQ(must(query.run({int64_t{2}})).rows, (std::vector<Row>{{int64_t{2}, Value()}}));
  EXPECT_FALSE(query.run({int64_t{1}, int64_t{2}, int64_t{3}}));
}

TEST_F(Prepared, ReadsWhatIsThereWhenItRuns) {
  must(db->execute("CREATE TABLE t(a); INSERT INTO t VALUES(1)"));
  PreparedQuery query = prepare("SELECT * FROM t");
  EXPECT_EQ(must(query.run({})).rows.size(), 1u);
  must(db->execute("INSERT INTO t VALUES(2)"));
  EXPECT_EQ(must(query.run({})).rows.size(), 2u);
  must(db->execute("DROP TABLE t"));  // a query that has run stands in nobody's way
  EXPECT_FALSE(query.run({}));
}

}  // namespace
}  // namespace wherry

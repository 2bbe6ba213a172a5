#include "sqlite/database.h"

#include <gtest/gtest.h>

namespace wherry::sqlite {
namespace {

TEST(Database, RollsBackATransactionThatGoesOutOfScope) {
  auto db = *Database::open(":memory:", Access::kReadWriteCreate);
  ASSERT_TRUE(db->execute("CREATE TABLE t(a)"));
  {
    auto transaction = Transaction::begin(*db);
    ASSERT_TRUE(db->run("INSERT INTO t VALUES(?)", {Value("x")}));
  }
  EXPECT_EQ(**db->value("SELECT count(*) FROM t"), Value(int64_t{0}));
  {
    auto transaction = Transaction::begin(*db);
    ASSERT_TRUE(db->run("INSERT INTO t VALUES(?)", {Value("")}));
    ASSERT_TRUE(transaction->commit());
  }
  EXPECT_EQ(**db->value("SELECT a FROM t"), Value(""));
}

TEST(Database, RefusesASecondStatementAndNamesErrors) {
  auto db = *Database::open(":memory:", Access::kReadWriteCreate);
  EXPECT_FALSE(db->prepare("SELECT 1; SELECT 2"));
  EXPECT_TRUE(db->prepare("SELECT 1;\n"));
  auto bad = db->prepare("SELEC");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kSql);
  EXPECT_EQ(Database::open("/nonexistent/x.db", Access::kReadWrite).error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace wherry::sqlite

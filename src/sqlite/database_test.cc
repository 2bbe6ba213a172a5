#include "sqlite/database.h"

#include <cstdio>

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

TEST(Database, AFixedStatementThatWasForgottenIsPreparedAgain) {
  const auto db = *Database::open(":memory:", Access::kReadWriteCreate);
  ASSERT_TRUE(db->execute("CREATE TABLE t(x)"));
  FixedStatement insert(*db, "INSERT INTO t VALUES(?)");
  ASSERT_TRUE(insert.run({Value(int64_t{1})}));
  db->forget_statements();
  EXPECT_EQ(sqlite3_next_stmt(db->handle(), nullptr), nullptr);
  ASSERT_TRUE(insert.run({Value(int64_t{2})}));
  EXPECT_EQ(*db->value("SELECT sum(x) FROM t"), Value(int64_t{3}));
}

TEST(Database, ASchemaThatWasForgottenIsReadAgain) {
  const auto db = *Database::open(":memory:", Access::kReadWriteCreate);
  ASSERT_TRUE(db->execute("CREATE TABLE t(x); CREATE INDEX i ON t(x)"));
  Statement insert = *db->prepare("INSERT INTO t VALUES(?)");
  const auto used = [&] {
    int bytes = 0, most = 0;
    sqlite3_db_status(db->handle(), SQLITE_DBSTATUS_SCHEMA_USED, &bytes, &most, 0);
    return bytes;
  };
  const int before = used();
  ASSERT_TRUE(db->forget_schema());
  EXPECT_LT(used(), before / 2);
  ASSERT_TRUE(insert.bind(1, int64_t{3}).run());
  EXPECT_EQ(*db->value("SELECT sum(x) FROM t"), Value(int64_t{3}));
}

// On SQLite's own VFS: a WAL of any length stays what it is.
TEST(Database, HardensALongWalAndLosesNothing) {
  const std::string path = ::testing::TempDir() + "wherry-harden.db";
  for (const char* suffix : {"", "-wal", "-shm"}) (void)std::remove((path + suffix).c_str());
  auto writer = *Database::open(path, Access::kReadWriteCreate);
  ASSERT_TRUE(writer->execute("PRAGMA journal_mode = WAL; CREATE TABLE t(a)"));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(writer->run("INSERT INTO t VALUES(randomblob(20000))"));
  auto db = *Database::open(path, Access::kReadWrite);
  ASSERT_TRUE(db->harden_wal());
  ASSERT_TRUE(db->run("INSERT INTO t VALUES(1)"));
  EXPECT_EQ(**db->value("SELECT count(*) FROM t"), Value(int64_t{51}));
  EXPECT_EQ(**db->value("PRAGMA integrity_check"), Value("ok"));
}

TEST(Database, StatementsAreNotCompiledAnewForOtherValues) {
  const auto db = *Database::open(":memory:", Access::kReadWriteCreate);
  ASSERT_TRUE(db->execute("CREATE TABLE t(x)"));
  Statement statement = *db->prepare("SELECT x FROM t LIMIT ?");
  for (int64_t limit = 1; limit < 4; ++limit) {
    statement.bind(1, limit);
    EXPECT_TRUE(statement.run());
  }
  EXPECT_EQ(sqlite3_stmt_status(statement.handle(), SQLITE_STMTSTATUS_REPREPARE, 0), 0);
}

}  // namespace
}  // namespace wherry::sqlite

#include "bundle/authorizer.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace wherry {
namespace {

class AuthorizerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(db->execute(R"(
      CREATE TABLE messages(id TEXT PRIMARY KEY NOT NULL, body TEXT, votes INTEGER);
      CREATE TABLE wherry_meta(k TEXT);
      CREATE VIRTUAL TABLE search USING fts5(body, content='messages');
      CREATE TRIGGER into_search AFTER INSERT ON messages BEGIN
        INSERT INTO search(rowid, body) VALUES(new.rowid, new.body);
      END;)"));
  }
  StatementAccess look(const char* sql) {
    StatementAccess access;
    authorizer.begin(&access);
    const auto statement = db->prepare(sql);
    authorizer.end();
    prepared = statement.has_value();
    return access;
  }

  bool prepared = false;
  std::unique_ptr<sqlite::Database> db =
      *sqlite::Database::open(":memory:", sqlite::Access::kReadWriteCreate);
  Authorizer authorizer{*db};
};

TEST_F(AuthorizerTest, RefusesWhatIsNotDeterministicOrNotAHandlersBusiness) {
  for (const char* sql : {"SELECT random()",
                          "SELECT hex(randomblob(4))",
                          "SELECT datetime('now')",
                          "SELECT date('now')",
                          "SELECT CURRENT_TIMESTAMP",
                          "SELECT CURRENT_DATE",
                          "SELECT strftime('%s', 'now')",
                          "SELECT unixepoch()",
                          "SELECT julianday('now')",
                          "SELECT time('now')",
                          "SELECT timediff('now', 'now')",
                          "SELECT last_insert_rowid()",
                          "SELECT changes()",
                          "SELECT total_changes()",
                          "SELECT sqlite_version()",
                          "ATTACH 'x' AS y",
                          "DETACH y",
                          "PRAGMA user_version",
                          "PRAGMA foreign_keys = OFF",
                          "SELECT * FROM pragma_table_info('messages')",
                          "CREATE TABLE t(a)",
                          "CREATE TEMP TABLE t(a)",
                          "DROP TABLE messages",
                          "ALTER TABLE messages ADD COLUMN x",
                          "CREATE INDEX i ON messages(body)",
                          "CREATE VIEW v AS SELECT 1",
                          "CREATE VIRTUAL TABLE v USING fts5(a)",
                          "CREATE TRIGGER t AFTER DELETE ON messages BEGIN SELECT 1; END",
                          "DROP TRIGGER into_search",
                          "BEGIN",
                          "COMMIT",
                          "ROLLBACK",
                          "SAVEPOINT s",
                          "RELEASE s",
                          "ANALYZE",
                          "REINDEX",
                          "SELECT k FROM wherry_meta",
                          "INSERT INTO wherry_meta VALUES('x')",
                          "DELETE FROM WHERRY_META",
                          "SELECT * FROM sqlite_schema",
                          "SELECT count(*) FROM sqlite_master",
                          "INSERT INTO messages VALUES('a', datetime('now'), 0)"}) {
    const StatementAccess access = look(sql);
    EXPECT_FALSE(access.refused.empty()) << sql;
    EXPECT_FALSE(prepared) << sql;
  }
}

TEST_F(AuthorizerTest, LetsEverythingGoOutsideOfHandlers) {
  EXPECT_TRUE(db->value("SELECT random()"));
  EXPECT_TRUE(db->execute("CREATE TABLE t(a)"));
}

TEST_F(AuthorizerTest, NamesTheReason) {
  EXPECT_NE(look("SELECT random()").refused.find("random()"), std::string::npos);
  EXPECT_NE(look("SELECT k FROM wherry_meta").refused.find("wherry_meta"), std::string::npos);
  EXPECT_NE(look("PRAGMA user_version").refused.find("PRAGMA"), std::string::npos);
}

TEST_F(AuthorizerTest, RecordsReadsAndWrites) {
  const StatementAccess access = look(
      "INSERT INTO messages SELECT 'x', body, 0 FROM messages WHERE true ON CONFLICT(id) DO UPDATE SET votes "
      "= 1");
  EXPECT_TRUE(prepared);
  const auto write =
      std::ranges::find(access.writes, std::string("messages"), &StatementAccess::TableWrite::table);
  ASSERT_NE(write, access.writes.end());
  EXPECT_TRUE(write->inserts);
  EXPECT_FALSE(write->deletes);
  EXPECT_EQ(write->updates, (std::vector<std::string>{"votes"}));
  EXPECT_TRUE(write->trigger.empty());
  EXPECT_TRUE(std::ranges::any_of(access.reads,
                                  [](const auto& r) { return r.table == "messages" && r.column == "body"; }));
}

TEST_F(AuthorizerTest, TriggersMayFillAFullTextIndex) {
  const StatementAccess access = look("INSERT INTO messages VALUES('a', 'hello', 0)");
  EXPECT_EQ(access.refused, "");
  ASSERT_TRUE(prepared);
  const auto write =
      std::ranges::find(access.writes, std::string("search"), &StatementAccess::TableWrite::table);
  ASSERT_NE(write, access.writes.end());
  EXPECT_EQ(write->trigger, "into_search");
  ASSERT_TRUE(db->run("INSERT INTO messages VALUES('a', 'hello', 0)"));
  EXPECT_EQ(**db->value("SELECT count(*) FROM search WHERE search MATCH 'hello'"), Value(int64_t{1}));
}

}  // namespace
}  // namespace wherry

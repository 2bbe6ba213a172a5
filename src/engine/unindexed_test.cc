// Indexes whose entries follow their rows.
#include "engine/unindexed.h"

#include <random>

#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/engine.h"
#include "engine/notes_for_test.h"

namespace wherry {
namespace {

using namespace notes;

Result<> add_unindexed(DeferredTriggers& deferred, size_t table, const std::vector<Row>& rows) {
  std::vector<const Row*> added;
  for (const Row& row : rows) added.push_back(&row);
  return deferred.add_unindexed(table, added);
}

// Rows whose entries follow, whatever becomes of them before that.
class LateIndexes : public testing::Test {
 protected:
  LateIndexes() : stage(compiled(cat(kTables, kIndex))) {
    EXPECT_TRUE(stage.db->execute(Unindexed::kTables));
    deferred = stage.install();
  }
  size_t notes() const {
    return static_cast<size_t>(stage.bundle.table("notes") - stage.bundle.tables.data());
  }
  static Row note(const std::string& id, const std::string& body) {
    return {Value(id), Value(body), Value(int64_t{0})};
  }
  Result<> add(const std::vector<Row>& rows) { return add_unindexed(*deferred, notes(), rows); }
  // The runs that wait, "1-3 5-5".
  std::string runs() {
    const auto text =
        *stage.db->value("SELECT group_concat(first || '-' || last, ' ') FROM wherry_unindexed");
    return text->is_null() ? "" : *text->text();
  }

  // What is kept of entries that no longer are what their rows say, "1:red 3:blue".
  std::string outdated() {
    const auto text = *stage.db->value(
        "SELECT group_concat(row || ':' || value, ' ') FROM (SELECT * FROM wherry_outdated ORDER BY row)");
    return text->is_null() ? "" : *text->text();
  }

  Stage stage;
  std::unique_ptr<DeferredTriggers> deferred;
};

TEST_F(LateIndexes, FollowInSlices) {
  ASSERT_TRUE(deferred->may_follow(notes()));
  ASSERT_TRUE(add({note("a", "red"), note("b", "red"), note("c", "red")}));
  ASSERT_TRUE(stage.db->execute("INSERT INTO notes(id, body) VALUES('d', 'blue')"));
  ASSERT_TRUE(deferred->run());
  ASSERT_TRUE(add({note("e", "red")}));
  EXPECT_EQ(runs(), "1-5");
  EXPECT_EQ(stage.found("red OR blue"), 0);
  EXPECT_EQ(deferred->unindexed(1), 1);
  ASSERT_TRUE(deferred->index_more(2));
  EXPECT_EQ(runs(), "3-5");
  EXPECT_EQ(stage.found("red"), 2);
  ASSERT_TRUE(deferred->complete());
  EXPECT_EQ(stage.found("red"), 4);
  EXPECT_EQ(stage.found("blue"), 1);
  EXPECT_EQ(deferred->unindexed(1), 0);
  stage.expect_sound();
}

TEST_F(LateIndexes, ManyRunsAreWrittenInOneSlice) {
  const auto add_at = [&](const std::string& rowids) {
    return stage.db->execute(cat(
        "INSERT INTO notes(rowid, id, body) SELECT value, value, 'green' FROM json_each('", rowids, "')"));
  };
  ASSERT_TRUE(add_at("[1, 2, 4, 6, 8, 9]"));
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(runs(), "1-2 4-4 6-6 8-9");
  ASSERT_TRUE(deferred->index_more(5));
  EXPECT_EQ(runs(), "9-9");
  EXPECT_EQ(stage.found("green"), 5);
  ASSERT_TRUE(add_at("[-3, 10, 7]"));
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(runs(), "-3--3 7-7 9-10");
  ASSERT_TRUE(add_at("[11, -4, 5]"));
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(runs(), "-4--3 5-5 7-7 9-11");
  ASSERT_TRUE(deferred->complete());
  EXPECT_EQ(stage.found("green"), 12);
  stage.expect_sound();
}

TEST_F(LateIndexes, ARowThatChangesGetsItsEntryAndOneThatGoesGetsNone) {
  ASSERT_TRUE(add({note("a", "red"), note("b", "red"), note("c", "red")}));
  ASSERT_TRUE(
      stage.db->execute("UPDATE notes SET body = 'green' WHERE id = 'b'; DELETE FROM notes WHERE id = 'c'"));
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(runs(), "1-2");
  // The next row gets the rowid of the one that went.
  ASSERT_TRUE(add({note("d", "red")}));
  ASSERT_TRUE(deferred->complete());
  EXPECT_EQ(stage.found("red"), 2);
  EXPECT_EQ(stage.found("green"), 1);
  stage.expect_sound();
}

TEST_F(LateIndexes, AnEntryThatIsThereIsMendedLater) {
  ASSERT_TRUE(add({note("a", "red"), note("b", "red"), note("c", "red")}));
  ASSERT_TRUE(deferred->complete());
  ASSERT_TRUE(
      stage.db->execute("UPDATE notes SET body = 'green' WHERE id = 'b'; DELETE FROM notes WHERE id = 'c'"));
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(runs(), "");
  EXPECT_EQ(outdated(), "2:red 3:red");
  EXPECT_EQ(deferred->unindexed(10), 2);
  EXPECT_EQ(stage.found("red"), 3);
  ASSERT_TRUE(deferred->complete());
  EXPECT_EQ(outdated(), "");
  EXPECT_EQ(deferred->unindexed(10), 0);
  EXPECT_EQ(stage.found("red"), 1);
  EXPECT_EQ(stage.found("green"), 1);
  stage.expect_sound();
}

TEST_F(LateIndexes, OnlyWhatIsInTheIndexIsKept) {
  ASSERT_TRUE(add({note("a", "red"), note("b", "red"), note("c", "red")}));
  ASSERT_TRUE(deferred->complete());
  for (const char* change :
       {"UPDATE notes SET body = 'green' WHERE id = 'a'", "UPDATE notes SET body = 'blue' WHERE id = 'a'",
        "DELETE FROM notes WHERE id = 'a'", "UPDATE notes SET hidden = 1",
        "UPDATE notes SET body = 'green' WHERE id = 'b'; UPDATE notes SET body = 'red' WHERE id = 'b'"}) {
    ASSERT_TRUE(stage.db->execute(change));
    ASSERT_TRUE(deferred->run());
  }
  EXPECT_EQ(outdated(), "1:red");
  ASSERT_TRUE(deferred->complete());
  EXPECT_EQ(stage.found("red"), 2);
  EXPECT_EQ(stage.found("green OR blue"), 0);
  stage.expect_sound();
}

TEST_F(LateIndexes, ARowThatChangesBackHasItsEntry) {
  ASSERT_TRUE(add({note("a", "red")}));
  ASSERT_TRUE(deferred->complete());
  for (const char* body : {"green", "red"}) {
    ASSERT_TRUE(stage.db->run("UPDATE notes SET body = ?", {Value(body)}));
    ASSERT_TRUE(deferred->run());
    EXPECT_EQ(outdated(), "1:red");
  }
  const auto written = [&] { return *stage.db->value("SELECT total(length(block)) FROM notes_fts_data"); };
  const auto before = written();
  ASSERT_TRUE(deferred->complete());
  EXPECT_EQ(written(), before);
  EXPECT_EQ(outdated(), "");
  EXPECT_EQ(stage.found("red"), 1);
  stage.expect_sound();
}

TEST_F(LateIndexes, ANewRowMayTakeTheRowidOfOneWhoseEntryIsStillThere) {
  for (const bool goes_too : {false, true}) {
    ASSERT_TRUE(add({note("a", "red"), note("b", "red")}));
    ASSERT_TRUE(deferred->complete());
    ASSERT_TRUE(stage.db->execute("DELETE FROM notes WHERE id = 'b'"));
    ASSERT_TRUE(deferred->run());
    ASSERT_TRUE(add({note("c", "green"), note("d", "green")}));
    ASSERT_TRUE(stage.db->execute("UPDATE notes SET body = 'blue' WHERE id = 'c'"));
    ASSERT_TRUE(deferred->run());
    EXPECT_EQ(runs(), "2-3");
    EXPECT_EQ(outdated(), "2:red");
    if (goes_too) {
      ASSERT_TRUE(stage.db->execute("DELETE FROM notes WHERE id = 'c'"));
      ASSERT_TRUE(deferred->run());
    }
    ASSERT_TRUE(deferred->complete());
    EXPECT_EQ(stage.found("red"), 1);
    EXPECT_EQ(stage.found("blue"), goes_too ? 0 : 1);
    EXPECT_EQ(stage.found("green"), 1);
    stage.expect_sound();
    ASSERT_TRUE(stage.db->execute("DELETE FROM notes"));
  }
}

TEST_F(LateIndexes, OutdatedEntriesGoFirstInSlices) {
  ASSERT_TRUE(add({note("a", "red"), note("b", "red"), note("c", "red")}));
  ASSERT_TRUE(deferred->complete());
  ASSERT_TRUE(stage.db->execute("UPDATE notes SET body = 'green'"));
  ASSERT_TRUE(add({note("d", "green"), note("e", "green"), note("f", "green")}));
  EXPECT_EQ(deferred->unindexed(10), 6);
  EXPECT_EQ(deferred->unindexed(5), 5);
  EXPECT_EQ(deferred->unindexed(2), 2);
  ASSERT_TRUE(deferred->index_more(2));
  EXPECT_EQ(outdated(), "3:red");
  EXPECT_EQ(runs(), "4-6");
  EXPECT_EQ(stage.found("green"), 2);
  ASSERT_TRUE(deferred->index_more(1));
  EXPECT_EQ(outdated(), "");
  EXPECT_EQ(runs(), "4-6");
  ASSERT_TRUE(stage.db->execute("UPDATE notes SET body = 'blue' WHERE id = 'a'"));
  ASSERT_TRUE(deferred->index_more(3));
  EXPECT_EQ(outdated(), "");
  EXPECT_EQ(runs(), "6-6");
  EXPECT_EQ(stage.found("green"), 4);
  ASSERT_TRUE(deferred->complete());
  EXPECT_EQ(stage.found("green"), 5);
  EXPECT_EQ(stage.found("blue"), 1);
  stage.expect_sound();
}

TEST_F(LateIndexes, ANewRowMayTakeTheRowidOfOneThatGoesInItsTransaction) {
  ASSERT_TRUE(stage.db->execute("INSERT INTO notes(id, body) VALUES('a', 'red')"));
  ASSERT_TRUE(deferred->complete());
  ASSERT_TRUE(stage.db->execute("BEGIN; DELETE FROM notes"));
  ASSERT_TRUE(add({note("b", "green")}));
  ASSERT_TRUE(deferred->run());
  ASSERT_TRUE(stage.db->execute("COMMIT"));
  ASSERT_TRUE(deferred->complete());
  EXPECT_EQ(stage.found("red"), 0);
  EXPECT_EQ(stage.found("green"), 1);
  stage.expect_sound();
}

TEST_F(LateIndexes, WhatIsRolledBackIsAsItWas) {
  ASSERT_TRUE(add({note("a", "red")}));
  ASSERT_TRUE(stage.db->execute("BEGIN"));
  EXPECT_FALSE(add({note("b", "red"), note("a", "again")}));
  ASSERT_TRUE(stage.db->execute("ROLLBACK; BEGIN"));
  ASSERT_TRUE(deferred->complete());
  ASSERT_TRUE(stage.db->execute("ROLLBACK"));
  EXPECT_EQ(runs(), "1-1");
  EXPECT_EQ(deferred->unindexed(1), 1);
  ASSERT_TRUE(stage.db->execute("INSERT INTO notes(id, body) VALUES('c', 'blue')"));
  ASSERT_TRUE(deferred->complete());
  EXPECT_EQ(stage.found("red OR blue"), 2);
  stage.expect_sound();
  ASSERT_TRUE(stage.db->execute("BEGIN; UPDATE notes SET body = 'green' WHERE id = 'a'"));
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(outdated(), "1:red");
  ASSERT_TRUE(stage.db->execute("ROLLBACK; UPDATE notes SET body = 'green' WHERE id = 'c'"));
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(outdated(), "2:blue");
  ASSERT_TRUE(stage.db->execute("BEGIN"));
  ASSERT_TRUE(deferred->complete());
  ASSERT_TRUE(stage.db->execute("ROLLBACK"));
  EXPECT_EQ(outdated(), "2:blue");
  ASSERT_TRUE(deferred->complete());
  EXPECT_EQ(stage.found("red OR green"), 2);
  stage.expect_sound();
}

TEST_F(LateIndexes, AHandlerThatReadsTheIndexFindsAllOfIt) {
  const auto engine = *Engine::create(*stage.db, stage.bundle, Side::kReplica);
  ASSERT_TRUE(stage.db->execute("BEGIN"));
  ASSERT_TRUE(add_unindexed(engine->deferred(), notes(), {note("a", "red")}));
  Call call;
  call.command = stage.bundle.command("note.add_once");
  call.command_id = "01890000-0000-7000-8000-000000000001";
  call.params = *bind_params(*call.command, R"({"id":"b","body":"red"})");
  const auto execution = engine->run(call, nullptr);
  ASSERT_TRUE(execution);
  ASSERT_TRUE(execution->refusal);
  EXPECT_EQ(execution->refusal->code, "known");
}

// Each of these asks for more than the row as it is, or for more than one entry.
TEST(LateIndex, IsNotWhereAnEntryIsMoreThanItsRow) {
  const auto may_follow = [](const std::string& more, const std::string& triggers = kIndex,
                             const std::string& app = kApp) {
    Stage stage(compiled(cat(kTables, triggers, more), app));
    EXPECT_TRUE(stage.db->execute(Unindexed::kTables));
    const auto deferred = stage.install();
    return deferred->may_follow(
        static_cast<size_t>(stage.bundle.table("notes") - stage.bundle.tables.data()));
  };
  EXPECT_TRUE(may_follow(""));
  EXPECT_FALSE(may_follow("CREATE UNIQUE INDEX bodies ON notes(body);"));
  EXPECT_FALSE(
      may_follow("CREATE TABLE counts(id INTEGER NOT NULL PRIMARY KEY, n INTEGER NOT NULL);"
                 "CREATE TRIGGER other AFTER INSERT ON notes BEGIN UPDATE counts SET n = n + 1; END;",
                 kIndex, cat(kApp, "[tables.counts]\nderived = true\n")));
  EXPECT_FALSE(
      may_follow("CREATE TRIGGER other AFTER INSERT ON tags BEGIN "
                 "INSERT INTO notes_fts(rowid, body) VALUES(new.rowid, new.name); END;"));
  EXPECT_FALSE(
      may_follow("CREATE TRIGGER other AFTER INSERT ON notes BEGIN "
                 "INSERT INTO notes_fts(rowid, body) VALUES(-new.rowid, new.id); END;"));
  // `with` in place of the text between two places of the triggers.
  const std::string index = kIndex;
  const auto changed = [&](const std::string& from, const std::string& to, const std::string& with) {
    const size_t begin = index.find(from), end = to.empty() ? index.size() : index.find(to, begin);
    return index.substr(0, begin) + with + index.substr(end);
  };
  const std::string added = "CREATE TRIGGER notes_added", removed = "CREATE TRIGGER notes_removed",
                    edited = "CREATE TRIGGER notes_edited";
  EXPECT_FALSE(may_follow("", changed(edited, "", "")));
  EXPECT_FALSE(may_follow("", changed(removed, edited, "")));
  EXPECT_FALSE(may_follow("", changed(added, removed, "")));
  EXPECT_FALSE(may_follow("", changed("new.body);", removed, "upper(new.body));END;")));
  EXPECT_FALSE(may_follow("", changed("old.body);", edited, "lower(old.body));END;")));
  EXPECT_FALSE(may_follow("", changed("body) VALUES('delete'", ", old.rowid", "Body) VALUES('delete'")));
  EXPECT_FALSE(may_follow("", changed("ON notes BEGIN", "INSERT", "ON notes WHEN new.hidden = 0 BEGIN ")));
  EXPECT_FALSE(
      may_follow("CREATE TRIGGER other AFTER UPDATE OF hidden ON notes BEGIN "
                 "INSERT INTO notes_fts(notes_fts, rowid, body) VALUES('delete', old.rowid, old.body);"
                 "INSERT INTO notes_fts(rowid, body) VALUES(new.rowid, new.body); END;"));
}

// A second table with an index, which is of two columns with whatever there can be in them.
constexpr const char* kDrafts = R"(
CREATE TABLE drafts(id TEXT NOT NULL PRIMARY KEY, title TEXT, extra BLOB);
CREATE VIRTUAL TABLE drafts_fts USING fts5(title, extra, content = 'drafts', content_rowid = 'rowid');
CREATE TRIGGER drafts_added AFTER INSERT ON drafts BEGIN
  INSERT INTO drafts_fts(rowid, title, extra) VALUES(new.rowid, new.title, new.extra);
END;
CREATE TRIGGER drafts_removed AFTER DELETE ON drafts BEGIN
  INSERT INTO drafts_fts(drafts_fts, rowid, title, extra) VALUES('delete', old.rowid, old.title, old.extra);
END;
CREATE TRIGGER drafts_edited AFTER UPDATE ON drafts BEGIN
  INSERT INTO drafts_fts(drafts_fts, rowid, title, extra) VALUES('delete', old.rowid, old.title, old.extra);
  INSERT INTO drafts_fts(rowid, title, extra) VALUES(new.rowid, new.title, new.extra);
END;
)";

class LateEntries : public testing::TestWithParam<int64_t> {};
INSTANTIATE_TEST_SUITE_P(Slices, LateEntries, testing::Values(1, 100));

TEST_P(LateEntries, OfSeveralColumnsAndTablesAreRenewed) {
  Stage stage(
      compiled(cat(kTables, kIndex, kDrafts),
               cat(kApp, "[tables.drafts]\nscope = \"workspace\"\n[tables.drafts_fts]\nderived = true\n")));
  ASSERT_TRUE(stage.db->execute(Unindexed::kTables));
  const auto deferred = stage.install();
  ASSERT_TRUE(stage.db->execute(
      "INSERT INTO notes(id, body) VALUES('1', 'red'), ('2', 'red');"
      "INSERT INTO drafts(rowid, id, title, extra) VALUES"
      "  (2, '1', NULL, x'00ff6162'), (3, '2', 'red', 5), (4, '3', CAST(x'ff20' AS TEXT) || 'red', 1.5),"
      "  (5, '4', 'red', CAST(x'726564006f6e6365' AS TEXT)), (6, '5', NULL, NULL), (7, '6', '', x'')"));
  ASSERT_TRUE(deferred->complete());
  // All rows change or go, and new ones take the rowids of those that went.
  ASSERT_TRUE(stage.db->execute("DELETE FROM notes WHERE id = '2'; DELETE FROM drafts WHERE id = '6'"));
  ASSERT_TRUE(deferred->run());
  ASSERT_TRUE(
      stage.db->execute("INSERT INTO notes(id, body) VALUES('3', 'red');"
                        "INSERT INTO drafts(id, title) VALUES('7', 'red');"
                        "UPDATE notes SET body = body || ' green' WHERE id = '1';"
                        "UPDATE drafts SET title = 'green', extra = id WHERE id < '6'"));
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(deferred->unindexed(100), 16);  // two values of notes, twelve of drafts, two rows
  int64_t slices = 0;
  for (; deferred->unindexed(1) == 1; ++slices) ASSERT_TRUE(deferred->index_more(GetParam()));
  EXPECT_EQ(slices, GetParam() == 1 ? 10 : 2);  // rows are taken of one table at a time
  EXPECT_EQ(stage.found("red"), 2);
  stage.expect_sound();
  EXPECT_TRUE(stage.db->execute("INSERT INTO drafts_fts(drafts_fts, rank) VALUES('integrity-check', 1)"));
  EXPECT_EQ(stage.db->value("SELECT group_concat(rowid) FROM drafts_fts WHERE drafts_fts MATCH 'green'"),
            Value("2,3,4,5,6"));
}

// Two stages to which the same happens: one with indexes that follow their rows, whatever becomes of them
// before that, the other with triggers.
class Twins {
 public:
  explicit Twins(unsigned seed)
      : random_(seed), bundle_(compiled(cat(kTables, kIndex))), late_(bundle_), plain_(bundle_, false) {
    EXPECT_TRUE(late_.db->execute(Unindexed::kTables));
    reopen();
  }

  int64_t below(unsigned n) { return static_cast<int64_t>(random_() % n); }
  void reopen() {
    deferred_.reset();
    deferred_ = late_.install();
  }
  void execute(const std::string& sql) {
    ASSERT_TRUE(late_.db->execute(sql));
    ASSERT_TRUE(plain_.db->execute(sql));
  }
  void change_some() {
    for (int64_t n = below(4); n >= 0; --n) below(3) > 0 ? change() : add();
  }
  void write_some() {
    if (below(4) == 0) {
      ASSERT_TRUE(deferred_->index_more(1 + below(4)));
    }
    ASSERT_TRUE(deferred_->run());
  }
  void undo_some() {
    ASSERT_TRUE(deferred_->run());
    execute("SAVEPOINT s");
    change_some();
    write_some();
    execute("ROLLBACK TO s; RELEASE s");
    deferred_->rolled_back();
  }
  void compare() {
    ASSERT_TRUE(deferred_->complete());
    late_.expect_sound();
    for (int word = 0; word < kWords; ++word)
      EXPECT_EQ(found(late_, word), found(plain_, word)) << "w" << word;
  }

 private:
  static constexpr int kWords = 6;

  std::string words() { return cat("w", below(kWords), " w", below(kWords)); }
  void change() {
    constexpr const char* kChanges[] = {
        "INSERT OR IGNORE INTO notes(id, body) VALUES(?1, ?2)",
        "INSERT OR REPLACE INTO notes(id, body) VALUES(?1, ?2)",
        "UPDATE notes SET body = ?2 WHERE id = ?1",
        "UPDATE notes SET body = id || body WHERE id > ?1 AND ?2 > ''",
        "DELETE FROM notes WHERE id = ?1 AND ?2 > ''",
    };
    const Row values = {Value(cat(below(12))), Value(words())};
    const char* change = kChanges[below(5)];
    ASSERT_TRUE(late_.db->run(change, values));
    ASSERT_TRUE(plain_.db->run(change, values));
  }
  void add() {
    const auto table = static_cast<size_t>(bundle_.table("notes") - bundle_.tables.data());
    std::vector<Row> rows;
    for (int64_t id = below(12); id < 12; id += 1 + below(3)) {
      const auto known = *late_.db->value("SELECT 1 FROM notes WHERE id = ?", {Value(cat(id))});
      if (!known) rows.push_back({Value(cat(id)), Value(words()), Value(int64_t{0})});
    }
    ASSERT_TRUE(add_unindexed(*deferred_, table, rows));
    for (const Row& row : rows) ASSERT_TRUE(plain_.db->run("INSERT INTO notes VALUES(?1, ?2, ?3)", row));
  }
  static std::string found(Stage& stage, int word) {
    const auto rowids = *stage.db->value(
        "SELECT group_concat(rowid) FROM (SELECT rowid FROM notes_fts WHERE notes_fts MATCH ? ORDER BY "
        "rowid)",
        {Value(cat("w", word))});
    return rowids->is_null() ? "" : *rowids->text();
  }

  std::mt19937 random_;
  Bundle bundle_;
  Stage late_, plain_;
  std::unique_ptr<DeferredTriggers> deferred_;
};

TEST(LateIndex, EndsAsTheTriggersWouldHaveLeftIt) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Twins twins(seed);
    for (int i = 0; i < 60; ++i) {
      twins.execute("BEGIN");
      twins.change_some();
      if (twins.below(4) == 0) twins.undo_some();
      twins.change_some();
      twins.write_some();
      twins.execute(twins.below(5) == 0 ? "ROLLBACK" : "COMMIT");
      if (twins.below(20) == 0) twins.reopen();
      if (twins.below(10) == 0) twins.compare();
    }
    twins.compare();
    if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
}

}  // namespace
}  // namespace wherry

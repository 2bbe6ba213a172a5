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
    EXPECT_TRUE(stage.db->execute(Unindexed::kTable));
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

TEST_F(LateIndexes, AnEntryThatIsThereIsMendedAtOnce) {
  ASSERT_TRUE(add({note("a", "red"), note("b", "red"), note("c", "red")}));
  ASSERT_TRUE(deferred->complete());
  ASSERT_TRUE(
      stage.db->execute("UPDATE notes SET body = 'green' WHERE id = 'b'; DELETE FROM notes WHERE id = 'c'"));
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(runs(), "");
  EXPECT_EQ(stage.found("red"), 1);
  EXPECT_EQ(stage.found("green"), 1);
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
    EXPECT_TRUE(stage.db->execute(Unindexed::kTable));
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

// Whatever happens to the rows before their entries are written.
TEST(LateIndex, EndsAsTheTriggersWouldHaveLeftIt) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](unsigned n) { return static_cast<int64_t>(random() % n); };
    Stage stage(compiled(cat(kTables, kIndex)));
    ASSERT_TRUE(stage.db->execute(Unindexed::kTable));
    auto deferred = stage.install();
    const auto table = static_cast<size_t>(stage.bundle.table("notes") - stage.bundle.tables.data());
    const auto word = [&] { return cat("w", below(6), " w", below(6)); };
    for (int i = 0; i < 60; ++i) {
      ASSERT_TRUE(stage.db->execute("BEGIN"));
      for (int64_t n = below(4); n >= 0; --n) {
        if (below(3) > 0) {
          constexpr const char* kChanges[] = {"INSERT OR IGNORE INTO notes(id, body) VALUES(?1, ?2)",
                                              "UPDATE notes SET body = ?2 WHERE id = ?1",
                                              "DELETE FROM notes WHERE id = ?1 AND ?2 > ''"};
          ASSERT_TRUE(stage.db->run(kChanges[below(3)], {Value(cat(below(12))), Value(word())}));
          continue;
        }
        std::vector<Row> rows;
        for (int64_t id = below(12); id < 12; id += 1 + below(3)) {
          const auto known = *stage.db->value("SELECT 1 FROM notes WHERE id = ?", {Value(cat(id))});
          if (!known) rows.push_back({Value(cat(id)), Value(word()), Value(int64_t{0})});
        }
        ASSERT_TRUE(add_unindexed(*deferred, table, rows));
      }
      if (below(4) == 0) {
        ASSERT_TRUE(deferred->index_more(1 + below(3)));
      }
      ASSERT_TRUE(deferred->run());
      ASSERT_TRUE(stage.db->execute(below(5) == 0 ? "ROLLBACK" : "COMMIT"));
      if (below(20) == 0) {  // a restart
        deferred.reset();
        deferred = stage.install();
      }
    }
    ASSERT_TRUE(deferred->complete());
    stage.expect_sound();
    if (HasFailure()) FAIL() << "seed " << seed;
  }
}

}  // namespace
}  // namespace wherry

#include "engine/deferred.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/engine.h"
#include "engine/notes_for_test.h"

namespace wherry {
namespace {

using namespace notes;

std::vector<std::string> names_of(const Deferral& deferral) {
  std::vector<std::string> names;
  for (const DeferredTrigger& trigger : deferral.triggers) names.push_back(trigger.name);
  for (const RowIndex& index : deferral.indexes)
    names.insert(names.end(), index.triggers.begin(), index.triggers.end());
  std::ranges::sort(names);
  return names;
}

TEST(Deferred, TheTriggersOfAnIndexAreNotMadeInTheFile) {
  for (const std::string& index : {std::string(kIndex), by_triggers()}) {
    const Bundle bundle = compiled(cat(kTables, index));
    const Deferral deferral = deferral_of(bundle);
    EXPECT_EQ(names_of(deferral), (std::vector<std::string>{"notes_added", "notes_edited", "notes_removed"}));
    EXPECT_EQ(deferral.triggers.empty(), index == kIndex);
    EXPECT_EQ(stored_ddl(bundle).size() + 3, bundle.ddl.size());
    for (const std::string& statement : stored_ddl(bundle))
      EXPECT_EQ(statement.find("TRIGGER"), std::string::npos) << statement;
  }
}

TEST(Deferred, TriggersThatReadTablesStayAndTakeTheirIndexWithThem) {
  const std::string table = "CREATE VIRTUAL TABLE notes_fts USING fts5(body);";
  for (const char* body : {
           "INSERT INTO notes_fts(rowid, body) SELECT new.rowid, name FROM tags;",
           "INSERT INTO notes_fts(rowid, body) VALUES(new.rowid, (SELECT name FROM tags LIMIT 1));",
           "UPDATE notes_fts SET body = new.body WHERE rowid = new.rowid;",
           "DELETE FROM notes_fts WHERE rowid = new.rowid OR body = new.body;",
           "INSERT INTO notes_fts(body) VALUES(new.body), (new.id);",
           "INSERT INTO notes_fts(rowid, body) VALUES(new.rowid, new.id IN names);",
           "INSERT INTO notes_fts(notes_fts, rowid, body) VALUES('delete', new.rowid, new.body);",
       }) {
    const std::string triggers =
        cat("CREATE TRIGGER other AFTER DELETE ON notes BEGIN DELETE FROM notes_fts WHERE rowid = old.rowid; "
            "END;",
            "CREATE TRIGGER one AFTER INSERT ON notes BEGIN ", body, " END;");
    const Bundle bundle =
        compiled(cat(kTables, "CREATE VIEW names AS SELECT name FROM tags;", table, triggers));
    EXPECT_EQ(names_of(deferral_of(bundle)), std::vector<std::string>()) << body;
    EXPECT_EQ(stored_ddl(bundle), bundle.ddl);
  }
}

TEST(Deferred, TakesWhatItRecognisesHoweverItIsWritten) {
  const std::string schema = cat(kTables, R"(
      CREATE VIRTUAL TABLE "notes_fts" USING FTS5(body);
      create trigger if not exists [a b] after insert on notes when new.hidden = 0 begin
        insert into notes_fts(rowid, body) values (new.rowid, CASE WHEN new.hidden THEN '' ELSE upper(new.body) END);
      end;
      CREATE TRIGGER c AFTER DELETE ON notes FOR EACH ROW BEGIN DELETE FROM notes_fts WHERE rowid = old.rowid; END;)");
  Stage stage(compiled(schema));
  EXPECT_EQ(names_of(deferral_of(stage.bundle)), (std::vector<std::string>{"a b", "c"}));
  const auto deferred = stage.install();
  ASSERT_TRUE(
      stage.db->execute("INSERT INTO notes VALUES('1', 'seen', 0), ('2', 'hidden', 1), ('3', 'gone', 0);"
                        "DELETE FROM notes WHERE id = '3'"));
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(stage.db->value("SELECT group_concat(body) FROM notes_fts"), Value("SEEN"));
}

TEST(Deferred, AFileThatHasTheTriggersLosesThem) {
  Stage stage(compiled(cat(kTables, kIndex)), false);
  ASSERT_TRUE(stage.db->execute("INSERT INTO notes(id, body) VALUES('1', 'one')"));
  const auto deferred = stage.install();
  ASSERT_TRUE(stage.db->execute("INSERT INTO notes(id, body) VALUES('2', 'two')"));
  EXPECT_EQ(stage.found("two"), 0);
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(stage.found("one OR two"), 2);
  stage.expect_sound();
}

class EitherWay : public testing::TestWithParam<bool> {
 protected:
  static std::string schema() { return cat(kTables, GetParam() ? kIndex : by_triggers()); }
};
INSTANTIATE_TEST_SUITE_P(Deferred, EitherWay, testing::Bool(),
                         [](const auto& by_rows) { return by_rows.param ? "byRows" : "byTriggers"; });

TEST_P(EitherWay, WhatIsTakenBackIsNeverWritten) {
  Stage stage(compiled(schema()));
  const auto deferred = stage.install();
  ASSERT_TRUE(stage.db->execute("INSERT INTO notes(id, body) VALUES('1', 'one'), ('2', 'two')"));
  ASSERT_TRUE(deferred->run());
  const auto written = [&] { return *stage.db->value("SELECT total(length(block)) FROM notes_fts_data"); };
  const auto before = written();
  ASSERT_TRUE(
      stage.db->execute("UPDATE notes SET body = 'three' WHERE id = '1';"
                        "UPDATE notes SET body = 'one' WHERE id = '1';"
                        "DELETE FROM notes WHERE id = '2';"
                        "INSERT INTO notes(rowid, id, body) VALUES(2, '2', 'two')"));
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(written(), before);
  EXPECT_EQ(stage.found("one"), 1);
  stage.expect_sound();
}

// Each connection's takes 20 KB.
TEST_P(EitherWay, ATemporaryDatabaseIsMadeForTriggersOnly) {
  Stage stage(compiled(schema()));
  const auto deferred = stage.install();
  const auto has_any = *stage.db->value("SELECT 1 FROM pragma_database_list WHERE name = 'temp'");
  EXPECT_EQ(has_any.has_value(), !GetParam());
}

TEST_P(EitherWay, TheIndexIsKeptAfterTheSchemaWasForgotten) {
  Stage stage(compiled(schema()));
  const auto deferred = stage.install();
  ASSERT_TRUE(stage.db->execute("INSERT INTO notes(id, body) VALUES('1', 'one'), ('2', 'two')"));
  ASSERT_TRUE(deferred->run());
  ASSERT_TRUE(stage.db->forget_schema());
  ASSERT_TRUE(
      stage.db->execute("UPDATE notes SET body = 'three' WHERE id = '1'; DELETE FROM notes WHERE id = '2'"));
  EXPECT_EQ(stage.found("three"), 0);
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(stage.found("three"), 1);
  EXPECT_EQ(stage.found("one OR two"), 0);
  stage.expect_sound();
}

TEST(Deferred, TriggersOfAnEarlierBundleGo) {
  Stage stage(compiled(cat(kTables, by_triggers())));
  stage.install().reset();
  stage.bundle = compiled(cat(kTables, kIndex));
  const auto deferred = stage.install();
  ASSERT_TRUE(stage.db->execute("INSERT INTO notes(id, body) VALUES('1', 'one')"));
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(stage.db->value("SELECT count(*) FROM sqlite_temp_schema"), Value(int64_t{0}));
  EXPECT_EQ(stage.found("one"), 1);
  stage.expect_sound();
}

// Whatever happens to the rows, and whenever it is taken back or written: the index is that of its table.
TEST_P(EitherWay, TheIndexIsAsTheTriggersWouldHaveLeftIt) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](unsigned n) { return static_cast<int64_t>(random() % n); };
    Stage stage(compiled(schema()));
    const auto deferred = stage.install();
    const auto word = [&] { return cat("w", below(6), " w", below(6)); };
    ASSERT_TRUE(stage.db->execute("BEGIN"));
    for (int i = 0; i < 120; ++i) {
      const bool undone = below(5) == 0;
      ASSERT_TRUE(stage.db->execute("SAVEPOINT s"));
      for (int64_t n = below(4); n >= 0; --n) {
        constexpr const char* kChanges[] = {
            "INSERT OR IGNORE INTO notes(id, body) VALUES(?1, ?2)",
            "INSERT OR REPLACE INTO notes(id, body) VALUES(?1, ?2)",
            "UPDATE notes SET body = ?2 WHERE id = ?1",
            "UPDATE notes SET body = id || body WHERE id > ?1 AND ?2 > ''",
            "DELETE FROM notes WHERE id = ?1 AND ?2 > ''",
            // of which the triggers are not told
            "UPDATE notes SET rowid = (SELECT max(rowid) FROM notes) + 1 WHERE id = ?1 AND ?2 > ''"};
        ASSERT_TRUE(
            stage.db->run(kChanges[below(GetParam() ? 6 : 5)], {Value(cat(below(8))), Value(word())}));
      }
      ASSERT_TRUE(stage.db->execute(undone ? "ROLLBACK TO s; RELEASE s" : "RELEASE s"));
      if (below(8) > 0) continue;
      ASSERT_TRUE(deferred->run());
    }
    ASSERT_TRUE(deferred->run());
    ASSERT_TRUE(stage.db->execute("COMMIT"));
    stage.expect_sound();
    if (HasFailure()) FAIL() << "seed " << seed;
  }
}

// Columns that are not stored, or not the app's, stand before the one that is indexed.
TEST_P(EitherWay, GeneratedColumnsDoNotCount) {
  std::string tables = kTables;
  const std::string_view body = "body TEXT NOT NULL,";
  tables.replace(tables.find(body), body.size(),
                 "shout TEXT AS (upper(id)) VIRTUAL, kept TEXT AS (lower(id)) STORED, body TEXT NOT NULL,");
  Stage stage(compiled(cat(tables, GetParam() ? kIndex : by_triggers())));
  const auto deferred = stage.install();
  ASSERT_TRUE(stage.db->execute("INSERT INTO notes(id, body) VALUES('1', 'one'), ('2', 'two words')"));
  ASSERT_TRUE(deferred->run());
  ASSERT_TRUE(
      stage.db->execute("UPDATE notes SET body = 'three' WHERE id = '1'; DELETE FROM notes WHERE id = '2'"));
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(stage.found("three"), 1);
  EXPECT_EQ(stage.found("one OR two"), 0);
  stage.expect_sound();
}

// A handler within a savepoint may have the index written.
TEST_P(EitherWay, WhatIsWrittenWithinASavepointGoesWithIt) {
  Stage stage(compiled(schema()));
  const auto deferred = stage.install();
  ASSERT_TRUE(stage.db->execute("INSERT INTO notes(id, body) VALUES('1', 'one')"));
  ASSERT_TRUE(deferred->run());
  ASSERT_TRUE(stage.db->execute("BEGIN; SAVEPOINT s; UPDATE notes SET body = 'two words'"));
  ASSERT_TRUE(deferred->run());
  ASSERT_TRUE(stage.db->execute("UPDATE notes SET body = 'three'; ROLLBACK TO s; RELEASE s"));
  deferred->rolled_back();
  ASSERT_TRUE(deferred->run());
  ASSERT_TRUE(stage.db->execute("COMMIT"));
  EXPECT_EQ(stage.found("one"), 1);
  stage.expect_sound();
}

TEST_P(EitherWay, ATransactionThatIsRolledBackLeavesNothingToWrite) {
  Stage stage(compiled(schema()));
  const auto deferred = stage.install();
  ASSERT_TRUE(stage.db->execute("INSERT INTO notes(id, body) VALUES('1', 'one')"));
  ASSERT_TRUE(deferred->run());
  ASSERT_TRUE(stage.db->execute("BEGIN; UPDATE notes SET body = 'two'"));
  ASSERT_TRUE(deferred->run());
  ASSERT_TRUE(stage.db->execute("UPDATE notes SET body = 'three'; ROLLBACK"));
  ASSERT_TRUE(stage.db->execute("UPDATE notes SET body = 'four'"));
  ASSERT_TRUE(deferred->run());
  EXPECT_EQ(stage.found("four"), 1);
  EXPECT_EQ(stage.found("one OR two OR three"), 0);
  stage.expect_sound();
}

class DeferredEngine : public testing::Test {
 protected:
  DeferredEngine() : stage(compiled(cat(kTables, kIndex))) {
    engine = *Engine::create(*stage.db, stage.bundle, Side::kReplica);
    EXPECT_TRUE(stage.db->execute("BEGIN"));
  }

  std::string run(const std::string& name, const std::string& params) {
    Call call;
    call.command = stage.bundle.command(name);
    call.command_id = "01890000-0000-7000-8000-000000000001";
    call.user_id = "ann";
    call.params = *bind_params(*call.command, params);
    const auto execution = engine->run(call, nullptr);
    if (!execution) return execution.error().text();
    return execution->refusal ? execution->refusal->code : "";
  }

  Stage stage;
  std::unique_ptr<Engine> engine;
};

TEST_F(DeferredEngine, AHandlerThatReadsTheIndexSeesWhatItsTransactionWrote) {
  EXPECT_EQ(run("note.add", R"({"id":"1","body":"early"})"), "");
  EXPECT_EQ(stage.found("early"), 0);
  EXPECT_EQ(run("note.add_once", R"({"id":"2","body":"early"})"), "known");
  EXPECT_EQ(run("note.add_once", R"({"id":"2","body":"late"})"), "");
  ASSERT_TRUE(engine->run_deferred());
  EXPECT_EQ(stage.found("late"), 1);
  stage.expect_sound();
}

TEST_F(DeferredEngine, ARefusedCommandLeavesNothingBehind) {
  EXPECT_EQ(run("note.add", R"({"id":"1","body":"first"})"), "");
  EXPECT_EQ(run("tag.add", R"({"id":"1","name":"red"})"), "");
  EXPECT_EQ(run("tag.add", R"({"id":"2","name":"red"})"), "constraint_unique");
  EXPECT_NE(run("note.edit", R"({"id":"1","body":"refused"})"), "");
  EXPECT_EQ(run("note.add", R"({"id":"2","body":"second"})"), "");
  EXPECT_EQ(run("note.hide", R"({"id":"2"})"), "");
  EXPECT_EQ(run("note.edit_all", R"({"body":"refused"})"), "entity_locked");
  EXPECT_EQ(stage.db->value("SELECT group_concat(body) FROM notes"), Value("first,second"));
  ASSERT_TRUE(engine->run_deferred());
  EXPECT_EQ(stage.found("first OR second"), 2);
  EXPECT_EQ(stage.found("refused"), 0);
  stage.expect_sound();
}

TEST_F(DeferredEngine, ARefusedCommandThatReadTheIndexLeavesNothingBehind) {
  EXPECT_EQ(run("note.add", R"({"id":"1","body":"first"})"), "");
  EXPECT_EQ(run("note.edit_unless", R"({"id":"1","body":"refused"})"), "constraint_not_null");
  EXPECT_EQ(run("note.edit_unless", R"({"id":"1","body":"second"})"), "");
  ASSERT_TRUE(engine->run_deferred());
  EXPECT_EQ(stage.found("second"), 1);
  EXPECT_EQ(stage.found("first OR refused"), 0);
  stage.expect_sound();
}

}  // namespace
}  // namespace wherry

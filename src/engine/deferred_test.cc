#include "engine/deferred.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "base/text.h"
#include "bundle/compile.h"
#include "bundle/functions.h"
#include "engine/engine.h"

namespace wherry {
namespace {

constexpr const char* kApp = R"(name = "notes"
[tables.notes]
scope = "workspace"
locked = "hidden = 1"
[tables.tags]
scope = "workspace"
[tables.notes_fts]
derived = true
)";

constexpr const char* kTables = R"(
CREATE TABLE notes(id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL, hidden INTEGER NOT NULL DEFAULT 0);
CREATE TABLE tags(id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE);
)";

constexpr const char* kIndex = R"(
CREATE VIRTUAL TABLE notes_fts USING fts5(body, content = 'notes', content_rowid = 'rowid');
CREATE TRIGGER notes_added AFTER INSERT ON notes BEGIN
  INSERT INTO notes_fts(rowid, body) VALUES(new.rowid, new.body);
END;
CREATE TRIGGER notes_removed AFTER DELETE ON notes BEGIN
  INSERT INTO notes_fts(notes_fts, rowid, body) VALUES('delete', old.rowid, old.body);
END;
CREATE TRIGGER notes_edited AFTER UPDATE OF body ON notes WHEN old.body IS NOT new.body BEGIN
  INSERT INTO notes_fts(notes_fts, rowid, body) VALUES('delete', old.rowid, old.body);
  INSERT INTO notes_fts(rowid, body) VALUES(new.rowid, new.body);
END;
)";

// The same, said so that it is kept by temporary triggers.
std::string by_triggers() {
  std::string index = kIndex;
  const std::string_view plain = "old.body IS NOT new.body";
  return index.replace(index.find(plain), plain.size(), "old.body <> new.body");
}

constexpr const char* kCommands = R"(
-- command: note.add
-- entity: notes(:id) new
-- param: id id
-- param: body text(0..100)
INSERT INTO notes(id, body) VALUES(:id, :body);

-- command: note.add_once
-- entity: notes(:id) new
-- param: id id
-- param: body text(0..100)
SELECT require(NOT EXISTS (SELECT 1 FROM notes_fts WHERE notes_fts MATCH :body), 'known');
INSERT INTO notes(id, body) VALUES(:id, :body);

-- command: note.edit
-- entity: notes(:id)
-- param: id id
-- param: body text(0..100)
UPDATE notes SET body = :body WHERE id = :id;
UPDATE notes SET hidden = 1 / (:body <> 'refused') WHERE id = :id;

-- command: note.edit_unless
-- entity: notes(:id)
-- param: id id
-- param: body text(0..100)
UPDATE notes SET body = :body WHERE id = :id;
UPDATE notes SET hidden = 1 / (NOT EXISTS (SELECT 1 FROM notes_fts WHERE notes_fts MATCH 'refused'))
WHERE id = :id;

-- command: note.hide
-- entity: notes(:id)
-- param: id id
UPDATE notes SET hidden = 1 WHERE id = :id;

-- command: note.edit_all
-- param: body text(0..100)
UPDATE notes SET body = :body;

-- command: tag.add
-- entity: tags(:id) new
-- param: id id
-- param: name text(0..100)
INSERT INTO tags(id, name) VALUES(:id, :name);
)";

Bundle compiled(const std::string& schema, const std::string& app = kApp) {
  Compiled made = compile_bundle(
      {{"app.toml", app}, {"migrations/0001_init.sql", schema}, {"commands/all.sql", kCommands}});
  for (const Mistake& mistake : made.mistakes) ADD_FAILURE() << mistake.text();
  return std::move(made.bundle);
}

std::vector<std::string> names_of(const Deferral& deferral) {
  std::vector<std::string> names;
  for (const DeferredTrigger& trigger : deferral.triggers) names.push_back(trigger.name);
  for (const RowIndex& index : deferral.indexes)
    names.insert(names.end(), index.triggers.begin(), index.triggers.end());
  std::ranges::sort(names);
  return names;
}

// A bundle's tables in memory.
struct Stage {
  explicit Stage(Bundle b, bool deferred = true) : bundle(std::move(b)) {
    db = *sqlite::Database::open(":memory:", sqlite::Access::kReadWriteCreate);
    EXPECT_TRUE(register_functions(*db, &functions));
    for (const std::string& statement : deferred ? stored_ddl(bundle) : bundle.ddl)
      EXPECT_TRUE(db->execute(statement));
  }

  void expect_sound() {
    const Result<> sound = db->execute("INSERT INTO notes_fts(notes_fts, rank) VALUES('integrity-check', 1)");
    EXPECT_TRUE(sound) << sound.error().text();
  }
  int64_t found(const std::string& word) {
    const auto count = db->value("SELECT count(*) FROM notes_fts WHERE notes_fts MATCH ?", {Value(word)});
    return *(*count)->integer();
  }
  // In place of what an earlier call returned, which must be gone.
  std::unique_ptr<DeferredTriggers> install() {
    hook.reset();
    hook = std::make_unique<PreUpdate>(*db);
    return *DeferredTriggers::install(*db, bundle, *hook);
  }

  Bundle bundle;
  FunctionContext functions;
  std::unique_ptr<sqlite::Database> db;
  std::unique_ptr<PreUpdate> hook;
};

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

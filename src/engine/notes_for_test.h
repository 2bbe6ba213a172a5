// Notes with a full-text index, for tests of how it is kept.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/text.h"
#include "bundle/compile.h"
#include "bundle/functions.h"
#include "engine/deferred.h"

namespace wherry::notes {

inline constexpr const char* kApp = R"(name = "notes"
[tables.notes]
scope = "workspace"
locked = "hidden = 1"
[tables.tags]
scope = "workspace"
[tables.notes_fts]
derived = true
)";

inline constexpr const char* kTables = R"(
CREATE TABLE notes(id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL, hidden INTEGER NOT NULL DEFAULT 0);
CREATE TABLE tags(id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE);
)";

inline constexpr const char* kIndex = R"(
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
inline std::string by_triggers() {
  std::string index = kIndex;
  const std::string_view plain = "old.body IS NOT new.body";
  return index.replace(index.find(plain), plain.size(), "old.body <> new.body");
}

inline constexpr const char* kCommands = R"(
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

inline Bundle compiled(const std::string& schema, const std::string& app = kApp) {
  Compiled made = compile_bundle(
      {{"app.toml", app}, {"migrations/0001_init.sql", schema}, {"commands/all.sql", kCommands}});
  for (const Mistake& mistake : made.mistakes) ADD_FAILURE() << mistake.text();
  return std::move(made.bundle);
}

// The bundle's tables in memory.
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

}  // namespace wherry::notes

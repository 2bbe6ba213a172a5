// Every mistake that a bundle can have: one damage to the sample, and what is said about it.
#include <gtest/gtest.h>

#include <algorithm>

#include "bundle/sample_bundle.h"

namespace wherry {
namespace {

constexpr const char* kToml = "app.toml";
constexpr const char* kSchema = "migrations/0001_init.sql";
constexpr const char* kSearch = "migrations/0002_search.sql";
constexpr const char* kMain = "commands/main.sql";
constexpr const char* kDrafts = "commands/draft.sql";
constexpr const char* kJsonl = "initial.jsonl";

struct Case {
  const char* file;  // damaged
  const char* from;  // empty: appended
  const char* to;
  const char* problem;  // part of it
  const char* cure;     // part of it
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.problem << " (" << c.to << ")";
}

class Mistakes : public testing::TestWithParam<Case> {};

TEST_P(Mistakes, AreFoundWithLineAndCure) {
  const Case& c = GetParam();
  const std::vector<BundleFile> files = sample::changed(c.file, c.from, c.to);
  ASSERT_FALSE(files.empty()) << "the sample has no such text: " << c.from;
  const Compiled compiled = compile_bundle(files);
  std::string all;
  bool found = false;
  for (const Mistake& m : compiled.mistakes) {
    all += m.text() + "\n";
    EXPECT_FALSE(m.cure.empty()) << m.text();
    const bool whole_file = m.file == "migrations" || m.line == 0;
    const auto file = std::ranges::find(files, m.file, &BundleFile::name);
    if (!whole_file && file != files.end()) {
      EXPECT_LE(m.line, std::ranges::count(file->text, '\n') + 1);
    }
    found |= m.problem.find(c.problem) != std::string::npos && m.cure.find(c.cure) != std::string::npos;
  }
  EXPECT_TRUE(found) << "expected: " << c.problem << " … " << c.cure << "\nfound:\n" << all;
}

const Case kManifest[] = {
    {kToml, "name = \"chat\"", "name = ", "value", "Correct the TOML"},
    {kToml, "name = \"chat\"", "name = \"chat\"\n[@tables]", "no name follows the bracket", "Write [tables"},
    {kToml, "[[grants]]", "[[ .grants]]", "no name follows the bracket", "[[grants]]"},
    {kToml, "name = \"chat\"", "name = \"chat\"\n[", "no name follows the bracket", "Write [tables"},
    {kToml, "name = \"chat\"", "name = \"chat\"\n[]", "no name follows the bracket", "Write [tables"},
    {kToml, "[[grants]]", "[tabl\u00e9s]", "a letter that is not ASCII", "between quotes"},
    {kToml, "[[grants]]", "\u017e = 1\n[[grants]]", "a letter that is not ASCII", "between quotes"},
    {kToml, "[[grants]]", "a = \"\"\"\\\n  \u017e\"\"\"\n[[grants]]", "a letter that is not ASCII",
     "on one line"},
    {kToml, "name = \"chat\"", "", "the app has no name", "Write name"},
    {kToml, "name = \"chat\"", "name = \"My Chat\"", "no name for an app", "small letters"},
    {kToml, "name = \"chat\"", "name = \"chat\"\ntabels = 1", "unknown key `tabels`",
     "Did you mean `tables`?"},
    {kToml, "locked = ", "lokced = ", "unknown key `lokced` in [tables.channels]", "Did you mean `locked`?"},
    {kToml, "load = ", "laod = ", "unknown key `laod`", "Did you mean `load`?"},
    {kToml, "\"on_demand\"", "\"ondemand\"", "`ondemand` is no way to load", "Did you mean `on_demand`?"},
    {kToml, "where = ", "were = ", "unknown key `were`", "Did you mean `where`?"},
    {kToml, "from = \"members\"\n", "", "a grant without `from`", "scope, to and from"},
    {kToml, "scope = \"workspace\"", "scope = 3", "`scope` is no text", "Write scope"},
    {kToml, "local = true", "local = \"yes\"", "`local` is neither true nor false", "local = true"},
    {kToml, "roles = [\"hr\"]", "roles = []", "`roles` is an empty list", "at least one"},
    {kToml, "roles = [\"hr\"]", "roles = [\"hr\", \"hr\"]", "`hr` stands twice", "Remove one"},
    {kToml, "roles = [\"hr\"]", "roles = [\"h r\"]", "`h r` is no name for a role", "spaces"},
    {kToml, "[tables.users]", "[tables.usres]", "unknown table `usres`", "Did you mean `users`?"},
    {kToml, "[tables.users]\nscope = \"workspace\"", "", "where the rows of `users` belong",
     "[tables.users]"},
    {kToml, "[tables.users]\nscope = \"workspace\"", "[tables.users]", "`users` lies in no scope",
     "Say scope"},
    {kToml, "local = true", "local = true\nserver_only = true", "several of scope, server_only", "Keep one"},
    {kToml, "local = true", "local = true\nlocked = \"body = ''\"", "parent, deleted and locked mean nothing",
     "Leave"},
    {kToml, "server_only = true", "server_only = true\nroles = [\"hr\"]", "so roles mean nothing", "Leave"},
    {kToml, "derived = true", "scope = \"workspace\"", "virtual table and not derived", "derived = true"},
    {kToml, "votes = \"counter\"", "votse = \"counter\"", "no column `votse`", "Did you mean `votes`?"},
    {kToml, "votes = \"counter\"", "votes = \"couter\"", "`couter` is no merge type",
     "Did you mean `counter`?"},
    {kToml, "votes = \"counter\"", "body = \"counter\"", "does not fit a counter", "INTEGER or REAL"},
    {kToml, "votes = \"counter\"", "votes = \"set\"", "does not fit a set", "TEXT"},
    {kToml, "votes = \"counter\"", "id = \"set\"", "is of the key", "never change"},
    {kToml, "local = true", "local = true\n[tables.drafts.columns]\nbody = \"set\"", "have no merge type",
     "Leave"},
    {kToml, "parent = \"messages(message_id)\"", "parent = \"messages\"", "is no parent",
     "channels(channel_id)"},
    {kToml, "parent = \"messages(", "parent = \"mesages(", "unknown table `mesages`",
     "Did you mean `messages`?"},
    {kToml, "messages(message_id)", "messages(mesage_id)", "no column `mesage_id`",
     "Did you mean `message_id`?"},
    {kToml, "messages(message_id)", "members(message_id)", "has 2 columns, not 1", "one own column"},
    {kToml, "messages(message_id)", "audit(message_id)", "the parent `audit` is not where", "synced"},
    {kToml, "messages(message_id)", "salaries(message_id)", "other roles than its parent",
     "roles = [\"hr\"]"},
    {kToml, "deleted_at IS NOT NULL", "deletd_at IS NOT NULL", "no column `deletd_at`",
     "Did you mean `deleted_at`?"},
    {kToml, "deleted_at IS NOT NULL", "deleted_at < unixepoch()", "unixepoch()", "@now"},
    {kToml, "deleted_at IS NOT NULL", "deleted_at IS NOT", "`deleted`: ", "Correct the SQL"},
    {kToml, "deleted_at IS NOT NULL", "", "`deleted` is empty", "Leave it out"},
    {kToml, "locked_at IS NOT NULL", "has_role('x')", "not row-local: it has HAS_ROLE()",
     "columns of `channels`"},
    {kToml, "locked_at IS NOT NULL", "id IN members", "not row-local: it reads `members`",
     "columns of `channels`"},
};

const Case kScopes[] = {
    {kToml, "scope = \"channel(id)\"", "scope = \"channel(id\"", "is no scope", "KIND(column)"},
    {kToml, "scope = \"channel(id)\"", "scope = \"channel(di)\"", "no column `di`", "Did you mean `id`?"},
    {kToml, "scope = \"channel(id)\"", "scope = \"channel\"", "`channel` takes one argument",
     "channel(column)"},
    {kToml, "scope = \"workspace\"", "scope = \"workspace(id)\"", "`workspace` takes no argument",
     "Write workspace"},
    {kToml, "scope = \"channel(id)\"", "scope = \"chanel(id)\"", "no grant gives anyone the scope `chanel`",
     "Did you mean `channel`?"},
    {kToml, "to = \"user(user_id)\"", "to = \"usr(user_id)\"", "no grant gives anyone the scope `usr`",
     "Did you mean `user`?"},
    {kToml, "scope = \"channel(id)\"\nto", "scope = \"team(id)\"\nto",
     "no table lies in the granted scope `team`", "remove the grant"},
    {kToml, "[scopes.channel]", "[scopes.chanel]", "no table and no grant uses the scope `chanel`",
     "Did you mean `channel`?"},
    {kToml, "[scopes.channel]", "[scopes.user]", "the scope `user` is built in", "Remove"},
    {kToml, "scope = \"channel(id)\"\nto", "scope = \"workspace\"\nto", "a grant of `workspace`", "Remove"},
    {kToml, "from = \"members\"", "from = \"member\"", "unknown table `member`", "Did you mean `members`?"},
    {kToml, "from = \"members\"", "from = \"drafts\"", "a grant from `drafts`", "synced or server_only"},
    {kToml, "to = \"user(user_id)\"", "to = \"user(usr_id)\"", "no column `usr_id`",
     "Did you mean `user_id`?"},
    {kToml, "private = 0", "id IN (SELECT channel_id FROM members)", "not row-local: it has a subquery",
     "columns of `channels`"},
    {kToml, "private = 0", "private = :x", "not row-local: it has the parameter :x", "columns"},
    {kToml, "private = 0", "privat = 0", "no column `privat`", "Did you mean `private`?"},
    {kToml, "private = 0", "locked_at < datetime('now')", "datetime()", "@now"},
    {kToml, "to = \"workspace\"", "to = \"channel(id)\"", "the grants run in a circle", "without cycles"},
    {kToml, "",
     "[[grants]]\nscope = \"channel(id)\"\nto = \"workspace\"\nfrom = \"channels\"\nwhere = \"private = "
     "0\"\n",
     "this grant stands already", "Remove one"},
    {kToml, "scope = \"parent\"\nparent = \"messages(message_id)\"", "scope = \"parent\"", "but has none",
     "Write parent"},
    {kToml, "scope = \"parent\"", "scope = [\"parent\", \"workspace\"]", "\"parent\" beside other scopes",
     "Keep either"},
    {kToml, "parent = \"messages(message_id)\"", "parent = \"files(message_id)\"", "in a circle",
     "its own scope"},
    {kToml, "scope = \"parent\"", "scope = \"channel(bytes)\"", "neither TEXT nor INTEGER", "TEXT"},
};

const Case kDdl[] = {
    {kSchema, "CREATE TABLE users(id TEXT NOT NULL PRIMARY KEY", "CREATE TABLE users(id TEXT NOT NULL",
     "`users` has no primary key", "PRIMARY KEY"},
    {kSchema, "users(id TEXT NOT NULL PRIMARY KEY", "users(id INTEGER PRIMARY KEY", "an integer rowid",
     "TEXT key"},
    {kSchema, "users(id TEXT NOT NULL PRIMARY KEY", "users(id INTEGER PRIMARY KEY AUTOINCREMENT",
     "AUTOINCREMENT", "uuid(n)"},
    {kSchema, "users(id TEXT NOT NULL PRIMARY KEY", "users(id TEXT PRIMARY KEY", "may be NULL", "NOT NULL"},
    {kSchema, "users(id TEXT NOT NULL PRIMARY KEY", "users(id REAL NOT NULL PRIMARY KEY", "may hold REAL",
     "TEXT"},
    {kSchema, "users(id TEXT NOT NULL PRIMARY KEY", "users(id TEXT COLLATE NOCASE NOT NULL PRIMARY KEY",
     "collation NOCASE", "BINARY"},
    {kSchema, "name TEXT NOT NULL)", "name TEXT DEFAULT CURRENT_TIMESTAMP)", "reads the clock", "@now"},
    {kSchema, "name TEXT NOT NULL)", "name TEXT DEFAULT (hex(randomblob(4))))", "calls RANDOMBLOB()",
     "uuid(n)"},
    {kSchema, "name TEXT NOT NULL)", "name TEXT CHECK (name < datetime('now')))", "calls DATETIME()", "@now"},
    {kSchema, "(upper(body))", "(upper(date(body)))", "calls DATE()", "@now"},
    {kSchema, "name TEXT NOT NULL)", "name TEXT CHECK (has_role('x')))", "calls HAS_ROLE()", "in a command"},
    {kSchema, "REFERENCES channels(id)", "REFERENCES channels(id) ON DELETE CASCADE", "ON DELETE CASCADE",
     "the command"},
    {kSchema, "REFERENCES channels(id)", "REFERENCES channels(id) ON UPDATE SET NULL", "ON UPDATE SET",
     "the command"},
    {kSchema, "REFERENCES channels(id)", "REFERENCES channels(id) DEFERRABLE INITIALLY DEFERRED",
     "deferrable", "Leave"},
    {kSchema, "REFERENCES channels(id)", "REFERENCES chanels(id)", "unknown table `chanels`",
     "Did you mean `channels`?"},
    {kSchema, "REFERENCES channels(id)", "REFERENCES channels(private)", "foreign key", ""},
    {kSchema, "name TEXT NOT NULL UNIQUE", "name TEXT NOT NULL UNIQUE ON CONFLICT REPLACE",
     "ON CONFLICT REPLACE", "Leave"},
    {kSchema, "name TEXT NOT NULL UNIQUE", "name TEXT NOT NULL UNIQUE ON CONFLICT ROLLBACK",
     "ON CONFLICT ROLLBACK", "Leave"},
    {kSchema, "", "INSERT INTO users VALUES('a', 'b');", "a migration may only CREATE", "initial.jsonl"},
    {kSchema, "", "BEGIN;", "a migration may only CREATE", ""},
    {kSchema, "", "PRAGMA foreign_keys = ON;", "a migration may only CREATE", ""},
    {kSchema, "", "CREATE TEMP TABLE t(a);", "temporary", "Leave out TEMP"},
    {kSchema, "", "CREATE TABLE wherry_mine(id TEXT NOT NULL PRIMARY KEY);", "`wherry_mine` is reserved",
     "wherry_"},
    {kSchema, "name TEXT NOT NULL)", "wherry_name TEXT)", "`wherry_name` is reserved", "wherry_"},
    {kSchema, "name TEXT NOT NULL)", "\"full name\" TEXT)", "no name for a column", "letters"},
    {kSchema, "", "CREATE TABLE \"a b\"(id TEXT NOT NULL PRIMARY KEY);", "no name for a table", "letters"},
    {kSchema, "name TEXT NOT NULL)", "name TEXT NOT NULL", "incomplete input", "Correct the SQL"},
    {kSchema, "FROM messages WHERE", "FROM mesages WHERE", "unknown table `mesages`",
     "Did you mean `messages`?"},
    {kSchema, "WHERE author_id = wherry_user()", "WHERE autor_id = wherry_user()",
     "unknown column `autor_id`", "Did you mean `author_id`?"},
    {kSchema, "WHERE author_id = wherry_user()", "WHERE reject('x')", "view `my_messages`", ""},
    {"migrations/0004_gap.sql", "", "CREATE INDEX i ON users(name);", "have a gap", "number 3"},
    {"migrations/0002_again.sql", "", "CREATE INDEX i ON users(name);", "same number", "number"},
    {"migrations/init.sql", "", "CREATE INDEX i ON users(name);", "no name for a migration", "0001_init.sql"},
    {kSearch, "INSERT INTO search(rowid, body) VALUES(new.rowid, new.body);", "UPDATE users SET name = 'x';",
     "`search_insert` writes `users`, which is not derived", "derived tables"},
    {kSearch, "INSERT INTO search(rowid, body) VALUES(new.rowid, new.body);", "SELECT RAISE(ABORT, 'no');",
     "RAISE", "require or reject"},
    {kSearch, "INSERT INTO search(rowid", "INSERT OR REPLACE INTO search(rowid", "OR REPLACE", "ON CONFLICT"},
    {kSearch, "INSERT INTO search(rowid", "REPLACE INTO search(rowid", "REPLACE INTO", "ON CONFLICT"},
    {kSearch, "VALUES(new.rowid, new.body)", "VALUES(new.rowid, datetime('now'))",
     "a trigger calls DATETIME()", "@now"},
    {kSearch, "VALUES(new.rowid, new.body)", "SELECT new.rowid, what FROM audit",
     "reads `audit`, which is not everywhere", "both have"},
    {kSearch, "VALUES(new.rowid, new.body)", "VALUES(new.rowid, new.bdy)",
     "a trigger of `messages`: unknown column `bdy`", "Did you mean `body`?"},
    {kSearch, "", "CREATE TRIGGER t INSTEAD OF INSERT ON my_messages BEGIN DELETE FROM users; END;",
     "INSTEAD OF", "the table itself"},
    {kSearch, "", "CREATE TABLE summary(id TEXT);", "where the rows of `summary` belong", ""},
    {kToml, "[tables.audit]\nserver_only = true", "[tables.audit]\nderived = true", "no trigger fills",
     "Write triggers"},
};

const Case kAnnotation[] = {
    {kMain, "-- command: channel.create", "-- command: Channel-Create", "is no name for a command",
     "small letters"},
    {kMain, "-- command: channel.create", "-- command: wherry.create", "`wherry.create` is reserved",
     "Wherry's own"},
    {kMain, "-- command: channel.create", "-- command: message.vote", "two commands `message.vote`",
     "Rename one"},
    {kMain, "-- command: channel.create", "-- a comment", "belongs to no command", "-- command:"},
    {kMain, "-- command: channel.create", "-- comand: channel.create", "SQL without a command",
     "-- command:"},
    {kMain, "-- entity: channels(:id) new", "-- entity: channels(:id) old", "is no entity", "`new` or `any`"},
    {kMain, "-- entity: channels(:id) new", "-- entity: channels", "is no entity", "TABLE(:param"},
    {kMain, "-- entity: channels(:id) new", "-- entity: chanels(:id) new", "unknown table `chanels`",
     "Did you mean `channels`?"},
    {kMain, "-- entity: channels(:id) new", "-- entity: channels(:di) new", "unknown parameter `:di`",
     "Did you mean `id`?"},
    {kMain, "-- entity: channels(:id) new", "-- entity: members(:id) new", "has 2 columns, not 1", "each"},
    {kMain, "-- entity: channels(:id) new", "-- entity: search(:id) new", "is derived and no entity",
     "derives from"},
    {kMain, "-- entity: channels(:id) new", "-- entity: channels(:private) new",
     "does not fit the key column", "uuid, id"},
    {kMain, "-- entity: channels(:id) new", "-- entity: channels(:id) new\n-- entity: channels(:id)",
     "stands twice", "one line"},
    {kMain, "-- entity: channels(:id) new", "-- entitty: channels(:id)", "unknown annotation `entitty`",
     "Did you mean `entity`?"},
    {kMain, "-- param: id id\n", "-- param: id id?\n", "may be null", "Leave out the `?`"},
    {kMain, "-- param: name text(1..80)", "-- param: name txt(1..80)", "unknown type `txt`",
     "Did you mean `text`?"},
    {kMain, "-- param: name text(1..80)", "-- param: name text(80..1)", "bounds of `text`", "text(0..1000)"},
    {kMain, "-- param: name text(1..80)", "-- param: name text(1..)", "bounds of `text`", "text(0..1000)"},
    {kMain, "-- param: name text(1..80)", "-- param: name text(1..99999999)", "not within 0 and",
     "no larger"},
    {kMain, "-- param: name text(1..80)", "-- param: name blob", "the size of `blob` is unbounded",
     "blob(0..1000)"},
    {kMain, "-- param: name text(1..80)", "-- param: name json", "the size of `json` is unbounded",
     "json(0..1000)"},
    {kMain, "-- param: name text(1..80)", "-- param: name list(uuid)", "length of a list is unbounded",
     "list(uuid, 1..100)"},
    {kMain, "-- param: name text(1..80)", "-- param: name list(blob, 1..2)",
     "the size of `blob` is unbounded", ""},
    {kMain, "-- param: name text(1..80)", "-- param: name list", "does not say of what", "list(uuid"},
    {kMain, "-- param: name text(1..80)", "-- param: name list(list(list(list(int,1..2),1..2),1..2),1..2)",
     "nest too deep", "json"},
    {kMain, "-- param: name text(1..80)", "-- param: name enum(a)", "choices of `enum`", "enum('open'"},
    {kMain, "-- param: name text(1..80)", "-- param: name enum('a', 'a')", "stands twice", "Remove one"},
    {kMain, "-- param: name text(1..80)", "-- param: name real(1..0)", "bounds of `real`", "real(0..1.5)"},
    {kMain, "-- param: name text(1..80)", "-- param: name text(1..80) oops", "what does `oops` mean",
     "= JSON"},
    {kMain, "-- param: name text(1..80)", "-- param: name", "is no parameter", "NAME TYPE"},
    {kMain, "-- param: name text(1..80)", "-- param: name text(1..80)\n-- param: name text", "declared twice",
     "Remove one"},
    {kMain, "= false", "= nein", "the default of `private`", "as JSON"},
    {kMain, "= false", "= 7", "the default of `private` is not bool", "as JSON"},
    {kMain, "-- allow: locked, deleted", "-- allow: lokced", "`lokced` is no restriction",
     "Did you mean `locked`?"},
    {kMain, "-- allow: locked, deleted", "-- allow: locked, locked", "`locked` stands twice", "Remove one"},
    {kMain, "-- merge: whole", "-- merge: hole", "`hole` is no way to merge", "Did you mean `whole`?"},
    {kMain, "-- run: server", "-- run: sever", "`sever` is no place to run", "Did you mean `server`?"},
    {kMain, "", "\n-- command: nothing\n", "`nothing` has no SQL", "below"},
    {"commands/empty.sql", "", "", "holds no command", "Remove it"},
    {"commands/notes.txt", "", "x", "no command file", ".sql"},
};

const Case kHandler[] = {
    {kMain, "DELETE FROM members", "DELETE FROM member", "unknown table `member`", "Did you mean `members`?"},
    {kMain, "SET votes = votes + :by", "SET vots = votes + :by", "unknown column `vots`",
     "Did you mean `votes`?"},
    {kMain, "SELECT require(has_role", "SELECT require(has_rol", "unknown function `has_rol`",
     "Did you mean `has_role`?"},
    {kMain, "DELETE FROM members WHERE", "DELETE FORM members WHERE", "syntax error", "Correct the SQL"},
    {kMain, "votes + :by", "votes + :bye", "unknown parameter `:bye`", "Did you mean `by`?"},
    {kMain, "@user_id, :body", "@user, :body", "unknown name `@user`", "@user_id"},
    {kMain, "votes + :by", "votes + ?", "has no name of ours", ":name"},
    {kMain, "votes + :by", "votes + $by", "has no name of ours", ":name"},
    {kMain, "SET votes = votes + :by,", "SET", "the parameter `by` is not used", "Use it or remove it"},
    {kDrafts, "VALUES(:channel_id", "VALUES(@entity_id", "`@entity_id` in a command without an entity",
     "-- entity"},
    {kMain, "uuid(1), 'salary'", "hex(randomblob(16)), 'salary'", "randomblob()", "deterministic"},
    {kMain, "uuid(1), 'salary'", "uuid(1), datetime('now')", "datetime()", "deterministic"},
    {kMain, "uuid(1), 'salary'", "last_insert_rowid(), 'x'", "last_insert_rowid()", "deterministic"},
    {kMain, "", "\nPRAGMA user_version = 3;", "a handler has no business with PRAGMA", "SELECT, INSERT"},
    {kMain, "", "\nATTACH 'x' AS y;", "a handler has no business with ATTACH", "SELECT, INSERT"},
    {kMain, "", "\nBEGIN;", "a handler has no business with BEGIN", "SELECT, INSERT"},
    {kMain, "", "\nROLLBACK;", "a handler has no business with ROLLBACK", "SELECT, INSERT"},
    {kMain, "", "\nSAVEPOINT a;", "a handler has no business with SAVEPOINT", "SELECT, INSERT"},
    {kMain, "", "\nCREATE TABLE t(a);", "a handler has no business with CREATE", "SELECT, INSERT"},
    {kMain, "", "\nDROP TABLE users;", "a handler has no business with DROP", "SELECT, INSERT"},
    {kMain, "", "\nEXPLAIN DELETE FROM users;", "no business with EXPLAIN", "SELECT, INSERT"},
    {kMain, "", "\nSELECT name FROM users;", "this SELECT does nothing", "require or reject"},
    {kMain, "", "\nDELETE FROM sqlite_schema;", "sqlite_", ""},
    {kMain, "INSERT INTO channels", "INSERT OR REPLACE INTO channels", "OR REPLACE", "ON CONFLICT"},
    {kMain, "INSERT INTO channels", "INSERT OR ROLLBACK INTO channels", "OR ROLLBACK", "Leave it out"},
    {kMain, "INSERT INTO channels", "INSERT OR FAIL INTO channels", "OR FAIL", "Leave it out"},
    {kMain, "INSERT INTO channels", "REPLACE INTO channels", "REPLACE INTO", "ON CONFLICT"},
    {kMain, "SET votes = votes + :by", "SET id = 'x', votes = votes + :by", "change of the primary key",
     "Insert a new row"},
    {kMain, "-- merge: whole\n", "", "does not say what happens", "-- merge: cells"},
    {kMain, "-- run: server\n", "", "is not on every device", "-- run: server"},
    {kMain, "DELETE FROM members", "DELETE FROM audit WHERE id IN (SELECT 'x'); DELETE FROM members",
     "`audit` is not on every device", "-- run: server"},
    {kMain, "FROM members WHERE channel_id = :channel_id AND user_id = @user_id)", "FROM audited)",
     "`audit` is not on every device", "-- run: server"},
    {kDrafts, "-- run: local\n", "", "`drafts` is local", "-- run: local"},
    {kDrafts, "-- run: local", "-- run: server", "`drafts` is local", "-- run: local"},
    {kDrafts, "INSERT INTO drafts", "DELETE FROM users; INSERT INTO drafts", "a local command writes `users`",
     "local tables only"},
    {kMain, "DELETE FROM members", "DELETE FROM search; DELETE FROM members",
     "is derived and kept by triggers", "derives from"},
    {kMain, "DELETE FROM members", "INSERT INTO my_messages(id) VALUES('x'); DELETE FROM members",
     "my_messages", ""},
    {kMain, "DELETE FROM members", "DELETE FROM users WHERE rowid = 1; DELETE FROM members",
     "the rowid of `users`", "primary key"},
    {kMain, "SELECT require(EXISTS", "SELECT 1 + require(EXISTS",
     "`require` is not a result column of its own", "as a statement"},
    {kMain, "SELECT require(has_role('hr'), 'not_hr');", "SELECT (SELECT require(has_role('hr'), 'not_hr'));",
     "`require` is not a result column", ""},
    {kMain, "'salary')", "reject('x'))", "`reject` is not a result column", ""},
    {kMain, "SELECT require(has_role('hr'), 'not_hr');",
     "SELECT require(has_role('hr'), 'not_hr') FROM users;", "`require` in a SELECT with FROM", "EXISTS"},
    {kMain, "SELECT require(has_role('hr'), 'not_hr');",
     "WITH a AS (SELECT require(0, 'x') AS b) SELECT reject('y') FROM a;", "`require` is not a result column",
     ""},
    {kMain, " GROUP BY channel_id HAVING count(*) > 1000", " AND reject('x')",
     "`reject` is not a result column", ""},
    {kMain,
     "SELECT reject('too_many') FROM messages WHERE channel_id = :channel_id GROUP BY channel_id HAVING "
     "count(*) > 1000",
     "SELECT reject('too_many'), count(*) FROM messages", "`reject` beside an aggregate without HAVING",
     "HAVING"},
    {kMain, " GROUP BY channel_id HAVING count(*) > 1000", " UNION SELECT 1", "in a compound SELECT",
     "of its own"},
    {kMain, "'not_member'", "'entity_missing'", "'entity_missing' is no code", "Wherry's own"},
    {kMain, "'too_many'", "'Too Many'", "'Too Many' is no code", "small letters"},
    {kMain, "has_role('hr'), 'not_hr'", "has_role('hr')", "wrong number of arguments", ""},
};

const Case kInitialLines[] = {
    {kJsonl, "", "nonsense\n", "this is no command", "one a line"},
    {kJsonl, "", "{\"name\": 3}\n", "this is no command", "one a line"},
    {kJsonl, "", "{\"name\": \"channel.creat\", \"params\": {}}\n", "unknown command `channel.creat`",
     "Did you mean `channel.create`?"},
    {kJsonl, "", "{\"name\": \"channel.create\", \"params\": {\"id\": \"x\"}}\n", "`name` is missing",
     "-- param:"},
    {kJsonl, "", "{\"name\": \"draft.save\", \"params\": {}}\n", "runs on devices only", "another"},
    {kMain, "-- command", "\xff-- command", "not UTF-8", "UTF-8"},
};

INSTANTIATE_TEST_SUITE_P(InTheManifest, Mistakes, testing::ValuesIn(kManifest));
INSTANTIATE_TEST_SUITE_P(InScopes, Mistakes, testing::ValuesIn(kScopes));
INSTANTIATE_TEST_SUITE_P(InMigrations, Mistakes, testing::ValuesIn(kDdl));
INSTANTIATE_TEST_SUITE_P(InAnnotations, Mistakes, testing::ValuesIn(kAnnotation));
INSTANTIATE_TEST_SUITE_P(InHandlers, Mistakes, testing::ValuesIn(kHandler));
INSTANTIATE_TEST_SUITE_P(InInitialLines, Mistakes, testing::ValuesIn(kInitialLines));

std::vector<Mistake> mistakes_of(const char* file, const char* from, const char* to) {
  return compile_bundle(sample::changed(file, from, to)).mistakes;
}

TEST(MistakeLines, AreThoseOfTheDamage) {
  auto found = mistakes_of(kMain, "@user_id, :body", "@usr_id, :body");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].text(), "commands/main.sql:18: unknown name `@usr_id`. Did you mean `@user_id`?");
  found = mistakes_of(kSchema, "REFERENCES channels(id),\n  author_id",
                      "REFERENCES channels(id) ON DELETE CASCADE,\n  author_id");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].line, 11);
  found = mistakes_of(kToml, "parent = \"messages(", "parent = \"mesages(");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].line, 19);
  found = mistakes_of(kMain, "ON CONFLICT(id) DO UPDATE SET amount = excluded.amount",
                      "ON CONFLICT(id) DO UPDATE SET amount = excluded.amout");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].line, 44);
  found = mistakes_of(kJsonl, "", "\n{}\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].line, 3);
}

TEST(MistakeList, HoldsAllOfThemInOrder) {
  std::vector<BundleFile> files = sample::changed(kMain, "votes + :by", "vots + :by");
  for (BundleFile& file : files) {
    if (file.name == kToml) file.text += "[tables.nowhere]\nscope = \"workspace\"\n";
    if (file.name == kDrafts) file.text += "SELECT 1;";
  }
  const std::vector<Mistake> found = compile_bundle(files).mistakes;
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].file, "app.toml");
  EXPECT_EQ(found[1].file, "commands/draft.sql");
  EXPECT_EQ(found[2].file, "commands/main.sql");
}

TEST(MistakeList, NamesWhatIsTooMuch) {
  std::string lines, long_comment = "-- " + std::string(3 << 20, 'x') + "\n";
  for (int i = 0; i <= 10'000; ++i) lines += sample::kInitial;
  EXPECT_NE(mistakes_of(kJsonl, "", lines.c_str())[0].problem.find("more than 10000 initial"),
            std::string::npos);
  EXPECT_NE(mistakes_of(kDrafts, "-- param: body", (long_comment + "-- param: body").c_str())[0].problem.find(
                "compiled bundle has"),
            std::string::npos);
  std::string columns = "CREATE TABLE audit(id TEXT NOT NULL PRIMARY KEY";
  for (int i = 0; i < 64; ++i) columns += ", c" + std::to_string(i);
  const auto wide = mistakes_of(kSchema, "CREATE TABLE audit(id TEXT NOT NULL PRIMARY KEY", columns.c_str());
  ASSERT_EQ(wide.size(), 1u);
  EXPECT_NE(wide[0].problem.find("66 columns"), std::string::npos) << wide[0].text();
}

TEST(MistakeList, NamesMissingParts) {
  std::vector<BundleFile> files = sample::files();
  std::erase_if(files, [](const BundleFile& f) { return f.name == "app.toml"; });
  EXPECT_EQ(compile_bundle(files).mistakes[0].problem, "the bundle has no app.toml");
  EXPECT_EQ(compile_bundle({{
                               "app.toml",
                               "name = \"x\"",
                           }})
                .mistakes[0]
                .problem,
            "there is no migration");
}

}  // namespace
}  // namespace wherry

#include "workspace/schema.h"

#include "base/text.h"
#include "bundle/wire.h"
#include "engine/deferred.h"
#include "sqlite/page_vfs.h"

namespace wherry::workspace {

namespace {

constexpr const char* kTables = R"sql(
CREATE TABLE wherry_meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE wherry_commands(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL,
  entity_id TEXT,
  name TEXT NOT NULL,
  data TEXT,
  client_timestamp INTEGER NOT NULL,
  server_received_timestamp INTEGER NOT NULL,
  server_handled_timestamp INTEGER NOT NULL,
  replica_id TEXT,
  replica_seq INTEGER,
  base_seq INTEGER NOT NULL,
  epoch TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  roles TEXT,
  submitted_by TEXT,
  stamp INTEGER NOT NULL,
  greatest_stamp INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  code TEXT,
  message TEXT,
  lost BLOB,
  delta BLOB,
  scopes TEXT,
  salt BLOB,
  hash BLOB NOT NULL);
CREATE UNIQUE INDEX wherry_commands_replica ON wherry_commands(replica_id, replica_seq) WHERE replica_id IS NOT NULL;

CREATE TABLE wherry_rows(tbl INTEGER, key BLOB, seq INTEGER NOT NULL, cells BLOB, PRIMARY KEY(tbl, key)) WITHOUT ROWID;
CREATE TABLE wherry_scopes(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL, base INTEGER);
CREATE INDEX wherry_scopes_base ON wherry_scopes(base) WHERE base IS NOT NULL;
CREATE TABLE wherry_scope_index(scope INTEGER, seq INTEGER, tbl INTEGER, key BLOB, gone INTEGER,
  PRIMARY KEY(scope, seq, tbl, key)) WITHOUT ROWID;
CREATE INDEX wherry_departures ON wherry_scope_index(seq) WHERE gone = 1;
CREATE TABLE wherry_edges(to_scope INTEGER, scope INTEGER, source INTEGER, key BLOB,
  PRIMARY KEY(to_scope, scope, source, key)) WITHOUT ROWID;
CREATE INDEX wherry_edges_scope ON wherry_edges(scope, to_scope);

CREATE TABLE wherry_edge_history(to_scope INTEGER, scope INTEGER, since INTEGER, until INTEGER,
  PRIMARY KEY(to_scope, scope, since)) WITHOUT ROWID;
CREATE TABLE wherry_roots(user_id TEXT, scope INTEGER, since INTEGER, until INTEGER,
  PRIMARY KEY(user_id, scope, since)) WITHOUT ROWID;
CREATE TABLE wherry_scope_roles(scope INTEGER, role_scope INTEGER, PRIMARY KEY(scope, role_scope)) WITHOUT ROWID;

CREATE TABLE wherry_replicas(
  replica_id TEXT PRIMARY KEY, user_id TEXT NOT NULL, received INTEGER NOT NULL, last_stamp INTEGER NOT NULL,
  identity BLOB NOT NULL, next_identity BLOB, seen_at INTEGER NOT NULL) WITHOUT ROWID;

-- Who was entitled to a command, from when to when: everyone who held a scope that it touched, by way of
-- roots (what a user holds by himself) and edges (grants), and always its author.
CREATE VIEW wherry_broadcasted_users AS
WITH RECURSIVE held(user_id, scope, since, until) AS (
  SELECT user_id, scope, since, coalesce(until, 9223372036854775807) FROM wherry_roots
  UNION
  SELECT h.user_id, e.scope, max(h.since, e.since), min(h.until, coalesce(e.until, 9223372036854775807))
  FROM held h JOIN wherry_edge_history e ON e.to_scope = h.scope
  WHERE e.since < h.until AND coalesce(e.until, 9223372036854775807) > h.since
  UNION
  SELECT h.user_id, s.id, max(h.since, r.since), min(h.until, coalesce(r.until, 9223372036854775807))
  FROM held h JOIN wherry_scopes s ON s.base = h.scope
  JOIN wherry_scope_roles sr ON sr.scope = s.id
  JOIN wherry_roots r ON r.user_id = h.user_id AND r.scope = sr.role_scope
  WHERE r.since < h.until AND coalesce(r.until, 9223372036854775807) > h.since),
entitled AS (
  SELECT c.id AS command_id, h.user_id, max(c.seq, h.since) AS since, h.until
  FROM wherry_commands c, json_each(c.scopes) t JOIN held h ON h.scope = t.value
  WHERE h.until > c.seq
  UNION ALL
  SELECT id, user_id, seq, 9223372036854775807 FROM wherry_commands)
SELECT e.command_id || '/' || e.user_id AS id, e.command_id, e.user_id,
  (SELECT server_handled_timestamp FROM wherry_commands WHERE seq = e.since) AS created_at,
  (SELECT server_handled_timestamp FROM wherry_commands WHERE seq = e.until) AS deleted_at
FROM (SELECT command_id, user_id, min(since) AS since, max(until) AS until FROM entitled GROUP BY command_id, user_id) e;
)sql";

// Segments of a full-text index that are merged into one: the more, the less often each entry is written
// again, and the more of them a search looks through. Handlers seldom search.
constexpr int kMergedTogether = 16;  // FTS5 knows 2 to 16

// The bundle's own tables must be what they were when the file was made.
std::string schema_text(const Bundle& bundle) {
  std::string text;
  for (const std::string& statement : bundle.ddl) text += statement + ";\n";
  return text;
}

Result<> create(sqlite::Database& db, const Bundle& bundle) {
  // Under EXTRA: at FULL, the rollback journal's deletion may not be durable and could undo the creation.
  TRY(db.execute("PRAGMA synchronous = EXTRA"));
  TRY(db.execute("PRAGMA page_size = 4096"));
  sqlite::reserve_seals(db);
  TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(db));
  TRY(db.execute(kTables));
  TRY(db.execute(Unindexed::kTables));
  for (const std::string& statement : stored_ddl(bundle)) TRY(db.execute(statement));
  for (const RowIndex& index : deferral_of(bundle).indexes) {
    const std::string table = quote_name(index.target);
    TRY(db.execute(cat("INSERT INTO ", table, "(", table, ", rank) VALUES('automerge', ", kMergedTogether,
                       "), ('crisismerge', ", 4 * kMergedTogether, ")")));
  }
  TRY(set_meta(db, "format", "1"));
  TRY(set_meta(db, "schema", schema_text(bundle)));
  TRY(transaction.commit());
  return {};
}

}  // namespace

Result<std::string> meta(sqlite::Database& db, std::string_view name) {
  TRY_ASSIGN(const std::optional<Value> value,
             db.value("SELECT value FROM wherry_meta WHERE name = ?", {Value(name)}));
  if (!value || value->text() == nullptr) return std::string();
  return *value->text();
}

Result<> set_meta(sqlite::Database& db, std::string_view name, std::string_view value) {
  return db.run("INSERT OR REPLACE INTO wherry_meta(name, value) VALUES(?, ?)", {Value(name), Value(value)});
}

Result<std::unique_ptr<sqlite::Database>> open_database(const std::string& path, const std::string& vfs,
                                                        const Bundle& bundle, bool& created) {
  TRY_ASSIGN(const std::string paged, sqlite::page_vfs(vfs));
  TRY_ASSIGN(auto db, sqlite::Database::open(path, sqlite::Access::kReadWriteCreate, paged));
  // With thousands of workspaces 48 KB for each are much, and the allocator is fast.
  sqlite3_db_config(db->handle(), SQLITE_DBCONFIG_LOOKASIDE, nullptr, 512, 16);
  TRY(db->execute("PRAGMA secure_delete = ON"));  // for the seals
  TRY_ASSIGN(const auto tables, db->value("SELECT count(*) FROM sqlite_schema"));
  created = tables == Value(int64_t{0});
  if (created) {
    TRY(create(*db, bundle));
  } else {
    TRY_ASSIGN(const auto known, db->value("SELECT count(*) FROM sqlite_schema WHERE name = 'wherry_meta'"));
    if (known == Value(int64_t{0})) return fail(ErrorCode::kCorrupt, cat(path, " is no workspace database"));
    if (!sqlite::has_seals(*db))
      return fail(ErrorCode::kCorrupt,
                  cat(path, " is damaged: its header does not say that pages are sealed"));
    TRY_ASSIGN(const std::string schema, meta(*db, "schema"));
    if (schema != schema_text(bundle))
      return fail(ErrorCode::kBundle,
                  "the workspace was made with another schema; changing the schema of a workspace is not "
                  "supported yet");
  }
  TRY(db->execute("PRAGMA journal_mode = WAL"));
  TRY(db->execute("PRAGMA synchronous = FULL"));
  TRY(db->execute("PRAGMA foreign_keys = ON"));
  TRY(db->execute("PRAGMA cache_size = -16000"));
  return db;
}

}  // namespace wherry::workspace

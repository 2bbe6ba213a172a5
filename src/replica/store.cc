#include "replica/store.h"

#include "base/text.h"
#include "bundle/wire.h"
#include "engine/unindexed.h"
#include "replica/salvage.h"
#include "sqlite/free_pages.h"
#include "sqlite/page_vfs.h"
#include "sqlite/vfs_files.h"

namespace wherry {

namespace {

constexpr std::string_view kTables = R"(
CREATE TABLE wherry_meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE INDEX wherry_commands_state ON wherry_commands(state, n);
CREATE TABLE wherry_rows(
  tbl INTEGER NOT NULL, key BLOB NOT NULL, scope INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY(tbl, key, scope)) WITHOUT ROWID;
CREATE TABLE wherry_base(
  tbl INTEGER NOT NULL, key BLOB NOT NULL, row BLOB,
  PRIMARY KEY(tbl, key)) WITHOUT ROWID;
CREATE TABLE wherry_aside(
  n INTEGER PRIMARY KEY, tbl INTEGER NOT NULL, key BLOB NOT NULL, row BLOB NOT NULL,
  UNIQUE(tbl, key));
CREATE TABLE wherry_scopes(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  on_demand INTEGER NOT NULL,
  wanted INTEGER NOT NULL,
  incarnation INTEGER NOT NULL,
  earlier BLOB NOT NULL,
  complete INTEGER NOT NULL,
  at_boundary INTEGER NOT NULL,
  position INTEGER NOT NULL,
  after BLOB NOT NULL);
CREATE TABLE wherry_staged(
  n INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  scope INTEGER NOT NULL,
  upto INTEGER NOT NULL,
  after BLOB NOT NULL,
  live INTEGER NOT NULL,
  from_zero INTEGER NOT NULL,
  command TEXT NOT NULL,
  body BLOB NOT NULL);
CREATE INDEX wherry_staged_scope ON wherry_staged(scope);
)";

// The core takes no file locks of its own. FILE-lock is a second, empty SQLite database with an exclusive
// transaction that stays open: SQLite's lock on it ends with the process, however it ends, and whoever only
// reads FILE is not disturbed.
Result<std::unique_ptr<sqlite::Database>> take_lock(const std::string& path, const std::string& vfs) {
  TRY_ASSIGN(auto lock, sqlite::Database::open(cat(path, "-lock"), sqlite::Access::kReadWriteCreate, vfs));
  sqlite3_busy_timeout(lock->handle(), 0);
  TRY(lock->execute("PRAGMA locking_mode = EXCLUSIVE"));
  const Result<> begun = lock->execute("BEGIN EXCLUSIVE");
  if (begun) return lock;
  if (begun.error().code == ErrorCode::kBusy)
    return fail(ErrorCode::kBusy, cat(path, " is open in another engine"));
  return std::unexpected(begun.error());
}

Result<int64_t> integer_of(sqlite::Database& db, std::string_view sql) {
  TRY_ASSIGN(const std::optional<Value> value, db.value(sql));
  return value && value->integer() != nullptr ? *value->integer() : 0;
}

// A new file is made under EXTRA: on a file system without ordered metadata a deleted rollback journal
// could come back after a power loss and empty it.
Result<> set_up(sqlite::Database& db, const std::string& path) {
  TRY(
      db.execute("PRAGMA page_size = 4096; PRAGMA secure_delete = ON; PRAGMA foreign_keys = OFF;"
                 "PRAGMA synchronous = EXTRA"));
  TRY_ASSIGN(const int64_t application, integer_of(db, "PRAGMA application_id"));
  TRY_ASSIGN(const int64_t format, integer_of(db, "PRAGMA user_version"));
  TRY_ASSIGN(const int64_t objects, integer_of(db, "SELECT count(*) FROM sqlite_schema"));
  if (application == 0 && format == 0 && objects == 0) {
    sqlite::reserve_seals(db);
    TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db));
    TRY(db.execute(Store::kCommandsTable));
    TRY(db.execute(kTables));
    TRY(db.execute(sqlite::kBlankTable));
    TRY(db.execute(Unindexed::kTables));
    TRY(db.execute(
        cat("PRAGMA application_id = ", Store::kApplicationId, "; PRAGMA user_version = ", Store::kFormat)));
    TRY(transaction.commit());
  } else if (application != Store::kApplicationId) {
    return fail(ErrorCode::kCorrupt, cat(path, " is not the file of a Wherry replica"));
  } else if (format != Store::kFormat) {
    return fail(ErrorCode::kVersion,
                cat(path, " has format ", format, ", this program knows ", Store::kFormat));
  } else if (!sqlite::has_seals(db)) {
    return fail(ErrorCode::kCorrupt, cat(path, " is damaged: its header does not say that pages are sealed"));
  }
  TRY_ASSIGN(const std::optional<Value> mode, db.value("PRAGMA journal_mode = WAL"));
  if (!mode || mode->text() == nullptr || *mode->text() != "wal")
    return fail(ErrorCode::kIo, cat(path, " cannot be kept with a write-ahead log"));
  // Rows of many scopes arrive side by side, all over the indexes: 16 MB of pages, and as much between
  // checkpoints.
  return db.execute("PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 4000");
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const Options& options) {
  if (!options.create) {
    TRY_ASSIGN(const bool found, sqlite::file_exists(options.path, options.vfs));
    TRY_ASSIGN(const bool begun, awaits_salvaged(options.path, options.vfs));
    if (!found && !begun) return fail(ErrorCode::kNotFound, cat("there is no file ", options.path));
  }
  TRY_ASSIGN(auto lock, take_lock(options.path, options.vfs));
  TRY(check_not_damaged(options.path, options.vfs));
  // After a revoke no byte may stay behind.
  TRY_ASSIGN(const std::string vfs, sqlite::page_vfs(options.vfs));
  TRY_ASSIGN(auto db, sqlite::Database::open(options.path, sqlite::Access::kReadWriteCreate, vfs));
  sqlite3_busy_timeout(db->handle(), 0);
  TRY(set_up(*db, options.path));
  TRY(db->harden_wal());
  std::unique_ptr<Store> store(new Store(std::move(lock), std::move(db), options));
  TRY(store->relax());
  return store;
}

Result<Salvaged> Store::salvage(const Options& options) {
  TRY_ASSIGN(const auto lock, take_lock(options.path, options.vfs));
  return salvage_file(options.path, options.vfs);
}

void Store::note_damaged() {
  wherry::note_damaged(options_.path, options_.vfs);
}

Result<> Store::demand_durable() {
  return db_->execute("PRAGMA synchronous = FULL");
}

Result<> Store::relax() {
  return db_->execute(options_.sync == Sync::kFull ? "PRAGMA synchronous = FULL"
                                                   : "PRAGMA synchronous = NORMAL");
}

Result<std::optional<Bundle>> Store::load_bundle() {
  TRY_ASSIGN(const std::optional<Value> value,
             db_->value("SELECT value FROM wherry_meta WHERE key = 'bundle'"));
  if (!value || value->blob() == nullptr) return std::nullopt;
  Result<Bundle> bundle = decode_bundle(value->blob()->bytes);
  if (!bundle)
    return fail(ErrorCode::kCorrupt, cat("the stored bundle is damaged: ", bundle.error().message));
  return std::optional(*std::move(bundle));
}

Result<> Store::store_bundle(std::string_view bytes) {
  return db_->run(
      "INSERT INTO wherry_meta(key, value) VALUES('bundle', ?1) ON CONFLICT DO UPDATE SET value = ?1",
      {Value(Blob{std::string(bytes)})});
}

Result<> Store::checkpoint() {
  TRY_ASSIGN(const std::optional<Value> busy, db_->value("PRAGMA wal_checkpoint(TRUNCATE)"));
  if (busy && busy->integer() != nullptr && *busy->integer() != 0)
    return fail(ErrorCode::kBusy, "a reader of the file keeps the write-ahead log from being truncated");
  return {};
}

}  // namespace wherry

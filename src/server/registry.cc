#include "server/registry.h"

#include "base/id.h"
#include "base/text.h"
#include "sqlite/page_vfs.h"

namespace wherry::server {
namespace {

constexpr int kPatienceMs = 5000;
constexpr std::string_view kColumns = "SELECT name, file, created_at FROM workspaces";

// The file's name becomes part of a path, so nothing but what add() made is believed.
Result<Registry::Entry> read(const sqlite::Statement& row) {
  Registry::Entry entry{
      .name = std::string(row.text(0)), .file = std::string(row.text(1)), .created_at = row.integer(2)};
  if (!entry.file.ends_with(".db") ||
      !Uuid::parse(std::string_view(entry.file).substr(0, entry.file.size() - 3))) {
    return fail(ErrorCode::kCorrupt, cat("the registry names no proper file for the workspace ", entry.name));
  }
  return entry;
}

}  // namespace

Result<Registry> Registry::connect(const std::string& path, sqlite::Access access) {
  TRY_ASSIGN(const std::string vfs, sqlite::page_vfs(""));  // for how it takes an empty file
  TRY_ASSIGN(auto db, sqlite::Database::open(path, access, vfs));
  sqlite3_busy_timeout(db->handle(), kPatienceMs);
  TRY(db->execute("PRAGMA synchronous = EXTRA"));
  return Registry(std::move(db));
}

Result<Registry> Registry::create(const std::string& path) {
  TRY_ASSIGN(Registry registry, connect(path, sqlite::Access::kReadWriteCreate));
  TRY(
      registry.db_->execute("CREATE TABLE IF NOT EXISTS workspaces("
                            "name TEXT PRIMARY KEY, file TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL"
                            ") STRICT, WITHOUT ROWID"));
  return registry;
}

Result<Registry> Registry::open(const std::string& path) {
  return connect(path, sqlite::Access::kReadWrite);
}

Result<> Registry::add(const Entry& entry) {
  TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(*db_));
  TRY_ASSIGN(const auto known, find(entry.name));
  if (known) return fail(ErrorCode::kExists, cat("The workspace ", entry.name, " exists already."));
  TRY_ASSIGN(auto insert, db_->prepare("INSERT INTO workspaces(name, file, created_at) VALUES(?, ?, ?)"));
  TRY(insert.bind_text(1, entry.name).bind_text(2, entry.file).bind(3, entry.created_at).run());
  return transaction.commit();
}

Result<std::optional<Registry::Entry>> Registry::find(const std::string& name) const {
  TRY_ASSIGN(auto select, db_->prepare(cat(kColumns, " WHERE name = ?")));
  select.bind_text(1, name);
  TRY_ASSIGN(const bool found, select.step());
  if (!found) return std::nullopt;
  TRY_ASSIGN(Entry entry, read(select));
  return entry;
}

Result<std::vector<Registry::Entry>> Registry::list() const {
  TRY_ASSIGN(auto select, db_->prepare(cat(kColumns, " ORDER BY name")));
  std::vector<Entry> out;
  for (;;) {
    TRY_ASSIGN(const bool more, select.step());
    if (!more) return out;
    TRY_ASSIGN(Entry entry, read(select));
    out.push_back(std::move(entry));
  }
}

}  // namespace wherry::server

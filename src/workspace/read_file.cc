#include "workspace/read_file.h"

#include "sqlite/page_vfs.h"

namespace wherry::workspace {

Result<std::unique_ptr<sqlite::Database>> open_to_read(const std::string& path) {
  TRY_ASSIGN(const std::string vfs, sqlite::page_vfs(""));
  TRY_ASSIGN(auto db, sqlite::Database::open(path, sqlite::Access::kReadOnly, vfs));
  sqlite3_busy_timeout(db->handle(), 5000);
  return db;
}

Result<> sync_wal(sqlite::Database& db) {
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&file)) !=
          SQLITE_OK ||
      file == nullptr || file->pMethods == nullptr)
    return {};
  if (file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) != SQLITE_OK)
    return fail(ErrorCode::kIo, "cannot sync the WAL");
  return {};
}

}  // namespace wherry::workspace

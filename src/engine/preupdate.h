// SQLite's pre-update hook, of which a connection has but one: called for each row that is about to change,
// whoever changes it.
#pragma once

#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sqlite/database.h"

namespace wherry {

class PreUpdate {
 public:
  // Valid during the call only. Columns count as in SQLite's own numbers (cid).
  struct Change {
    sqlite3* db;
    int operation;  // SQLITE_INSERT, SQLITE_UPDATE or SQLITE_DELETE
    int64_t rowid_before, rowid_after;

    Value before(int column) const;
    Value after(int column) const;
  };
  // May not use the connection.
  using Listener = std::function<void(const Change&)>;

  // For the life of the connection, or of this.
  explicit PreUpdate(sqlite::Database& db);
  ~PreUpdate();
  PreUpdate(const PreUpdate&) = delete;
  PreUpdate& operator=(const PreUpdate&) = delete;

  // Calls the listener for changes of this table; `table` must outlive this, spelled as in the schema.
  void watch(std::string_view table, Listener listener);

 private:
  static void hook(void* self, sqlite3* db, int operation, const char* database, const char* table,
                   sqlite3_int64 rowid_before, sqlite3_int64 rowid_after);

  sqlite::Database& db_;
  std::unordered_map<std::string_view, std::vector<Listener>> watched_;
};

}  // namespace wherry

#include "engine/preupdate.h"

namespace wherry {

PreUpdate::PreUpdate(sqlite::Database& db) : db_(db) {
  sqlite3_preupdate_hook(db.handle(), &PreUpdate::hook, this);
}

PreUpdate::~PreUpdate() {
  sqlite3_preupdate_hook(db_.handle(), nullptr, nullptr);
}

void PreUpdate::watch(std::string_view table, Listener listener) {
  watched_[table].push_back(std::move(listener));
}

void PreUpdate::hook(void* self, sqlite3* db, int operation, const char*, const char* table,
                     sqlite3_int64 rowid_before, sqlite3_int64 rowid_after) {
  const auto& watched = static_cast<PreUpdate*>(self)->watched_;
  const auto at = watched.find(table);
  if (at == watched.end()) return;
  const Change change{db, operation, rowid_before, rowid_after};
  for (const Listener& listener : at->second) listener(change);
}

Value PreUpdate::Change::before(int column) const {
  sqlite3_value* value = nullptr;
  sqlite3_preupdate_old(db, column, &value);
  return value == nullptr ? Value() : sqlite::from_sqlite(value);
}

Value PreUpdate::Change::after(int column) const {
  sqlite3_value* value = nullptr;
  sqlite3_preupdate_new(db, column, &value);
  return value == nullptr ? Value() : sqlite::from_sqlite(value);
}

}  // namespace wherry

// Reading and writing single rows of the app's tables by key, outside of any handler: arbitration on the
// server, undo and joining on a replica. Triggers run, so derived tables follow.
// Thread: that of the database.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "bundle/bundle.h"
#include "engine/delta.h"
#include "sqlite/database.h"

namespace wherry {

// `insert` ("INSERT INTO ") with all columns of the table, in their order, as parameters 1, 2, …
std::string insert_sql(std::string_view insert, const Table& table);

class Rows {
 public:
  // Both must outlive it. Tables that do not exist in `db` may be left unused.
  Rows(sqlite::Database& db, const Bundle& bundle);

  Result<std::optional<Row>> read(const RowRef& ref);
  // Inserts the row, or updates the one with this key in place.
  // Errors: kSql with a constraint's message when UNIQUE, NOT NULL, CHECK or a foreign key refuses.
  Result<> put(size_t table, const Row& row);
  // The same for a row that is known to be new.
  Result<> add(size_t table, const Row& row);
  // For a table whose rows have entries that follow (engine/deferred.h): the same as put, for a row that is
  // most likely there; without the copies of pages that SQLite makes where triggers might fail.
  Result<> change(size_t table, const Row& row);
  // Does nothing when there is no such row.
  Result<> remove(const RowRef& ref);
  // put or remove, as `row` says.
  Result<> restore(const RowRef& ref, const std::optional<Row>& row);

  // Calls `each` for every row of the table in order of its key (BINARY collation).
  template <typename Each>
  Result<> for_each(size_t table, Each each);
  // The rows of `child` whose parent is the row with this key.
  Result<std::vector<Row>> children(size_t child, const Row& parent_key);

  RowRef ref_of(size_t table, const Row& row) const;
  Row key_of(size_t table, const Row& row) const;
  const Bundle& bundle() const { return bundle_; }

 private:
  struct Sql {
    sqlite::FixedStatement read, put, add, change, remove;
    std::string all, children;
  };
  sqlite::Database& db_;
  const Bundle& bundle_;
  std::vector<Sql> sql_;
};

template <typename Each>
Result<> Rows::for_each(size_t table, Each each) {
  TRY_ASSIGN(sqlite::Statement statement, db_.prepare(sql_[table].all));
  while (true) {
    TRY_ASSIGN(const bool more, statement.step());
    if (!more) return {};
    TRY(each(statement.row()));
  }
}

}  // namespace wherry

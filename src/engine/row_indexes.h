// Full-text indexes that are kept without triggers: the pre-update hook tells which rows change, and what was
// indexed of each before; write() brings their entries in line with the rows as they are then.
//
// What is noted of a row is how it was when the transaction began, or when write() was last called. So rows
// may change back meanwhile, by a savepoint or a failed statement, and nothing has to be taken back here.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/deferral.h"
#include "engine/preupdate.h"
#include "engine/unindexed.h"
#include "sqlite/database.h"

namespace wherry {

class RowIndexes {
 public:
  // All must outlive this.
  static Result<std::unique_ptr<RowIndexes>> watch(sqlite::Database& db, const Bundle& bundle,
                                                   std::span<const RowIndex> indexes, PreUpdate& hook);
  ~RowIndexes();
  RowIndexes(const RowIndexes&) = delete;
  RowIndexes& operator=(const RowIndexes&) = delete;

  // Writes the entries of rows that have changed; where they may follow, notes in `unindexed`, if it is
  // given, what there is to do.
  Result<> write(Unindexed* unindexed);
  // Brings so many outdated entries, at most, in line with their rows. Returns how many there were.
  Result<int64_t> renew(Unindexed& unindexed, int64_t entries);
  // Forgets which rows have changed: they are as they were at the last write().
  void forget();
  // Whether rows of this table are noted; adding rows whose entries follow is not.
  void set_noting(size_t table, bool noting);

 private:
  using Changed = std::map<int64_t, std::optional<Row>>;  // by rowid, what was indexed; nothing: no row
  struct Index {
    const RowIndex& spec;
    int64_t table;             // Table::id
    std::vector<int> columns;  // as SQLite counts them
    sqlite::FixedStatement read, add, remove;
    bool noting = true;
    Changed changed;
  };
  explicit RowIndexes(sqlite::Database& db) : db_(db) {}
  static void note(Index& index, const PreUpdate::Change& change);
  static Result<std::optional<Row>> row_of(Index& index, int64_t rowid);
  static Result<> put(sqlite::FixedStatement& statement, int64_t rowid, const Row& entry);
  static Result<> write(Index& index, const Changed& changed);
  static Result<> put_off(Index& index, const Changed& changed, Unindexed& unindexed);

  sqlite::Database& db_;
  std::vector<std::unique_ptr<Index>> indexes_;
};

}  // namespace wherry

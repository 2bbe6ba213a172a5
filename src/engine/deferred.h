// Full-text indexes are written once per transaction and not once per row: FTS5 writes out what it has
// gathered whenever a savepoint ends, and around every statement that fires triggers.
//
// So the triggers that fill such an index are not made in the file. Mostly each row has one entry, which
// RowIndexes keeps by watching the rows. Else temporary triggers put what they would have written into a
// temporary table, wherry_deferred. run() writes both before the transaction ends, and before a handler reads
// the index; what is written and taken back in between costs nothing.
// docs/decisions/0012-deferred-triggers.md.
//
// No transaction waits for the entries of its rows: they follow, many at a time, and before anybody reads the
// index. docs/decisions/0015-indexes-follow-their-rows.md.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/deferral.h"
#include "engine/row_indexes.h"
#include "engine/unindexed.h"
#include "sqlite/database.h"

namespace wherry {

class DeferredTriggers {
 public:
  // Makes the temporary objects, in place of any earlier ones of this connection and of triggers that the
  // file has. Entries may follow where the file has the table wherry_unindexed.
  static Result<std::unique_ptr<DeferredTriggers>> install(sqlite::Database& db, const Bundle& bundle,
                                                           PreUpdate& hook);

  const Deferral& deferral() const { return deferral_; }
  // These are for within a transaction.
  // Writes what waits.
  Result<> run();
  // To be called when a savepoint within which the index may have been written was rolled back. Nothing may
  // wait when such a savepoint begins.
  void rolled_back();

  // Whether the entries of a table's rows may follow.
  bool may_follow(size_t table) const;
  // Adds new rows whose entries follow, to a table for which they may. Errors: as Rows::add; the transaction
  // must be rolled back then.
  Result<> add_unindexed(size_t table, std::span<const Row* const> rows);
  // How many rows, and values of outdated entries, wait, counted up to `at_most`.
  Result<int64_t> unindexed(int64_t at_most);
  // Writes the entries of at most so many rows.
  Result<> index_more(int64_t rows);
  // Writes whatever waits.
  Result<> complete();

 private:
  DeferredTriggers(sqlite::Database& db, const Bundle& bundle, Deferral deferral);

  struct Work {
    size_t statement = 0;
    Row values;
  };
  std::vector<Work> without_detours(std::vector<Work> work) const;
  std::optional<int64_t> rowid_of(const Work& work) const;
  bool cancel_out(const Work& a, const Work& b) const;
  std::span<const Value> entry_of(const Work& work) const;

  Result<> run_triggers();

  sqlite::Database& db_;
  const Bundle& bundle_;
  const Deferral deferral_;
  sqlite::FixedStatement waiting_;
  bool entries_follow_ = false;
  Unindexed unindexed_;
  std::unique_ptr<RowIndexes> row_indexes_;
};

}  // namespace wherry

// What is still to be written into full-text indexes. wherry_unindexed has the rows that lack an entry, as
// runs of rowids; wherry_outdated the entries of rows that have changed or gone since, with the values that
// they were made of, without which FTS5 cannot remove them. A rowid may be in both: its row went, and a new
// one took its place. How they come there: engine/deferred.h.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sqlite/database.h"

namespace wherry {

class Unindexed {
 public:
  // The values of entries are appended one after another: only the index by row is written all over.
  static constexpr std::string_view kTables =
      "CREATE TABLE wherry_unindexed(tbl INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
      " PRIMARY KEY(tbl, first)) WITHOUT ROWID;"
      "CREATE TABLE wherry_outdated(tbl INTEGER NOT NULL, row INTEGER NOT NULL, place INTEGER NOT NULL, "
      "value,"
      " PRIMARY KEY(tbl, row, place))";

  // Rows of a table (Table::id), both ends included.
  struct Run {
    int64_t table = 0;
    int64_t first = 0;
    int64_t last = 0;
  };

  explicit Unindexed(sqlite::Database& db);

  // Adds row after row; finish() writes what is left. Neighbours become one run.
  class Adding {
   public:
    explicit Adding(Unindexed& to) : to_(to) {}
    Result<> add(int64_t table, int64_t rowid);
    Result<> finish();

   private:
    Unindexed& to_;
    std::optional<Run> run_;
  };
  // Which of these rows are there; rowids in ascending order.
  Result<std::vector<bool>> has(int64_t table, std::span<const int64_t> rowids);
  // Takes these off, ascending, which are there.
  Result<> remove(int64_t table, std::span<const int64_t> rowids);
  // An entry that no longer is what its row says.
  struct Outdated {
    int64_t table = 0;
    int64_t rowid = 0;
    Row values;
    bool lacks_entry = false;  // the row that has this rowid now is in a run
  };
  // Notes what is in the index of a row, unless that is noted already.
  Result<> keep(int64_t table, int64_t rowid, const Row& values);
  // Takes off outdated entries, at most so many, after `each` of them has been called, in order of rowid.
  // Returns how many there were.
  Result<int64_t> take_outdated(int64_t entries, const std::function<Result<>(const Outdated&)>& each);
  // How many rows, and values of outdated entries, there are, counted up to `at_most`.
  Result<int64_t> count(int64_t at_most);
  // The rows to be taken next, at most so many: of one table, all between two rowids.
  Result<std::optional<Run>> next(int64_t rows);
  // These have been taken.
  Result<> done(const Run& taken);

 private:
  Result<> add(Run run);
  Result<> remove(const Run& part);
  Result<std::optional<Run>> run_at_or_before(int64_t table, int64_t rowid);
  Result<std::optional<Run>> run_at_or_after(int64_t table, int64_t rowid);
  Result<> insert(const Run& run);
  Result<> extend(const Run& run, int64_t last);
  Result<> erase(const Run& run);
  sqlite::Database& db_;
  sqlite::FixedStatement keep_;
};

}  // namespace wherry

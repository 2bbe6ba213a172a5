// Rows whose entries in a full-text index are still to be written, as runs of rowids: the table
// wherry_unindexed. How they come there: engine/deferred.h.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sqlite/database.h"

namespace wherry {

class Unindexed {
 public:
  static constexpr std::string_view kTable =
      "CREATE TABLE wherry_unindexed(tbl INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
      " PRIMARY KEY(tbl, first)) WITHOUT ROWID";

  // Rows of a table (Table::id), both ends included.
  struct Run {
    int64_t table = 0;
    int64_t first = 0;
    int64_t last = 0;
  };

  explicit Unindexed(sqlite::Database& db) : db_(db) {}

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
  // How many there are, counted up to `at_most`.
  Result<int64_t> count(int64_t at_most);
  // Those to be taken next, at most so many: of one table, all between two rowids.
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
};

}  // namespace wherry

// What a run of a handler read and wrote, so that a replica re-runs only the pending commands that a change
// can affect. Reads are either single rows (found by primary key from the parameters) or whole tables.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "engine/delta.h"
#include "sqlite/database.h"

namespace wherry {

struct Footprint {
  std::vector<RowRef> rows_read;     // by key, whether or not the row existed
  std::vector<size_t> tables_read;   // as a whole
  std::vector<RowRef> rows_written;  // also those written and then refused
  // It only added rows, and what else it read could only have had it refused: Engine::check_again says the
  // same as another run, as long as nothing else has to do with the rows that it added.
  bool checkable = false;
  bool wrote(const RowRef& ref) const {
    return std::find(rows_written.begin(), rows_written.end(), ref) != rows_written.end();
  }
  bool operator==(const Footprint&) const = default;
};

// A table that a statement reads. `key`: the SQLite parameter numbers (from 1) that give the primary key, in
// the order of Table::key, when it is sought that way; nothing: any row of the table may matter. A table
// sought by several keys is listed once for each.
struct TableRead {
  size_t table = 0;
  std::optional<std::vector<int>> key;
  // The affinity of each column of the key, in SQLite's letters: A none, B text, D integer.
  std::string affinity;
};

// The row that `read` seeks when these are the values of its key's parameters. Nothing when SQLite would
// convert one of them on its way into the key (5 sought in a text column is '5'): then any row may be meant.
std::optional<RowRef> row_sought(const TableRead& read, const Row& key);

// Finds the tables that a statement reads and how, from SQLite's own bytecode (EXPLAIN) of the pinned
// version; whatever it does not recognise counts as a read of the whole table. Derived tables count as reads
// of their sources, except where triggers keep them. A write to a table with UNIQUE beyond its primary key is
// a read of the whole table; any other write reads what it seeks and probes. Tables that are not in the
// bundle do not count. Requires: no authorizer rules in force but "everything goes".
Result<std::vector<TableRead>> analyse_reads(sqlite::Database& db, const Bundle& bundle,
                                             const std::string& sql);

}  // namespace wherry

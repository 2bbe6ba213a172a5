// What a run of a handler read and wrote, so that a replica re-runs only the pending commands that a change
// can affect. Reads are either single rows (found by primary key from the parameters) or whole tables.
#pragma once

#include <optional>
#include <vector>

#include "bundle/bundle.h"
#include "engine/delta.h"
#include "sqlite/database.h"

namespace wherry {

struct Footprint {
  std::vector<RowRef> rows_read;     // by key, whether or not the row existed
  std::vector<size_t> tables_read;   // as a whole
  std::vector<RowRef> rows_written;  // also those written and then refused
};

// One table that a statement reads. `key`: the SQLite parameter numbers (from 1) that give the primary key
// when it is sought only that way; nothing: any row of the table may matter.
struct TableRead {
  size_t table = 0;
  std::optional<std::vector<int>> key;
};

// Finds the tables that a prepared statement reads and how, from SQLite's own bytecode (EXPLAIN) of the
// pinned version; whatever it does not recognise counts as a read of the whole table. Derived tables count
// as reads of their sources. UNIQUE probes of a write beyond the primary key count as reads of the whole table.
Result<std::vector<TableRead>> analyse_reads(sqlite::Database& db, const Bundle& bundle, const std::string& sql);

}  // namespace wherry

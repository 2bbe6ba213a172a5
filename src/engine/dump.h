// The canonical dump: the same rows always give the same bytes, on the server and on a replica.
#pragma once

#include <string>

#include "bundle/bundle.h"

namespace wherry {

// "table<TAB>{"column":literal,...}\n"-like line: the table's name, a space, then the row as a JSON object in
// column order; reals keep every bit, blobs are {"blob":"hex"}.
std::string dump_line(const Table& table, const Row& row);

// Tables in a dump: synced tables, by name. Rows within a table are in key order (Rows::for_each).
std::vector<size_t> dump_order(const Bundle& bundle);

}  // namespace wherry

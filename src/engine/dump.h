// The canonical dump: the same rows always give the same bytes, on the server and on a replica.
#pragma once

#include <string>

#include "bundle/bundle.h"

namespace wherry {

// The table's name, a space, then the row as a JSON object in
// column order, without line end; reals keep every bit, blobs are {"blob":"hex"}.
std::string dump_line(const Table& table, const Row& row);

// Tables in a dump: synced tables, by name. Rows within a table are in key order (Rows::for_each).
std::vector<size_t> dump_order(const Bundle& bundle);

}  // namespace wherry

// The app's tables on this device, as the bundle the server sent describes them.
#pragma once

#include "base/error.h"
#include "bundle/bundle.h"
#include "bundle/functions.h"
#include "sqlite/database.h"

namespace wherry {

struct SchemaChange {
  std::vector<std::string> dropped;  // tables that are not for this user any more
};

// Within the open transaction: makes the tables, indexes, views and triggers of `bundle` that are missing,
// and drops those that it does not have. `functions` outlives the connection. Errors: kVersion when an
// existing table, index, view or trigger differs.
Result<SchemaChange> apply_schema(sqlite::Database& db, const Bundle& bundle, FunctionContext* functions);

// Makes each full-text index anew from its table: words that were removed from it stay in its segments until
// then. (FTS5's own 'secure-delete' takes them out at every removal, which makes undoing a pending command
// dear.)
Result<> rebuild_indexes(sqlite::Database& db);

}  // namespace wherry

// Puts rows into the app's tables as the server has them, also where a UNIQUE index is in the way.
#pragma once

#include <vector>

#include "replica/images.h"

namespace wherry {

struct RowState {
  RowRef ref;
  std::optional<Row> row;  // nothing: no such row
  bool is_new = false;     // no row with this key is visible
};

enum class OnConflict { kStop, kSetAside };

// In tables with UNIQUE constraints all the rows are taken out before the new ones are put in. A row still in
// the way is stale, for news arrive in order: it is set aside (OnConflict::kSetAside, for which no pending
// command may have a visible effect), or the result is false and the tables are left half done.
Result<bool> restore_rows(sqlite::Database& db, App& app, Images& images, const std::vector<RowState>& rows,
                          OnConflict on_conflict);

// Puts back the rows set aside whose place is free.
Result<> retry_asides(sqlite::Database& db, App& app, Images& images);

}  // namespace wherry

// Telling a command's own failure from a fault of the database.
#pragma once

#include <optional>

#include <sqlite3.h>

#include "bundle/params.h"

namespace wherry {

// What the connection's last error means for the command that caused it: constraint_… or handler_error;
// nothing when the database is at fault (disk, memory, corruption).
std::optional<Refusal> refusal_of(sqlite3* db);

}  // namespace wherry

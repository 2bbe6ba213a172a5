// Which side and which users have a table at all.
#pragma once

#include "bundle/bundle.h"

namespace wherry {

// The table is never on some device: server_only, for certain roles, or derived from such tables alone.
bool is_kept_back(const Bundle& bundle, const Table& table);

// `table` exists on every side and device on which `other` does. Derived tables count as everywhere.
bool is_wherever(const Table& table, const Table& other);

}  // namespace wherry

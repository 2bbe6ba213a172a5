// Entries of the log as JSON, for people and programs that read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bundle/bundle.h"
#include "sqlite/database.h"

namespace wherry::workspace {

// The columns of an entry that are shown, as a list for SELECT.
extern const std::string_view kEntryColumns;

// A row of a statement that selects them, as an object; data, roles, lost and delta as JSON of their own. Of
// a delta at most about so many bytes are shown, whole changes: `delta_changes` says how many there are.
std::string entry_json(const sqlite::Statement& row, const Bundle& bundle, size_t delta_bytes = SIZE_MAX);

}  // namespace wherry::workspace

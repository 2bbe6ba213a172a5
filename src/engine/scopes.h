// In which scopes a row lies: those its own columns name, or its parent's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/delta.h"
#include "engine/rows.h"

namespace wherry {

// Reads a row as it stands at the moment in question (before or after a command).
using RowReader = std::function<Result<std::optional<Row>>(const RowRef&)>;

// The names, sorted, without duplicates. For a table with `roles`, those of the restricted kinds.
// An unreadable or missing parent names none. Walks at most limits::kParentDepth parents.
Result<std::vector<std::string>> scopes_of(const Bundle& bundle, size_t table, const Row& row,
                                           const RowReader& read);

// The key of the parent row, or nothing when a column of it is NULL.
std::optional<RowRef> parent_of(const Bundle& bundle, size_t table, const Row& row);

// A reader of the state before `delta`, on top of a reader of the present state. Both must outlive it.
RowReader before(const Delta& delta, const RowReader& now);

// The scope that a rule names for a row, by name.
std::optional<std::string> scope_of(const Bundle& bundle, const ScopeRule& rule, const Row& row);

}  // namespace wherry

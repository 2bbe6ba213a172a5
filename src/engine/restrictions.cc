#include "engine/restrictions.h"

#include "base/limits.h"
#include "base/text.h"

namespace wherry {

Result<std::optional<Refusal>> Restrictions::check_one(const Command& command, size_t table, const Row& row) {
  if (!command.allow_deleted) {
    TRY_ASSIGN(const bool deleted, predicates_.is_deleted(table, row));
    if (deleted)
      return Refusal{"entity_deleted", cat("the row of ", bundle_.tables[table].name, " is deleted")};
  }
  if (!command.allow_locked) {
    TRY_ASSIGN(const bool locked, predicates_.is_locked(table, row));
    if (locked) return Refusal{"entity_locked", cat("the row of ", bundle_.tables[table].name, " is locked")};
  }
  return std::nullopt;
}

Result<std::optional<Refusal>> Restrictions::check_row(const Command& command, size_t table, const Row& row,
                                                       const RowReader& read, std::vector<RowRef>* walked) {
  TRY_ASSIGN(std::optional<Refusal> refusal, check_one(command, table, row));
  if (refusal) return refusal;
  return check_parents(command, table, row, read, walked);
}

Result<std::optional<Refusal>> Restrictions::check_parents(const Command& command, size_t table,
                                                           const Row& row, const RowReader& read,
                                                           std::vector<RowRef>* walked) {
  const Row* child = &row;
  std::optional<Row> present;
  for (int depth = 0; depth < limits::kParentDepth; ++depth) {
    const std::optional<RowRef> parent = parent_of(bundle_, table, *child);
    if (!parent) return std::nullopt;
    if (walked != nullptr) walked->push_back(*parent);
    TRY_ASSIGN(present, read(*parent));
    if (!present) return std::nullopt;
    child = &*present;
    table = parent->table;
    TRY_ASSIGN(std::optional<Refusal> refusal, check_one(command, table, *present));
    if (refusal) return refusal;
  }
  return Refusal{"limit_rows", "the row's parents go up too far, or in a circle"};
}

}  // namespace wherry

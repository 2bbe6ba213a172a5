#include "engine/predicates.h"

#include "base/text.h"

namespace wherry {

Result<bool> Predicates::is_deleted(size_t table, const Row& row) {
  return holds(table, bundle_.tables[table].deleted, row, false);
}

Result<bool> Predicates::is_locked(size_t table, const Row& row) {
  return holds(table, bundle_.tables[table].locked, row, false);
}

Result<bool> Predicates::grants(const Grant& grant, const Row& row) {
  return holds(grant.from, grant.where, row, true);
}

Result<bool> Predicates::holds(size_t table, const std::string& condition, const Row& row, bool when_empty) {
  if (condition.empty()) return when_empty;
  std::vector<std::string> columns;
  for (size_t i = 0; i < bundle_.tables[table].columns.size(); ++i)
    columns.push_back(cat("?", i + 1, " AS ", quote_name(bundle_.tables[table].columns[i].name)));
  TRY_ASSIGN(const std::optional<Value> value,
             db_.value(cat("SELECT (", condition, ") IS TRUE FROM (SELECT ", join(columns, ", "), ")"), row));
  return value == Value(int64_t{1});
}

}  // namespace wherry

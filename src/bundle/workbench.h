// What the compiler's checks share: the schema they try things on, the handlers' authorizer, the report.
#pragma once

#include <optional>

#include "bundle/authorizer.h"
#include "bundle/manifest.h"
#include "bundle/schema.h"

namespace wherry {

struct Workbench {
  Schema& schema;
  Authorizer& authorizer;
  Report& report;
  Bundle& bundle;  // its tables stand in the order of schema.tables, from check_tables on

  // Prepares as an engine would. Nothing when SQLite or the authorizer refuses; then access.refused says why,
  // or the connection does.
  std::optional<sqlite::Statement> prepare(std::string_view sql, StatementAccess& access) const {
    authorizer.begin(&access);
    auto statement = schema.db->prepare(sql);
    authorizer.end();
    if (!statement) return std::nullopt;
    return *std::move(statement);
  }
};

// Fills bundle.tables but for scopes, sources and roles' scopes.
void check_tables(const Workbench& bench, const Manifest& manifest);
// Fills bundle.scope_kinds, bundle.grants and each table's scopes.
void check_scopes(const Workbench& bench, const Manifest& manifest);
// Makes the restricted kinds of the tables with `roles`.
void restrict_scopes(const Workbench& bench, const Manifest& manifest);
// Fills Table::sources and looks at every trigger and view.
void check_triggers(const Workbench& bench);

// `condition` is SQL over the columns of that one table, true or false for each row by itself.
void check_condition(const Workbench& bench, const Table& table, const Entry& condition,
                     const std::string& what);

// The place of a column in Table::columns; SIZE_MAX when there is none.
size_t column_of(const Table& table, std::string_view name);
std::vector<std::string> column_names(const Table& table);

}  // namespace wherry

#include "bundle/bundle.h"

#include "base/text.h"

namespace wherry {

std::optional<std::string> scope_name(std::string_view kind, const Value& argument) {
  if (argument.is_null()) return std::nullopt;
  if (const auto* text = argument.text()) return cat(kind, "(", *text, ")");
  if (const auto* integer = argument.integer()) return cat(kind, "(", *integer, ")");
  // Columns that name scopes are TEXT or INTEGER (the compiler sees to it), but SQLite stores what it is
  // given.
  return cat(kind, "(", to_sql(argument), ")");
}

const Table* Bundle::table(std::string_view table_name) const {
  for (const Table& t : tables)
    if (t.name == table_name) return &t;
  return nullptr;
}

const Command* Bundle::command(std::string_view command_name) const {
  for (const Command& c : commands)
    if (c.name == command_name) return &c;
  return nullptr;
}

}  // namespace wherry

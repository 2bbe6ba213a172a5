#include "engine/scopes.h"

#include <algorithm>
#include <unordered_map>

#include "base/limits.h"
#include "base/msgpack.h"

namespace wherry {

std::optional<RowRef> parent_of(const Bundle& bundle, size_t table, const Row& row) {
  const std::optional<Parent>& parent = bundle.tables[table].parent;
  if (!parent) return std::nullopt;
  Row key;
  for (size_t column : parent->columns) {
    if (row[column].is_null()) return std::nullopt;
    key.push_back(row[column]);
  }
  return RowRef{parent->table, encode_key(key)};
}

std::optional<std::string> scope_of(const Bundle& bundle, const ScopeRule& rule, const Row& row) {
  const std::string& kind = bundle.scope_kinds[static_cast<size_t>(rule.kind)].name;
  if (!rule.argument) return kind;
  const ScopeArgument& argument = *rule.argument;
  return scope_name(kind, argument.column ? row[*argument.column] : Value(argument.constant));
}

namespace {

// A table with `roles` that lies where its parent lies is in the restricted twins of the parent's scopes.
int kind_for(const Bundle& bundle, const std::vector<std::string>& roles, int kind) {
  if (roles.empty()) return kind;
  for (size_t i = 0; i < bundle.scope_kinds.size(); ++i)
    if (bundle.scope_kinds[i].base == kind && bundle.scope_kinds[i].roles == roles)
      return static_cast<int>(i);
  return kind;
}

}  // namespace

Result<std::vector<std::string>> scopes_of(const Bundle& bundle, size_t table, const Row& row,
                                           const RowReader& read) {
  std::vector<std::string> names;
  const Row* placed = &row;  // it, or the parent whose scopes it has
  std::optional<Row> present;
  const size_t own = table;
  for (int depth = 0; bundle.tables[table].scope_from_parent; ++depth) {
    const std::optional<RowRef> parent = parent_of(bundle, table, *placed);
    if (!parent || depth == limits::kParentDepth) return names;
    TRY_ASSIGN(present, read(*parent));
    if (!present) return names;
    placed = &*present;
    table = parent->table;
  }
  for (ScopeRule rule : bundle.tables[table].scopes) {
    if (own != table) rule.kind = kind_for(bundle, bundle.tables[own].roles, rule.kind);
    if (auto name = scope_of(bundle, rule, *placed)) names.push_back(std::move(*name));
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

RowReader before(const Delta& delta, const RowReader& now) {
  std::unordered_map<RowRef, const RowChange*, RowRefHash> changed;  // made when it is first asked for
  return
      [changed = std::move(changed), &delta, &now](const RowRef& ref) mutable -> Result<std::optional<Row>> {
        if (changed.empty())
          for (const RowChange& change : delta.rows) changed.emplace(change.ref, &change);
        if (const auto at = changed.find(ref); at != changed.end()) return at->second->before;
        return now(ref);
      };
}

}  // namespace wherry

#include <algorithm>
#include <functional>
#include <set>

#include "base/text.h"
#include "bundle/wire_format.h"

namespace wherry {

namespace {

std::unexpected<Error> broken(std::string_view what, std::string_view name) {
  return fail(ErrorCode::kProtocol, cat("a malformed bundle: ", what, " of ", name));
}

bool in_range(const std::vector<size_t>& indexes, size_t count) {
  return std::ranges::all_of(indexes, [count](size_t i) { return i < count; });
}

bool is_rule(const Bundle& b, const ScopeRule& rule, const Table& table) {
  if (rule.kind < 0 || static_cast<size_t>(rule.kind) >= b.scope_kinds.size()) return false;
  const ScopeKind& kind = b.scope_kinds[static_cast<size_t>(rule.kind)];
  const bool takes_none = rule.kind == kWorkspaceKind || kind.base == kWorkspaceKind;
  if (takes_none) return !rule.argument;
  return rule.argument && (!rule.argument->column || *rule.argument->column < table.columns.size());
}

Result<> check_kinds(const Bundle& b) {
  constexpr std::string_view kBuiltIn[] = {"workspace", "user", "role"};
  if (b.scope_kinds.size() < std::size(kBuiltIn)) return broken("the scopes", b.name);
  for (size_t i = 0; i < b.scope_kinds.size(); ++i) {
    const ScopeKind& kind = b.scope_kinds[i];
    if (i < std::size(kBuiltIn) && (kind.name != kBuiltIn[i] || kind.base))
      return broken("the scopes", b.name);
    if (kind.base && (static_cast<size_t>(*kind.base) >= b.scope_kinds.size() || kind.roles.empty() ||
                      b.scope_kinds[static_cast<size_t>(*kind.base)].base))
      return broken("the restriction", kind.name);
    if (!kind.base && !kind.roles.empty()) return broken("the roles", kind.name);
  }
  return {};
}

Result<> check_table(const Bundle& b, const Table& t) {
  const bool has_key = t.kind != TableKind::kDerived;
  if (t.columns.empty()) return broken("the columns", t.name);
  if (!in_range(t.key, t.columns.size()) || (has_key && t.key.empty())) return broken("the key", t.name);
  if (!in_range(t.sources, b.tables.size())) return broken("the sources", t.name);
  for (const ScopeRule& rule : t.scopes)
    if (!is_rule(b, rule, t)) return broken("the scopes", t.name);
  if (t.scope_from_parent && !t.parent) return broken("the parent", t.name);
  if (!t.parent) return {};
  if (t.parent->table >= b.tables.size() || !in_range(t.parent->columns, t.columns.size()) ||
      t.parent->columns.size() != b.tables[t.parent->table].key.size())
    return broken("the parent", t.name);
  return {};
}

Result<> check_type(const ParamType& t, const std::string& name) {
  if ((t.kind == ParamType::Kind::kList) != (t.item.size() == 1)) return broken("the item type", name);
  for (const ParamType& item : t.item) TRY(check_type(item, name));
  return {};
}

Result<> check_command(const Bundle& b, const Command& c) {
  for (const Param& p : c.params) TRY(check_type(p.type, p.name));
  if (c.guards > c.statements.size()) return broken("the guards", c.name);
  if (!c.entity) return {};
  if (c.entity->table >= b.tables.size() || c.entity->params.size() != b.tables[c.entity->table].key.size())
    return broken("the entity", c.name);
  for (const std::string& param : c.entity->params)
    if (std::ranges::find(c.params, param, &Param::name) == c.params.end())
      return broken("the entity", c.name);
  return {};
}

template <typename T, typename Field>
bool all_differ(const std::vector<T>& items, Field field) {
  std::set<std::remove_cvref_t<decltype(std::invoke(field, items[0]))>> seen;
  return std::ranges::all_of(items,
                             [&](const T& item) { return seen.insert(std::invoke(field, item)).second; });
}

}  // namespace

Result<> check_bundle(const Bundle& b) {
  TRY(check_kinds(b));
  if (!all_differ(b.tables, &Table::name) || !all_differ(b.tables, &Table::id))
    return broken("the tables", b.name);
  if (!all_differ(b.commands, &Command::name)) return broken("the commands", b.name);
  if (!all_differ(b.scope_kinds, &ScopeKind::name)) return broken("the scopes", b.name);
  for (const Table& t : b.tables) TRY(check_table(b, t));
  for (const Grant& g : b.grants)
    if (g.from >= b.tables.size() || !is_rule(b, g.scope, b.tables[g.from]) ||
        !is_rule(b, g.to, b.tables[g.from]))
      return broken("a grant", b.name);
  for (const Command& c : b.commands) TRY(check_command(b, c));
  return {};
}

}  // namespace wherry

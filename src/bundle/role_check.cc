#include <algorithm>

#include "base/text.h"
#include "bundle/workbench.h"

namespace wherry {

namespace {

int restricted_kind(Bundle& bundle, int base, const std::vector<std::string>& roles) {
  for (size_t i = 0; i < bundle.scope_kinds.size(); ++i)
    if (bundle.scope_kinds[i].base == base && bundle.scope_kinds[i].roles == roles)
      return static_cast<int>(i);
  const ScopeKind& of = bundle.scope_kinds[static_cast<size_t>(base)];
  bundle.scope_kinds.push_back({cat(of.name, "[", join(roles, ","), "]"), of.on_demand, base, roles});
  return static_cast<int>(bundle.scope_kinds.size()) - 1;
}

void check_against_parent(const Workbench& bench, const TableEntry& entry, const Table& table) {
  const std::vector<std::string>& parent = bench.bundle.tables[table.parent->table].roles;
  if (parent.empty()) return;
  const bool within = !table.roles.empty() && std::ranges::includes(parent, table.roles);
  if (!within || (table.scope_from_parent && table.roles != parent))
    bench.report.add(entry.place, cat("`", table.name, "` is for other roles than its parent"),
                     cat("Write roles = [\"", join(parent, "\", \""), "\"]."));
}

}  // namespace

void restrict_scopes(const Workbench& bench, const Manifest& manifest) {
  Bundle& bundle = bench.bundle;
  const auto each = [&](auto action) {
    for (const TableEntry& entry : manifest.tables)
      if (const SchemaTable* found = bench.schema.table(entry.name))
        action(entry, bundle.tables[static_cast<size_t>(found - bench.schema.tables.data())]);
  };
  each([&](const TableEntry& entry, Table& table) {
    if (table.kind != TableKind::kSynced) return;
    for (const Entry& role : entry.roles) {
      table.roles.push_back(role.text);
      if (role.text.empty() || role.text.find_first_of("[](), ") != std::string::npos)
        bench.report.add(role.place, cat("`", role.text, "` is no name for a role"),
                         "Leave out brackets, commas and spaces.");
    }
    std::ranges::sort(table.roles);
  });
  each([&](const TableEntry& entry, Table& table) {
    if (table.parent) check_against_parent(bench, entry, table);
    if (table.roles.empty()) return;
    for (ScopeRule& rule : table.scopes) rule.kind = restricted_kind(bundle, rule.kind, table.roles);
  });
  if (!bench.report.empty()) return;  // the walk below relies on parents without circles
  each([&](const TableEntry&, Table& table) {
    if (table.roles.empty() || !table.scope_from_parent) return;
    const Table* root = &table;
    while (root->scope_from_parent) root = &bundle.tables[root->parent->table];
    for (const ScopeRule& rule : root->scopes)
      if (!bundle.scope_kinds[static_cast<size_t>(rule.kind)].base)
        restricted_kind(bundle, rule.kind, table.roles);
  });
}

}  // namespace wherry

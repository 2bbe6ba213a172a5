#include "bundle/audience.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "bundle/compile.h"
#include "bundle/functions.h"
#include "bundle/tokens.h"
#include "bundle/wire.h"

namespace wherry {

bool is_kept_back(const Bundle& bundle, const Table& table) {
  if (table.kind == TableKind::kServerOnly || !table.roles.empty()) return true;
  return table.kind == TableKind::kDerived && !table.sources.empty() &&
         std::ranges::all_of(table.sources, [&](size_t s) {
           return bundle.tables[s].kind == TableKind::kServerOnly || !bundle.tables[s].roles.empty();
         });
}

bool is_wherever(const Table& table, const Table& other) {
  if (table.kind == TableKind::kDerived || &table == &other) return true;
  if (table.kind != other.kind && table.kind != TableKind::kSynced) return false;
  if (other.kind == TableKind::kServerOnly) return true;
  return table.roles.empty() || (!other.roles.empty() && std::ranges::includes(table.roles, other.roles));
}

namespace {

bool holds_one(const std::vector<std::string>& held, const std::vector<std::string>& wanted) {
  return wanted.empty() || std::ranges::any_of(wanted, [&](const std::string& r) {
           return std::ranges::find(held, r) != held.end();
         });
}

// For each old index the new one, or nothing where it is left out.
using Mapping = std::vector<std::optional<size_t>>;

template <typename Keep>
Mapping mapping(size_t count, Keep keep) {
  Mapping made(count);
  size_t next = 0;
  for (size_t i = 0; i < count; ++i)
    if (keep(i)) made[i] = next++;
  return made;
}

class Replica {
 public:
  Replica(const Bundle& full, const std::vector<std::string>& roles) : full_(full), roles_(roles) {}

  Bundle make() {
    tables_ = mapping(full_.tables.size(), [this](size_t i) { return keeps(full_.tables[i]); });
    kinds_ = mapping(full_.scope_kinds.size(),
                     [this](size_t i) { return holds_one(roles_, full_.scope_kinds[i].roles); });
    made_.name = full_.name;
    made_.schema_version = full_.schema_version;
    for (size_t i = 0; i < full_.tables.size(); ++i)
      if (tables_[i]) table(full_.tables[i]);
    for (size_t i = 0; i < full_.scope_kinds.size(); ++i)
      if (kinds_[i]) made_.scope_kinds.push_back(full_.scope_kinds[i]);
    // Bases are never restricted themselves and stand before what restricts them, so they keep their place.
    for (const Grant& g : full_.grants) grant(g);
    for (const Command& c : full_.commands) command(c);
    ddl();
    made_.hash = bundle_hash(encode_bundle(made_));
    return std::move(made_);
  }

 private:
  bool keeps(const Table& t) const {
    if (t.kind == TableKind::kServerOnly || !holds_one(roles_, t.roles)) return false;
    return t.kind != TableKind::kDerived || t.sources.empty() ||
           std::ranges::any_of(t.sources, [this](size_t s) { return keeps(full_.tables[s]); });
  }

  std::optional<ScopeRule> rule(ScopeRule r) const {
    const std::optional<size_t> kind = kinds_[static_cast<size_t>(r.kind)];
    if (!kind) return std::nullopt;
    r.kind = static_cast<int>(*kind);
    return r;
  }

  void table(Table t) {
    std::vector<ScopeRule> scopes;
    for (const ScopeRule& r : t.scopes)
      if (auto kept = rule(r)) scopes.push_back(*std::move(kept));
    t.scopes = std::move(scopes);
    std::vector<size_t> sources;
    for (const size_t s : t.sources)
      if (tables_[s]) sources.push_back(*tables_[s]);
    t.sources = std::move(sources);
    if (t.parent && tables_[t.parent->table])
      t.parent->table = *tables_[t.parent->table];
    else
      t.parent.reset();
    made_.tables.push_back(std::move(t));
  }

  void grant(Grant g) {
    auto scope = rule(g.scope), to = rule(g.to);
    if (!tables_[g.from] || !scope || !to) return;
    made_.grants.push_back({*tables_[g.from], *std::move(scope), *std::move(to), std::move(g.where)});
  }

  void command(Command c) {
    if (c.run == RunsWhere::kServer) {
      c.statements.clear();
      c.guards = 0;
    }
    if (c.entity) {
      if (const auto at = tables_[c.entity->table])
        c.entity->table = *at;
      else
        c.entity.reset();
    }
    made_.commands.push_back(std::move(c));
  }

  // Tables by their own name; everything else if it works with the tables that are left.
  void ddl() {
    FunctionContext context;
    auto db = sqlite::Database::open(":memory:", sqlite::Access::kReadWriteCreate);
    if (!db || !register_functions(**db, &context)) return;
    std::vector<std::pair<std::string, std::string>> views;  // name, statement
    for (const std::string& sql : full_.ddl) {
      const std::vector<Token> tokens = tokenize(sql);
      const size_t what =
          tokens.size() > 1 && (tokens[1].is_word("VIRTUAL") || tokens[1].is_word("UNIQUE")) ? 2 : 1;
      const bool is_table = tokens.size() > what + 1 && tokens[what].is_word("TABLE");
      if (is_table && !names_kept(tokens[what + 1])) continue;
      if (!(*db)->execute(sql)) continue;
      if (tokens[what].is_word("VIEW")) views.emplace_back(tokens[what + 1].text, sql);
      made_.ddl.push_back(sql);
    }
    for (const auto& [name, sql] : views)
      if (!(*db)->prepare(cat("SELECT * FROM ", quote_name(name)))) std::erase(made_.ddl, sql);
  }

  bool names_kept(const Token& name) const {
    return std::ranges::any_of(made_.tables, [&](const Table& t) { return name.names(t.name); });
  }

  const Bundle& full_;
  const std::vector<std::string>& roles_;
  Mapping tables_, kinds_;
  Bundle made_;
};

}  // namespace

Bundle for_replica(const Bundle& bundle, const std::vector<std::string>& roles) {
  return Replica(bundle, roles).make();
}

}  // namespace wherry

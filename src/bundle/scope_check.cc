#include <algorithm>
#include <set>

#include "base/text.h"
#include "bundle/tokens.h"
#include "bundle/workbench.h"

namespace wherry {

namespace {

// `workspace`, `channel(channel_id)`, `role('admin')`
struct RuleSource {
  std::string kind;
  std::optional<std::string> column;
  std::optional<std::string> constant;
};

std::optional<RuleSource> parse_rule(const std::string& text) {
  const std::vector<Token> tokens = tokenize(text);
  const auto raw = [&](size_t i) { return text.substr(tokens[i].begin, tokens[i].end - tokens[i].begin); };
  if (tokens.empty() || tokens[0].kind != Token::Kind::kWord || !is_plain_name(raw(0))) return std::nullopt;
  RuleSource rule{raw(0), {}, {}};
  if (tokens.size() == 1) return rule;
  if (tokens.size() != 4 || !tokens[1].is_symbol('(') || !tokens[3].is_symbol(')')) return std::nullopt;
  if (tokens[2].kind == Token::Kind::kText)
    rule.constant = tokens[2].text;
  else if (tokens[2].kind == Token::Kind::kWord)
    rule.column = raw(2);
  else if (tokens[2].kind == Token::Kind::kName)
    rule.column = tokens[2].text;
  else
    return std::nullopt;
  return rule;
}

class ScopeCheck {
 public:
  ScopeCheck(const Workbench& bench, const Manifest& manifest) : bench_(bench), manifest_(manifest) {}

  void check() {
    collect_kinds();
    for (const TableEntry& entry : manifest_.tables) table(entry);
    for (const GrantEntry& entry : manifest_.grants) grant(entry);
    check_holders();
    check_cycles();
    check_parents();
  }

 private:
  void add(const Place& place, std::string problem, std::string cure) {
    bench_.report.add(place, std::move(problem), std::move(cure));
  }

  void collect_kinds() {
    std::set<std::string> names;
    const auto note = [&names](const Entry& entry) {
      if (const auto rule = parse_rule(entry.text); rule && entry.text != "parent") names.insert(rule->kind);
    };
    for (const TableEntry& t : manifest_.tables)
      for (const Entry& scope : t.scopes) note(scope);
    for (const GrantEntry& g : manifest_.grants) {
      if (g.scope) note(*g.scope);
      if (g.to) note(*g.to);
    }
    std::vector<ScopeKind>& kinds = bench_.bundle.scope_kinds;
    for (const char* built_in : {"workspace", "user", "role"}) {
      kinds.push_back({built_in, false, {}, {}});
      names.erase(built_in);
    }
    for (const std::string& name : names) kinds.push_back({name, false, {}, {}});
    for (const ScopeEntry& entry : manifest_.scopes) {
      const auto kind = std::ranges::find(kinds, entry.name, &ScopeKind::name);
      if (kind == kinds.end())
        add(entry.place, cat("no table and no grant uses the scope `", entry.name, "`"),
            did_you_mean(entry.name, {names.begin(), names.end()}, "Use it, or remove this section."));
      else if (kind < kinds.begin() + 3)
        add(entry.place, cat("the scope `", entry.name, "` is built in and always loads"),
            "Remove this section.");
      else
        kind->on_demand = entry.on_demand;
    }
    uses_.resize(kinds.size());
  }

  // The rule, if it fits the table.
  std::optional<ScopeRule> rule(const Entry& entry, const Table& t) {
    const auto source = parse_rule(entry.text);
    if (!source) {
      add(entry.place, cat("`", entry.text, "` is no scope"),
          "Write KIND(column), KIND('constant') or workspace.");
      return std::nullopt;
    }
    const auto& kinds = bench_.bundle.scope_kinds;
    ScopeRule made;
    made.kind = static_cast<int>(std::ranges::find(kinds, source->kind, &ScopeKind::name) - kinds.begin());
    const bool has_argument = source->column || source->constant;
    if (has_argument == (made.kind == kWorkspaceKind)) {
      add(entry.place,
          cat("the scope `", source->kind, "` takes ", has_argument ? "no argument" : "one argument"),
          has_argument ? "Write workspace." : cat("Write ", source->kind, "(column)."));
      return std::nullopt;
    }
    if (source->constant) made.argument = ScopeArgument{{}, *source->constant};
    if (source->column) {
      const size_t column = column_of(t, *source->column);
      if (column == SIZE_MAX) {
        add(entry.place, cat("`", t.name, "` has no column `", *source->column, "`"),
            did_you_mean(*source->column, column_names(t),
                         "A scope is named by the row's own columns, or by a 'constant'."));
        return std::nullopt;
      }
      const SchemaTable& schema = *bench_.schema.table(t.name);
      const Affinity affinity = schema.columns[schema.column(*source->column)].affinity;
      if (affinity != Affinity::kText && affinity != Affinity::kInteger)
        add(entry.place,
            cat("`", t.name, ".", *source->column, "` names a scope and is neither TEXT nor INTEGER"),
            "Declare it TEXT.");
      made.argument = ScopeArgument{column, {}};
    }
    return made;
  }

  void table(const TableEntry& entry) {
    const SchemaTable* found = bench_.schema.table(entry.name);
    if (found == nullptr) return;
    Table& t = bench_.bundle.tables[static_cast<size_t>(found - bench_.schema.tables.data())];
    if (t.kind != TableKind::kSynced) return;
    for (const Entry& scope : entry.scopes) {
      if (scope.text == "parent") {
        t.scope_from_parent = true;
        if (!entry.parent)
          add(scope.place, cat("`", t.name, "` lies where its parent lies, but has none"),
              "Write parent = \"TABLE(columns)\".");
        if (entry.scopes.size() > 1) add(scope.place, "\"parent\" beside other scopes", "Keep either.");
        continue;
      }
      if (auto made = rule(scope, t)) {
        uses_[static_cast<size_t>(made->kind)].push_back(scope.place);
        t.scopes.push_back(*std::move(made));
      }
    }
  }

  void grant(const GrantEntry& entry) {
    if (!entry.from || !entry.scope || !entry.to) return;
    const SchemaTable* found = bench_.schema.table(entry.from->text);
    if (found == nullptr)
      return add(
          entry.from->place, cat("unknown table `", entry.from->text, "`"),
          did_you_mean(entry.from->text, bench_.schema.table_names(), "Name a table of the migrations."));
    Grant made;
    made.from = static_cast<size_t>(found - bench_.schema.tables.data());
    const Table& t = bench_.bundle.tables[made.from];
    if (t.kind == TableKind::kLocal || t.kind == TableKind::kDerived)
      add(entry.from->place, cat("a grant from `", t.name, "`, which is not on the server or derived"),
          "Grant from a synced or server_only table.");
    if (entry.where) {
      check_condition(bench_, t, *entry.where, "the grant's `where`");
      made.where = entry.where->text;
    }
    auto scope = rule(*entry.scope, t), to = rule(*entry.to, t);
    if (!scope || !to) return;
    if (scope->kind == kWorkspaceKind)
      return add(entry.scope->place, "a grant of `workspace`, which everyone holds", "Remove it.");
    made.scope = *std::move(scope);
    made.to = *std::move(to);
    uses_[static_cast<size_t>(made.to.kind)].push_back(entry.to->place);
    granted_.insert(made.scope.kind);
    edges_.push_back({made.to.kind, made.scope.kind, entry.scope->place});
    bench_.bundle.grants.push_back(std::move(made));
  }

  void check_holders() {
    const auto& kinds = bench_.bundle.scope_kinds;
    std::vector<std::string> holdable;
    for (size_t k = 0; k < kinds.size(); ++k)
      if (k <= kRoleKind || granted_.contains(static_cast<int>(k))) holdable.push_back(kinds[k].name);
    for (size_t k = kRoleKind + 1; k < kinds.size(); ++k) {
      const bool granted = granted_.contains(static_cast<int>(k));
      if (!granted)
        for (const Place& place : uses_[k])
          add(place, cat("no grant gives anyone the scope `", kinds[k].name, "`"),
              did_you_mean(kinds[k].name, holdable, "Write a [[grants]] entry for it."));
      if (granted && uses_[k].empty())
        for (const Edge& edge : edges_)
          if (edge.to == static_cast<int>(k))
            add(edge.place, cat("no table lies in the granted scope `", kinds[k].name, "`"),
                did_you_mean(kinds[k].name, holdable, "Use it in a table's scope, or remove the grant."));
    }
  }

  struct Edge {
    int from;
    int to;
    Place place;
  };

  bool reaches(int from, int to, std::set<int>& seen) const {
    if (from == to) return true;
    if (!seen.insert(from).second) return false;
    return std::ranges::any_of(edges_,
                               [&](const Edge& e) { return e.from == from && reaches(e.to, to, seen); });
  }

  void check_cycles() {
    for (const Edge& edge : edges_)
      if (std::set<int> seen; reaches(edge.to, edge.from, seen))
        add(edge.place,
            cat("the grants run in a circle: `", bench_.bundle.scope_kinds[static_cast<size_t>(edge.to)].name,
                "` leads back to itself"),
            "Kinds of scope must form a graph without cycles; remove one of these grants.");
  }

  // scope = "parent" must end at a table that says its own scopes.
  void check_parents() {
    const std::vector<Table>& tables = bench_.bundle.tables;
    for (const TableEntry& entry : manifest_.tables) {
      const SchemaTable* found = bench_.schema.table(entry.name);
      if (found == nullptr) continue;
      const Table* t = &tables[static_cast<size_t>(found - bench_.schema.tables.data())];
      for (size_t steps = 0; t->scope_from_parent && t->parent; ++steps) {
        if (steps > tables.size()) {
          add(entry.place, cat("`", entry.name, "` lies where its parent lies, in a circle"),
              "One of these tables must name its own scope.");
          break;
        }
        t = &tables[t->parent->table];
      }
    }
  }

  const Workbench& bench_;
  const Manifest& manifest_;
  std::vector<std::vector<Place>> uses_;  // by kind: where a table lies in it or a grant leads to it
  std::set<int> granted_;
  std::vector<Edge> edges_;
};

}  // namespace

void check_scopes(const Workbench& bench, const Manifest& manifest) {
  ScopeCheck(bench, manifest).check();
}

}  // namespace wherry

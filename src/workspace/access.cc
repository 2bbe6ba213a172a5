#include "workspace/access.h"

#include <algorithm>
#include <utility>

namespace wherry::workspace {

namespace {

constexpr size_t kIdleHoldersMost = 2000;

}  // namespace

Result<std::vector<ScopeId>> Access::roots(const Holder& holder) {
  std::vector<ScopeId> ids;
  std::vector<std::string> names = {"workspace", *scope_name("user", Value(holder.user_id))};
  for (const std::string& role : holder.roles) names.push_back(*scope_name("role", Value(role)));
  for (const std::string& name : names) {
    TRY_ASSIGN(const ScopeId id, names_.intern(name));
    ids.push_back(id);
  }
  return ids;
}

Result<std::vector<ScopeId>> Access::targets(ScopeId to) {
  TRY_ASSIGN(const auto rows,
             db_.rows("SELECT DISTINCT scope FROM wherry_edges WHERE to_scope = ?", {Value(to)}));
  std::vector<ScopeId> ids;
  for (const Row& row : rows) ids.push_back(*row[0].integer());
  return ids;
}

Result<bool> Access::edge_exists(ScopeId to, ScopeId scope) {
  TRY_ASSIGN(const auto found,
             db_.value("SELECT 1 FROM wherry_edges WHERE to_scope = ? AND scope = ? LIMIT 1",
                       {Value(to), Value(scope)}));
  return found.has_value();
}

bool Access::may_have_twin(const Holder& holder, const ScopeInfo& twin) const {
  return std::ranges::any_of(names_.kind(twin).roles, [&](const std::string& role) {
    return std::ranges::binary_search(holder.roles, role);
  });
}

Result<std::unordered_set<ScopeId>> Access::closure(const Holder& holder) {
  std::unordered_set<ScopeId> held;
  TRY_ASSIGN(std::vector<ScopeId> open, roots(holder));
  while (!open.empty()) {
    const ScopeId scope = open.back();
    open.pop_back();
    if (!held.insert(scope).second) continue;
    TRY_ASSIGN(const std::vector<ScopeId> next, targets(scope));
    open.insert(open.end(), next.begin(), next.end());
    TRY_ASSIGN(const ScopeInfo* info, names_.info(scope));
    for (const ScopeId twin : info->twins) {
      TRY_ASSIGN(const ScopeInfo* twin_info, names_.info(twin));
      if (may_have_twin(holder, *twin_info)) open.push_back(twin);
    }
  }
  return held;
}

Result<std::shared_ptr<Holder>> Access::holder(const std::string& user_id, std::vector<std::string> roles,
                                               Seq seq) {
  std::ranges::sort(roles);
  roles.erase(std::ranges::unique(roles).begin(), roles.end());
  if (const auto known = holders_.find({user_id, roles}); known != holders_.end()) return known->second;
  auto made = std::make_shared<Holder>();
  made->user_id = user_id;
  made->roles = roles;
  TRY_ASSIGN(made->scopes, closure(*made));
  TRY(note_roots(*made, seq));
  return holders_[{user_id, std::move(roles)}] = std::move(made);
}

Result<> Access::note_roots(const Holder& holder, Seq seq) {
  TRY_ASSIGN(const std::vector<ScopeId> ids, roots(holder));
  TRY_ASSIGN(const auto rows, db_.rows("SELECT scope FROM wherry_roots WHERE user_id = ? AND until IS NULL",
                                       {Value(holder.user_id)}));
  std::vector<ScopeId> open;
  for (const Row& row : rows) open.push_back(*row[0].integer());
  for (const ScopeId id : ids)
    if (std::ranges::find(open, id) == open.end())
      TRY(db_.run("INSERT OR REPLACE INTO wherry_roots(user_id, scope, since, until) VALUES(?, ?, ?, NULL)",
                  {Value(holder.user_id), Value(id), Value(seq.number)}));
  for (const ScopeId id : open)
    if (std::ranges::find(ids, id) == ids.end())
      TRY(db_.run("UPDATE wherry_roots SET until = ? WHERE user_id = ? AND scope = ? AND until IS NULL",
                  {Value(seq.number), Value(holder.user_id), Value(id)}));
  return {};
}

Result<EdgeChanges> Access::edge_changes(const Delta& delta) {
  EdgeChanges changes;
  for (const RowChange& change : delta.rows) {
    for (size_t g = 0; g < bundle_.grants.size(); ++g) {
      const Grant& grant = bundle_.grants[g];
      if (grant.from != change.ref.table) continue;
      const auto edge_in = [&](const std::optional<Row>& row) -> Result<std::optional<Edge>> {
        if (!row) return std::nullopt;
        TRY_ASSIGN(const bool granted, predicates_.grants(g, *row));
        const auto to = scope_of(bundle_, grant.to, *row);
        const auto scope = scope_of(bundle_, grant.scope, *row);
        if (!granted || !to || !scope) return std::nullopt;
        TRY_ASSIGN(const ScopeId to_id, names_.intern(*to));
        TRY_ASSIGN(const ScopeId scope_id, names_.intern(*scope));
        return Edge{to_id, scope_id, static_cast<int64_t>(g), change.ref.key};
      };
      TRY_ASSIGN(const std::optional<Edge> was, edge_in(change.before));
      TRY_ASSIGN(const std::optional<Edge> is, edge_in(change.after));
      if (was == is) continue;
      if (was) changes.removed.push_back(*was);
      if (is) changes.added.push_back(*is);
    }
  }
  return changes;
}

Result<> Access::apply(const EdgeChanges& changes, Seq seq) {
  // First all edges, then the holders: an edge that leaves as another comes takes nothing away.
  std::vector<Edge> lost, won;
  for (const Edge& edge : changes.added) {
    TRY_ASSIGN(const bool existed, edge_exists(edge.to, edge.scope));
    if (!existed) won.push_back(edge);
    TRY(db_.run("INSERT OR IGNORE INTO wherry_edges(to_scope, scope, source, key) VALUES(?, ?, ?, ?)",
                {Value(edge.to), Value(edge.scope), Value(edge.source), Value(Blob{edge.key})}));
  }
  for (const Edge& edge : changes.removed) {
    TRY(db_.run("DELETE FROM wherry_edges WHERE to_scope = ? AND scope = ? AND source = ? AND key = ?",
                {Value(edge.to), Value(edge.scope), Value(edge.source), Value(Blob{edge.key})}));
    TRY_ASSIGN(const bool exists, edge_exists(edge.to, edge.scope));
    if (!exists) lost.push_back(edge);
  }
  for (const Edge& edge : won)
    TRY(db_.run(
        "INSERT OR REPLACE INTO wherry_edge_history(to_scope, scope, since, until) VALUES(?, ?, ?, NULL)",
        {Value(edge.to), Value(edge.scope), Value(seq.number)}));
  for (const Edge& edge : lost)
    TRY(db_.run("UPDATE wherry_edge_history SET until = ? WHERE to_scope = ? AND scope = ? AND until IS NULL",
                {Value(seq.number), Value(edge.to), Value(edge.scope)}));
  for (auto& [_, holder] : holders_) {
    for (const Edge& edge : won)
      if (holder->holds(edge.to)) TRY(gain(*holder, edge.scope));
    for (const Edge& edge : lost)
      if (holder->holds(edge.to)) TRY(lose(*holder, edge.scope));
  }
  return {};
}

void Access::note_change(Holder& holder, ScopeId scope) {
  if (holder.changed.empty()) changed_.push_back(&holder);
  holder.changed.insert(scope);
}

void Access::published() {
  for (Holder* holder : std::exchange(changed_, {})) holder->changed.clear();
}

Result<> Access::gain(Holder& holder, ScopeId scope) {
  if (!holder.scopes.insert(scope).second) return {};
  note_change(holder, scope);
  TRY_ASSIGN(const std::vector<ScopeId> next, targets(scope));
  for (const ScopeId id : next) TRY(gain(holder, id));
  TRY_ASSIGN(const ScopeInfo* info, names_.info(scope));
  for (const ScopeId twin : info->twins) {
    TRY_ASSIGN(const ScopeInfo* twin_info, names_.info(twin));
    if (may_have_twin(holder, *twin_info)) TRY(gain(holder, twin));
  }
  return {};
}

Result<bool> Access::still_held(Holder& holder, ScopeId scope) {
  TRY_ASSIGN(const auto rows,
             db_.rows("SELECT DISTINCT to_scope FROM wherry_edges WHERE scope = ?", {Value(scope)}));
  for (const Row& row : rows)
    if (holder.holds(*row[0].integer())) return true;
  TRY_ASSIGN(const std::vector<ScopeId> own, roots(holder));
  return std::ranges::find(own, scope) != own.end();
}

Result<> Access::lose(Holder& holder, ScopeId scope) {
  if (!holder.holds(scope)) return {};
  TRY_ASSIGN(const bool held, still_held(holder, scope));
  if (held) return {};
  holder.scopes.erase(scope);
  note_change(holder, scope);
  TRY_ASSIGN(const std::vector<ScopeId> next, targets(scope));
  for (const ScopeId id : next) TRY(lose(holder, id));
  TRY_ASSIGN(const ScopeInfo* info, names_.info(scope));
  for (const ScopeId twin : info->twins)
    if (holder.scopes.erase(twin) > 0) note_change(holder, twin);
  return {};
}

Result<std::unordered_set<ScopeId>> Access::gains(const Holder& holder, const EdgeChanges& changes) {
  std::unordered_set<ScopeId> gained;
  std::vector<ScopeId> open;
  const auto reach = [&](ScopeId scope) {
    if (!holder.holds(scope) && gained.insert(scope).second) open.push_back(scope);
  };
  const auto added_from = [&](ScopeId scope) {
    for (const Edge& edge : changes.added)
      if (edge.to == scope) reach(edge.scope);
  };
  for (const Edge& edge : changes.added)
    if (holder.holds(edge.to)) reach(edge.scope);
  while (!open.empty()) {
    const ScopeId scope = open.back();
    open.pop_back();
    added_from(scope);
    TRY_ASSIGN(const std::vector<ScopeId> next, targets(scope));
    for (const ScopeId id : next) reach(id);
    TRY_ASSIGN(const ScopeInfo* info, names_.info(scope));
    for (const ScopeId twin : info->twins) {
      TRY_ASSIGN(const ScopeInfo* twin_info, names_.info(twin));
      if (may_have_twin(holder, *twin_info)) reach(twin);
    }
  }
  return gained;
}

Result<std::vector<ScopeId>> Access::scope_ids(size_t table, const Row& row, const RowReader& read) {
  std::vector<ScopeId> ids;
  if (bundle_.tables[table].kind != TableKind::kSynced) return ids;
  // Most tables have one scope, named by a column.
  const Table& t = bundle_.tables[table];
  if (!t.scope_from_parent && t.scopes.size() == 1 && t.scopes[0].argument && t.scopes[0].argument->column) {
    const Value& argument = row[*t.scopes[0].argument->column];
    if (argument.is_null()) return ids;
    TRY_ASSIGN(const ScopeId id, names_.intern(t.scopes[0].kind, argument));
    return std::vector{id};
  }
  TRY_ASSIGN(const std::vector<std::string> names, scopes_of(bundle_, table, row, read));
  for (const std::string& name : names) {
    TRY_ASSIGN(const ScopeId id, names_.intern(name));
    ids.push_back(id);
  }
  std::ranges::sort(ids);
  return ids;
}

Result<> Access::reload() {
  published();  // nothing of it is left
  for (auto& [_, holder] : holders_) {
    TRY_ASSIGN(holder->scopes, closure(*holder));
  }
  return {};
}

void Access::sweep() {
  if (holders_.size() < kIdleHoldersMost) return;
  std::erase_if(holders_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

}  // namespace wherry::workspace

// Who holds which scope. Roots: everyone holds `workspace`, himself, and his token's roles. Edges, found in
// rows by the bundle's grants, lead from there to further scopes. Kinds of scope form a graph without cycles,
// so what a change of an edge gives or takes is found by walking from it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/engine.h"
#include "engine/scopes.h"
#include "workspace/scope_names.h"

namespace wherry::workspace {

// A user with his roles, and what he holds now. Shared by his sessions.
struct Holder {
  std::string user_id;
  std::vector<std::string> roles;  // sorted
  std::unordered_set<ScopeId> scopes;
  std::set<ScopeId> changed;  // within the group: to be compared by the sessions
  bool holds(ScopeId scope) const { return scopes.contains(scope); }
};

struct Edge {
  ScopeId to = 0;      // whoever holds this…
  ScopeId scope = 0;   // …holds this
  int64_t source = 0;  // the grant, by its place in the bundle
  std::string key;     // of the row it is found in
  auto operator<=>(const Edge&) const = default;
};

struct EdgeChanges {
  std::vector<Edge> added, removed;
};

class Access {
 public:
  Access(sqlite::Database& db, const Bundle& bundle, Predicates& predicates, ScopeNames& names)
      : db_(db), bundle_(bundle), predicates_(predicates), names_(names) {}

  // Computes what he holds if he is not known yet. Within a transaction: gives scopes their numbers and
  // notes the roots in the history, as from `seq`.
  Result<std::shared_ptr<Holder>> holder(const std::string& user_id, std::vector<std::string> roles, Seq seq);

  Result<EdgeChanges> edge_changes(const Delta& delta);
  // Writes the edges and tells every holder. `seq`: of the command.
  Result<> apply(const EdgeChanges& changes, Seq seq);
  // The scopes a holder would gain by the added edges.
  Result<std::unordered_set<ScopeId>> gains(const Holder& holder, const EdgeChanges& changes);

  Result<std::vector<ScopeId>> scope_ids(size_t table, const Row& row, const RowReader& read);

  // Whose scopes have changed within the group, until it has been published.
  const std::vector<Holder*>& changed() const { return changed_; }
  void published();

  // Recomputes every holder from the database, after a rollback.
  Result<> reload();
  // Forgets holders that nobody uses.
  void sweep();

 private:
  Result<std::unordered_set<ScopeId>> closure(const Holder& holder);
  Result<std::vector<ScopeId>> roots(const Holder& holder);
  Result<std::vector<ScopeId>> targets(ScopeId to);
  Result<bool> edge_exists(ScopeId to, ScopeId scope);
  Result<> gain(Holder& holder, ScopeId scope);
  Result<> lose(Holder& holder, ScopeId scope);
  void note_change(Holder& holder, ScopeId scope);
  Result<bool> still_held(Holder& holder, ScopeId scope);
  bool may_have_twin(const Holder& holder, const ScopeInfo& twin) const;
  Result<> note_roots(const Holder& holder, Seq seq);

  sqlite::Database& db_;
  const Bundle& bundle_;
  Predicates& predicates_;
  ScopeNames& names_;
  std::map<std::pair<std::string, std::vector<std::string>>, std::shared_ptr<Holder>> holders_;
  std::vector<Holder*> changed_;
};

}  // namespace wherry::workspace

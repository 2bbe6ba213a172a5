// Scopes by number: the database and the sessions name scopes by small integers, people by name.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bundle/bundle.h"
#include "sqlite/database.h"

namespace wherry::workspace {

using ScopeId = int64_t;

struct ScopeInfo {
  ScopeId id = 0;
  std::string name;
  int kind = 0;
  std::vector<ScopeId> twins;  // its restricted twins, see ScopeKind::base
};

class ScopeNames {
 public:
  ScopeNames(sqlite::Database& db, const Bundle& bundle) : db_(db), bundle_(bundle) {}

  // Gives the scope a number if it has none, and its restricted twins with it. Within a transaction.
  Result<ScopeId> intern(const std::string& name);
  // The same by its parts; the argument is not NULL. Fast for the scope that was asked for last: most rows of
  // a group lie in one.
  Result<ScopeId> intern(int kind, const Value& argument);
  // The pointer stays valid until committed() or reload().
  Result<const ScopeInfo*> info(ScopeId id);
  const ScopeKind& kind(const ScopeInfo& info) const {
    return bundle_.scope_kinds[static_cast<size_t>(info.kind)];
  }
  // Made since committed(): it holds nothing older than the running group.
  bool is_new(ScopeId id) const { return id > last_committed_; }
  // The greatest number that was given. forget_after() takes back those above: what a refused command had
  // made.
  ScopeId last() const { return last_; }
  Result<> forget_after(ScopeId last);
  Result<> reload();  // forgets the cache, after a rollback and at open
  void committed();

 private:
  Result<std::optional<ScopeId>> find(const std::string& name);
  Result<ScopeId> insert(const std::string& name, int kind, std::optional<ScopeId> base);
  int kind_of(std::string_view name) const;

  sqlite::Database& db_;
  const Bundle& bundle_;
  std::unordered_map<std::string, ScopeId> ids_;
  std::unordered_map<ScopeId, ScopeInfo> infos_;
  struct Latest {
    int kind;
    Value argument;
    ScopeId id;
  };
  std::optional<Latest> latest_;
  ScopeId last_ = 0, last_committed_ = 0;
};

}  // namespace wherry::workspace

// The scopes this user holds, as far as the device knows, and how far each is filled: wherry_scopes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "sqlite/database.h"

namespace wherry {

struct Scope {
  int64_t id = 0;
  std::string name;
  bool on_demand = false;
  bool wanted = false;    // its rows are to be on the device
  bool complete = false;  // it has been live: from then on it changes in whole steps only
  // Rows belong to an incarnation; 0: none have come yet. A scan from 0 starts a new one, and at its end what
  // is only in an earlier one goes.
  int64_t incarnation = 0;
  std::vector<int64_t> earlier;
  // Complete up to `position`, and of the next seq up to the place `after`; or, when it moves along with all
  // live scopes, up to Meta::boundary.
  bool at_boundary = false;
  Seq position;
  std::string after;

  Seq complete_to(Seq boundary) const { return at_boundary ? boundary : position; }
  std::vector<int64_t> incarnations() const;  // that may have rows
};

class Held {
 public:
  explicit Held(sqlite::Database& db) : db_(db) {}
  Result<> load();

  // Pointers stay valid until the scope is removed or everything is loaded anew.
  Scope* find(int64_t id);
  Scope* find(std::string_view name);
  const std::map<int64_t, Scope>& all() const { return scopes_; }
  std::vector<int64_t> ids() const;

  // Adds the scope, or notes how it is loaded now.
  Result<Scope*> grant(const std::string& name, bool on_demand);
  Result<> save(const Scope& scope);
  Result<> remove(int64_t id);

 private:
  sqlite::Database& db_;
  std::map<int64_t, Scope> scopes_;
  std::map<std::string, int64_t, std::less<>> by_name_;
};

}  // namespace wherry

// The SQL conditions a bundle states over a row's own columns (`deleted`, `locked`, a grant's `where`),
// evaluated on row images that need not be in the database.
#pragma once

#include "bundle/bundle.h"
#include "sqlite/database.h"

namespace wherry {

class Predicates {
 public:
  Predicates(sqlite::Database& db, const Bundle& bundle) : db_(db), bundle_(bundle) {}

  Result<bool> is_deleted(size_t table, const Row& row);
  Result<bool> is_locked(size_t table, const Row& row);
  Result<bool> grants(const Grant& grant, const Row& row);

 private:
  // NULL counts as false; an empty condition is `when_empty`.
  Result<bool> holds(size_t table, const std::string& condition, const Row& row, bool when_empty);
  sqlite::Database& db_;
  const Bundle& bundle_;
};

}  // namespace wherry

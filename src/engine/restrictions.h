// Locks and deletions: whether a row, or what it belongs to, may be changed.
#pragma once

#include <optional>

#include "bundle/bundle.h"
#include "bundle/params.h"
#include "engine/predicates.h"
#include "engine/scopes.h"

namespace wherry {

class Restrictions {
 public:
  Restrictions(const Bundle& bundle, Predicates& predicates) : bundle_(bundle), predicates_(predicates) {}

  // entity_deleted or entity_locked for the row and then its parents, nearest first. `walked` collects the
  // parents looked at.
  Result<std::optional<Refusal>> check_row(const Command& command, size_t table, const Row& row,
                                           const RowReader& read, std::vector<RowRef>* walked);
  // The parents alone.
  Result<std::optional<Refusal>> check_parents(const Command& command, size_t table, const Row& row,
                                               const RowReader& read, std::vector<RowRef>* walked);

 private:
  Result<std::optional<Refusal>> check_one(const Command& command, size_t table, const Row& row);
  const Bundle& bundle_;
  Predicates& predicates_;
};

}  // namespace wherry

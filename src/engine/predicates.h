// The SQL conditions a bundle states over a row's own columns (`deleted`, `locked`, a grant's `where`),
// evaluated on row images that need not be in the database.
#pragma once

#include <optional>
#include <vector>

#include "bundle/bundle.h"
#include "sqlite/database.h"

namespace wherry {

class Predicates {
 public:
  Predicates(sqlite::Database& db, const Bundle& bundle);

  Result<bool> is_deleted(size_t table, const Row& row) { return holds(deleted_[table], row); }
  Result<bool> is_locked(size_t table, const Row& row) { return holds(locked_[table], row); }
  Result<bool> grants(size_t grant, const Row& row) { return holds(grants_[grant], row); }

 private:
  // Most conditions are of these forms, which need no SQL to be told.
  struct Condition {
    enum class Form { kAlways, kNever, kIsNull, kIsNotNull, kEqualsInteger, kSql } form = Form::kSql;
    size_t column = 0;
    int64_t number = 0;
    std::string sql;  // with the row's values as parameters
  };
  Condition compile(size_t table, const std::string& condition, Condition::Form when_empty) const;
  // NULL counts as false.
  Result<bool> holds(const Condition& condition, const Row& row);

  sqlite::Database& db_;
  const Bundle& bundle_;
  std::vector<Condition> deleted_, locked_, grants_;
};

}  // namespace wherry

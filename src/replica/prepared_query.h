// An app's query, made ready once: most apps ask the same few again and again.
#pragma once

#include <list>
#include <optional>
#include <set>
#include <string>

#include "replica/app.h"
#include "wherry/types.h"

namespace wherry {

// As PreparedQuery::tables has it.
std::string lower(std::string_view name);

struct PreparedQuery {
  std::string sql;
  sqlite::Statement statement;
  std::set<std::string> tables;  // that it reads, in lower case
  bool reads_index = false;      // a full-text index

  // `app` may be missing. Errors: kSql for anything that does not only read, or that SQLite refuses.
  static Result<PreparedQuery> prepare(sqlite::Database& db, App* app, std::string_view sql);
  // All rows; ready for the next time if that succeeds. Errors: kSql, and faults of the database.
  Result<QueryResult> run(const Row& parameters);
};

// Those used last. A query that is in use is not among them.
class PreparedQueries {
 public:
  explicit PreparedQueries(size_t most) : most_(most) {}

  std::optional<PreparedQuery> take(std::string_view sql);
  void put(PreparedQuery query);
  // They are of another schema, if it is not this one.
  void expect_schema(const std::string& hash);
  size_t count() const { return queries_.size(); }

 private:
  const size_t most_;
  std::list<PreparedQuery> queries_;  // the latest first
  std::string schema_;
};

}  // namespace wherry

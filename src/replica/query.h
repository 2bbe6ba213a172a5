// The app's own queries: read-only, on the replica's connection, and run again when their result changes.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/limits.h"
#include "replica/core.h"
#include "replica/prepared_query.h"
#include "wherry/types.h"

namespace wherry {

class Queries {
 public:
  explicit Queries(Core& core) : core_(core) {}

  // Errors: kSql for anything that does not only read, or that SQLite refuses.
  Result<QueryResult> run(std::string_view sql, const Row& parameters);
  Result<WatchId> watch(std::string sql, Row parameters,
                        const std::function<void(const QueryChange&)>& callback);
  void unwatch(WatchId id) { watches_.erase(id); }
  // Runs again what reads one of the tables and calls back where the result is another.
  Result<> changed(const std::set<std::string>& tables);

 private:
  struct Watch {
    std::string sql;
    Row parameters;
    std::function<void(const QueryChange&)> callback;
    std::set<std::string> tables;
    QueryResult result;
    bool is_due = false;  // a change could not be shown
  };
  Result<PreparedQuery> take(std::string_view sql);
  Result<QueryResult> collect(PreparedQuery prepared, const Row& parameters);

  Core& core_;
  PreparedQueries prepared_{limits::kPreparedQueries};
  std::map<WatchId, Watch> watches_;
  WatchId next_id_ = 1;
  bool any_due_ = false;
};

// How one list of rows becomes the other, without regard to order.
QueryChange difference(const QueryResult& before, QueryResult after);

}  // namespace wherry

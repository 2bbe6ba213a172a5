#include "replica/prepared_query.h"

#include <algorithm>

#include "base/text.h"
#include "engine/deferred.h"

namespace wherry {

std::string lower(std::string_view name) {
  std::string text(name);
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

Result<PreparedQuery> PreparedQuery::prepare(sqlite::Database& db, App* app, std::string_view sql) {
  std::optional<Authorizer> own;  // the engine's is the connection's only one; without an app there is none
  Authorizer& authorizer = app != nullptr ? app->engine().authorizer() : own.emplace(db);
  StatementAccess access;
  authorizer.begin(&access, Authorizer::Rules::kQuery);
  auto statement = db.prepare(sql);
  authorizer.end();
  if (!access.refused.empty()) return fail(ErrorCode::kSql, access.refused);
  if (!statement) return std::unexpected(statement.error());
  if (sqlite3_stmt_readonly(statement->handle()) == 0 || statement->columns() == 0)
    return fail(ErrorCode::kSql, "a query may only read; data changes through commands");
  PreparedQuery prepared{std::string(sql), *std::move(statement), {}, false};
  for (const StatementAccess::TableRead& read : access.reads) {
    prepared.tables.insert(lower(read.table));
    prepared.reads_index |= app != nullptr && app->engine().deferred().deferral().is_target(read.table);
  }
  return prepared;
}

Result<QueryResult> PreparedQuery::run(const Row& parameters) {
  if (static_cast<int>(parameters.size()) > sqlite3_bind_parameter_count(statement.handle()))
    return fail(ErrorCode::kSql, "there are more values than parameters");
  statement.lend_all(parameters);
  QueryResult result;
  for (int i = 0; i < statement.columns(); ++i) result.columns.push_back(statement.column_name(i));
  while (true) {
    TRY_ASSIGN(const bool more, statement.step());
    if (!more) break;
    result.rows.push_back(statement.row());
  }
  statement.reset();
  return result;
}

std::optional<PreparedQuery> PreparedQueries::take(std::string_view sql) {
  const auto at = std::ranges::find(queries_, sql, &PreparedQuery::sql);
  if (at == queries_.end()) return std::nullopt;
  std::optional<PreparedQuery> taken = std::move(*at);
  queries_.erase(at);
  return taken;
}

void PreparedQueries::put(PreparedQuery query) {
  queries_.push_front(std::move(query));
  if (queries_.size() > most_) queries_.pop_back();
}

void PreparedQueries::expect_schema(const std::string& hash) {
  if (schema_ == hash) return;
  queries_.clear();
  schema_ = hash;
}

}  // namespace wherry

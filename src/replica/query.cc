#include "replica/query.h"

#include <algorithm>
#include <unordered_map>

#include "base/msgpack.h"
#include "base/text.h"
#include "engine/deferred.h"

namespace wherry {

namespace {

std::string lower(std::string_view name) {
  std::string text(name);
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string encoded(const Row& row) {
  std::string bytes;
  msgpack::Writer(bytes).row(row);
  return bytes;
}

}  // namespace

Result<Queries::Prepared> Queries::prepare(std::string_view sql) {
  StatementAccess access;
  const auto prepare_under = [&](Authorizer& authorizer) {
    authorizer.begin(&access, Authorizer::Rules::kQuery);
    auto statement = core_.db().prepare(sql);
    authorizer.end();
    return statement;
  };
  // The engine's authorizer is the connection's only one; without an app there is no engine.
  auto statement = [&] {
    if (core_.app() != nullptr) return prepare_under(core_.app()->engine().authorizer());
    Authorizer authorizer(core_.db());
    return prepare_under(authorizer);
  }();
  if (!access.refused.empty()) return fail(ErrorCode::kSql, access.refused);
  if (!statement) return std::unexpected(statement.error());
  if (sqlite3_stmt_readonly(statement->handle()) == 0 || statement->columns() == 0)
    return fail(ErrorCode::kSql, "a query may only read; data changes through commands");
  Prepared prepared{*std::move(statement), {}, false};
  for (const StatementAccess::TableRead& read : access.reads) {
    prepared.tables.insert(lower(read.table));
    prepared.reads_index |=
        core_.app() != nullptr && core_.app()->engine().deferred().deferral().is_target(read.table);
  }
  return prepared;
}

Result<QueryResult> Queries::collect(Prepared& prepared, const Row& parameters) {
  sqlite::Statement& statement = prepared.statement;
  if (static_cast<int>(parameters.size()) > sqlite3_bind_parameter_count(statement.handle()))
    return fail(ErrorCode::kSql, "there are more values than parameters");
  for (size_t i = 0; i < parameters.size(); ++i) statement.bind(static_cast<int>(i) + 1, parameters[i]);
  QueryResult result;
  for (int i = 0; i < statement.columns(); ++i) result.columns.push_back(statement.column_name(i));
  while (true) {
    auto more = statement.step();
    if (!more) {
      core_.note_damage(more.error());
      return std::unexpected(more.error());
    }
    if (!*more) return result;
    result.rows.push_back(statement.row());
  }
}

Result<QueryResult> Queries::run(std::string_view sql, const Row& parameters) {
  if (core_.damage()) return std::unexpected(*core_.damage());
  TRY_ASSIGN(Prepared prepared, prepare(sql));
  if (prepared.reads_index) TRY(core_.index_all());
  return collect(prepared, parameters);
}

Result<WatchId> Queries::watch(std::string sql, Row parameters,
                               const std::function<void(const QueryChange&)>& callback) {
  if (core_.damage()) return std::unexpected(*core_.damage());
  TRY_ASSIGN(Prepared prepared, prepare(sql));
  if (prepared.reads_index) TRY(core_.index_all());
  TRY_ASSIGN(QueryResult result, collect(prepared, parameters));
  const WatchId id = next_id_++;
  watches_.emplace(
      id, Watch{std::move(sql), std::move(parameters), callback, std::move(prepared.tables), result, false});
  callback(difference({}, std::move(result)));
  return id;
}

Result<> Queries::changed(const std::set<std::string>& tables) {
  if (tables.empty() && !any_due_) return {};
  any_due_ = false;
  std::set<std::string> names;
  for (const std::string& name : tables) names.insert(lower(name));
  std::vector<WatchId> concerned;
  for (const auto& [id, watch] : watches_)
    if (watch.is_due ||
        std::ranges::any_of(watch.tables, [&](const std::string& name) { return names.contains(name); }))
      concerned.push_back(id);
  for (const WatchId id : concerned) {
    const auto at = watches_.find(id);
    if (at == watches_.end()) continue;  // taken off by a callback
    // A new schema may have changed what it reads; one that is impossible now keeps its last result.
    auto prepared = prepare(at->second.sql);
    if (!prepared) continue;
    // What has been committed is not undone by a full disk: the result comes when the index can be written.
    if (prepared->reads_index && !any_due_) any_due_ = !core_.index_all();
    if (core_.damage()) return std::unexpected(*core_.damage());
    at->second.is_due = prepared->reads_index && any_due_;
    if (at->second.is_due) continue;
    TRY_ASSIGN(QueryResult result, collect(*prepared, at->second.parameters));
    at->second.tables = std::move(prepared->tables);
    if (result.rows == at->second.result.rows && result.columns == at->second.result.columns) continue;
    const QueryChange change = difference(at->second.result, result);
    at->second.result = std::move(result);
    const auto callback = at->second.callback;  // outlives an unwatch from within
    callback(change);
  }
  return {};
}

QueryChange difference(const QueryResult& before, QueryResult after) {
  QueryChange change;
  std::unordered_map<std::string, int64_t> surplus;
  for (const Row& row : before.rows) ++surplus[encoded(row)];
  for (const Row& row : after.rows)
    if (--surplus[encoded(row)] < 0) change.added.push_back(row);
  for (const Row& row : before.rows)
    if (int64_t& left = surplus[encoded(row)]; left > 0) {
      --left;
      change.removed.push_back(row);
    }
  change.columns = std::move(after.columns);
  change.rows = std::move(after.rows);
  return change;
}

}  // namespace wherry

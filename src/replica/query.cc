#include "replica/query.h"

#include <algorithm>
#include <unordered_map>

#include "base/msgpack.h"
#include "base/text.h"

namespace wherry {

namespace {

std::string encoded(const Row& row) {
  std::string bytes;
  msgpack::Writer(bytes).row(row);
  return bytes;
}

}  // namespace

// The app's commands may have found other tables since it was asked last.
Result<PreparedQuery> Queries::take(std::string_view sql) {
  prepared_.expect_schema(core_.meta.schema_hash);
  if (auto known = prepared_.take(sql)) return *std::move(known);
  auto prepared = PreparedQuery::prepare(core_.db(), core_.app(), sql);
  if (!prepared) core_.note_damage(prepared.error());
  return prepared;
}

Result<QueryResult> Queries::collect(PreparedQuery prepared, const Row& parameters) {
  auto result = prepared.run(parameters);
  if (result)
    prepared_.put(std::move(prepared));
  else
    core_.note_damage(result.error());
  return result;
}

Result<QueryResult> Queries::run(std::string_view sql, const Row& parameters) {
  if (core_.damage()) return std::unexpected(*core_.damage());
  TRY_ASSIGN(PreparedQuery prepared, take(sql));
  if (prepared.reads_index) TRY(core_.index_all());
  return collect(std::move(prepared), parameters);
}

Result<WatchId> Queries::watch(std::string sql, Row parameters,
                               const std::function<void(const QueryChange&)>& callback) {
  if (core_.damage()) return std::unexpected(*core_.damage());
  TRY_ASSIGN(PreparedQuery prepared, take(sql));
  if (prepared.reads_index) TRY(core_.index_all());
  std::set<std::string> tables = prepared.tables;
  TRY_ASSIGN(QueryResult result, collect(std::move(prepared), parameters));
  const WatchId id = next_id_++;
  watches_.emplace(id,
                   Watch{std::move(sql), std::move(parameters), callback, std::move(tables), result, false});
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
    auto prepared = take(at->second.sql);
    // What has been committed is not undone by a full disk: the result comes when the index can be written.
    if (prepared && prepared->reads_index && !any_due_) any_due_ = !core_.index_all();
    if (core_.damage()) return std::unexpected(*core_.damage());
    if (!prepared) continue;
    at->second.is_due = prepared->reads_index && any_due_;
    if (at->second.is_due) continue;
    at->second.tables = prepared->tables;
    TRY_ASSIGN(QueryResult result, collect(*std::move(prepared), at->second.parameters));
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

#include "replica/reader.h"

#include <algorithm>
#include <optional>

#include "base/limits.h"
#include "base/text.h"
#include "bundle/wire.h"
#include "engine/deferred.h"
#include "engine/dump.h"
#include "replica/app.h"
#include "replica/confirmed.h"
#include "replica/held.h"
#include "replica/images.h"
#include "replica/meta.h"
#include "replica/prepared_query.h"
#include "replica/queue.h"
#include "replica/salvage.h"
#include "replica/store.h"
#include "sqlite/page_vfs.h"
#include "sqlite/vfs_files.h"

namespace wherry {

namespace {

// A connection that finds the file in recovery waits for it.
constexpr int kBusyMs = 5000;

Result<> check_format(sqlite::Database& db, const std::string& path) {
  TRY_ASSIGN(const auto application, db.value("PRAGMA application_id"));
  if (application != Value(Store::kApplicationId))
    return fail(ErrorCode::kCorrupt, cat(path, " is not the file of a Wherry replica"));
  TRY_ASSIGN(const auto format, db.value("PRAGMA user_version"));
  if (format != Value(Store::kFormat))
    return fail(ErrorCode::kVersion, cat(path, " has another format than this program knows"));
  return {};
}

}  // namespace

class ReplicaReader::Impl {
 public:
  explicit Impl(std::unique_ptr<sqlite::Database> opened) : db(std::move(opened)) {}

  // Everything of one call comes from one snapshot; the bundle may be another one than at the last call.
  template <typename Work>
  auto read(Work work) -> decltype(work()) {
    TRY(db->execute("BEGIN"));
    const Result<> loaded = load();
    auto result = loaded ? work() : std::unexpected(loaded.error());
    TRY(db->execute("ROLLBACK"));
    return result;
  }

  Result<> load() {
    TRY_ASSIGN(meta, MetaTable(*db).load());
    if (app != nullptr && app_hash == meta.schema_hash) return {};
    TRY_ASSIGN(const auto bytes, db->value("SELECT value FROM wherry_meta WHERE key = 'bundle'"));
    if (!bytes || bytes->blob() == nullptr) return {};
    TRY_ASSIGN(Bundle bundle, decode_bundle(bytes->blob()->bytes));
    app.reset();
    TRY_ASSIGN(app, App::create(*db, std::move(bundle)));
    app->engine().set_user(meta.user_id);
    app_hash = meta.schema_hash;
    return {};
  }

  // A reader cannot write what an index lacks.
  Result<> check_indexed() {
    TRY_ASSIGN(const int64_t rows, app->engine().deferred().unindexed(1));
    if (rows == 0) return {};
    return fail(
        ErrorCode::kBusy,
        "the full-text index does not have the latest rows yet; the app that has the file open writes "
        "them within seconds, and if none has, whoever opens it next");
  }

  Result<QueryResult> query(std::string_view sql, const Row& parameters) {
    prepared.expect_schema(app_hash);
    std::optional<PreparedQuery> query = prepared.take(sql);
    if (!query) {
      TRY_ASSIGN(query, PreparedQuery::prepare(*db, app.get(), sql));
    }
    if (query->reads_index) TRY(check_indexed());
    TRY_ASSIGN(QueryResult result, query->run(parameters));
    prepared.put(*std::move(query));
    return result;
  }

  std::unique_ptr<sqlite::Database> db;
  Meta meta;
  std::unique_ptr<App> app;  // nothing before the first connection
  std::string app_hash;
  PreparedQueries prepared{limits::kPreparedQueries};
};

ReplicaReader::ReplicaReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReplicaReader::~ReplicaReader() = default;

Result<std::unique_ptr<ReplicaReader>> ReplicaReader::open(const std::string& path, const std::string& vfs) {
  TRY_ASSIGN(const bool found, sqlite::file_exists(path, vfs));
  if (!found) return fail(ErrorCode::kNotFound, cat("there is no file ", path));
  TRY(check_not_damaged(path, vfs));
  TRY_ASSIGN(const std::string paged, sqlite::page_vfs(vfs));
  TRY_ASSIGN(auto db, sqlite::Database::open(path, sqlite::Access::kReadOnly, paged));
  sqlite3_busy_timeout(db->handle(), kBusyMs);
  TRY(check_format(*db, path));
  return std::unique_ptr<ReplicaReader>(new ReplicaReader(std::make_unique<Impl>(std::move(db))));
}

Result<QueryResult> ReplicaReader::query(std::string_view sql, const Row& parameters) {
  return impl_->read([&] { return impl_->query(sql, parameters); });
}

Result<ReplicaStatus> ReplicaReader::status() {
  return impl_->read([&]() -> Result<ReplicaStatus> {
    const Meta& meta = impl_->meta;
    Queue queue(*impl_->db);
    Held held(*impl_->db);
    TRY(held.load());
    ReplicaStatus status;
    status.workspace = meta.workspace;
    status.user_id = meta.user_id;
    status.replica_id = meta.replica_id;
    status.epoch = meta.epoch;
    status.schema_hash = meta.schema_hash;
    status.position = meta.boundary;
    TRY_ASSIGN(status.pending, queue.count(CommandState::kPending));
    TRY_ASSIGN(status.rejected, queue.count(CommandState::kRejected));
    TRY_ASSIGN(status.superseded, queue.count(CommandState::kSuperseded));
    for (const auto& [id, scope] : held.all()) {
      const auto state = !scope.wanted    ? HeldScope::State::kUnloaded
                         : scope.complete ? HeldScope::State::kLive
                                          : HeldScope::State::kScanning;
      status.scopes.push_back(
          {scope.name, scope.on_demand, scope.wanted, state, scope.complete_to(meta.boundary)});
    }
    std::ranges::sort(status.scopes, {}, &HeldScope::name);
    return status;
  });
}

Result<std::vector<OwnCommand>> ReplicaReader::commands() {
  return impl_->read([&] { return Queue(*impl_->db).list(); });
}

Result<> ReplicaReader::dump(const std::function<Result<>(std::string_view line)>& each) {
  return impl_->read([&]() -> Result<> {
    if (impl_->app == nullptr) return {};
    App& app = *impl_->app;
    Images images(*impl_->db);
    for (const size_t table : dump_order(app.bundle()))
      TRY(each_confirmed(app, images, table,
                         [&](const Row& row) { return each(dump_line(app.table(table), row)); }));
    return {};
  });
}

}  // namespace wherry

#include "replica/app.h"

namespace wherry {

Result<std::unique_ptr<App>> App::create(sqlite::Database& db, Bundle bundle) {
  std::unique_ptr<App> app(new App(std::move(bundle)));
  TRY_ASSIGN(app->engine_, Engine::create(db, app->bundle_, Side::kReplica));
  for (size_t i = 0; i < app->bundle_.tables.size(); ++i) app->by_id_.emplace(app->bundle_.tables[i].id, i);
  return app;
}

std::optional<size_t> App::index_of(int64_t table_id) const {
  const auto at = by_id_.find(table_id);
  if (at == by_id_.end()) return std::nullopt;
  return at->second;
}

std::optional<RowRef> App::ref_of(const Value& table_id, const Value& key) const {
  if (table_id.integer() == nullptr || key.blob() == nullptr) return std::nullopt;
  const auto table = index_of(*table_id.integer());
  return table ? std::optional(RowRef{*table, key.blob()->bytes}) : std::nullopt;
}

}  // namespace wherry

// The app on this device: its compiled bundle and the engine that runs its commands on the replica's tables.
#pragma once

#include <memory>
#include <unordered_map>

#include "bundle/bundle.h"
#include "engine/engine.h"
#include "sqlite/database.h"

namespace wherry {

class App {
 public:
  // The tables of `bundle` exist in `db`, which outlives the app.
  static Result<std::unique_ptr<App>> create(sqlite::Database& db, Bundle bundle);

  const Bundle& bundle() const { return bundle_; }
  Engine& engine() { return *engine_; }
  Rows& rows() { return engine_->rows(); }
  const Table& table(size_t index) const { return bundle_.tables[index]; }
  // The wire and Wherry's own tables name tables by Table::id. Nothing: not on this device.
  std::optional<size_t> index_of(int64_t table_id) const;
  // The row that one of Wherry's own tables names. Nothing, too, for what only damage leaves in a file.
  std::optional<RowRef> ref_of(const Value& table_id, const Value& key) const;

 private:
  explicit App(Bundle bundle) : bundle_(std::move(bundle)) {}
  Bundle bundle_;
  std::unique_ptr<Engine> engine_;
  std::unordered_map<int64_t, size_t> by_id_;
};

}  // namespace wherry

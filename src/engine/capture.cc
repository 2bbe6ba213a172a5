#include "engine/capture.h"

#include "base/limits.h"
#include "base/msgpack.h"
#include "base/text.h"

namespace wherry {

namespace {

Cells all_cells(const Table& table) {
  const size_t count = table.columns.size();
  return count >= 64 ? ~Cells{0} : (Cells{1} << count) - 1;
}

}  // namespace

Result<std::unique_ptr<Capture>> Capture::watch(sqlite::Database& db, const Bundle& bundle, PreUpdate& hook) {
  std::unique_ptr<Capture> capture(new Capture(bundle));
  for (size_t i = 0; i < bundle.tables.size(); ++i) {
    const Table& table = bundle.tables[i];
    if (table.kind != TableKind::kSynced && table.kind != TableKind::kServerOnly) continue;
    TRY_ASSIGN(const std::vector<Row> info,
               db.rows(cat("SELECT name, cid FROM pragma_table_xinfo(", quote_text(table.name), ")")));
    Watched watched{i, {}};
    for (const Column& column : table.columns)
      for (const Row& row : info)
        if (*row[0].text() == column.name) watched.columns.push_back(static_cast<int>(*row[1].integer()));
    if (watched.columns.size() != table.columns.size()) continue;  // not in this database
    hook.watch(table.name, [self = capture.get(), watched](const PreUpdate::Change& change) {
      if (self->active_) self->changed(watched, change);
    });
  }
  return capture;
}

void Capture::begin() {
  delta_.rows.clear();
  index_.clear();
  intents_ = nullptr;
  active_ = true;
  too_many_ = key_changed_ = false;
}

Delta Capture::end() {
  active_ = false;
  return std::move(delta_);
}

void Capture::changed(const Watched& watched, const PreUpdate::Change& seen) {
  const Table& table = bundle_.tables[watched.table];
  const auto image = [&](Value (PreUpdate::Change::*value)(int) const) {
    Row row;
    row.reserve(watched.columns.size());
    for (const int column : watched.columns) row.push_back((seen.*value)(column));
    return row;
  };
  if (seen.operation == SQLITE_DELETE) {
    Row old = image(&PreUpdate::Change::before);
    RowRef ref = ref_of(watched.table, old);
    RowChange& change = change_of(std::move(ref), std::move(old));
    change.after.reset();
    change.existence = true;
    return;
  }
  Row now = image(&PreUpdate::Change::after);
  if (seen.operation == SQLITE_INSERT) {
    RowChange& change = change_of(ref_of(watched.table, now), std::nullopt);
    change.after = std::move(now);
    change.assigned = all_cells(table);
    change.existence = true;
    return;
  }
  Row old = image(&PreUpdate::Change::before);
  RowRef ref = ref_of(watched.table, now);
  if (ref != ref_of(watched.table, old)) key_changed_ = true;
  Cells differing = 0;
  for (size_t i = 0; i < now.size(); ++i)
    if (now[i] != old[i]) differing |= Cells{1} << i;
  RowChange& change = change_of(std::move(ref), std::move(old));
  change.after = std::move(now);
  change.assigned |= differing;
  if (intents_ == nullptr) return;
  for (const WriteIntent& intent : *intents_)
    if (intent.table == watched.table) {
      change.assigned |= intent.assigns;
      if (intent.inserts) change.existence = true;
    }
}

RowChange& Capture::change_of(RowRef ref, std::optional<Row> before) {
  const auto [at, is_new] = index_.emplace(std::move(ref), delta_.rows.size());
  if (is_new) {
    delta_.rows.push_back({at->first, std::move(before), std::nullopt, 0, false});
    too_many_ = delta_.rows.size() > limits::kCommandRows;
  }
  return delta_.rows[at->second];
}

RowRef Capture::ref_of(size_t table, const Row& row) const {
  RowRef ref{table, {}};
  ref.key.reserve(20);
  msgpack::Writer writer(ref.key);
  for (const size_t column : bundle_.tables[table].key) writer.value(row[column]);
  return ref;
}

}  // namespace wherry

#include "engine/row_indexes.h"

#include <algorithm>

#include "base/text.h"
#include "bundle/tokens.h"

namespace wherry {

Result<std::unique_ptr<RowIndexes>> RowIndexes::watch(sqlite::Database& db, const Bundle& bundle,
                                                      std::span<const RowIndex> indexes, PreUpdate& hook) {
  std::unique_ptr<RowIndexes> made(new RowIndexes(db));
  for (const RowIndex& spec : indexes) {
    const Table& table = bundle.tables[spec.table];
    TRY_ASSIGN(const std::vector<Row> info,
               db.rows(cat("SELECT name, cid FROM pragma_table_xinfo(", quote_text(table.name), ")")));
    auto index = std::make_unique<Index>(
        spec, table.id, std::vector<int>(), sqlite::FixedStatement(db, spec.read),
        sqlite::FixedStatement(db, spec.add), sqlite::FixedStatement(db, spec.remove));
    for (const std::string& column : spec.columns)
      for (const Row& row : info)
        if (same_name(*row[0].text(), column)) index->columns.push_back(static_cast<int>(*row[1].integer()));
    if (index->columns.size() != spec.columns.size()) continue;  // not in this database
    hook.watch(table.name, [at = index.get()](const PreUpdate::Change& change) { note(*at, change); });
    made->indexes_.push_back(std::move(index));
  }
  // A savepoint that is rolled back does not call this.
  sqlite3_rollback_hook(
      db.handle(), [](void* self) { static_cast<RowIndexes*>(self)->forget(); }, made.get());
  return made;
}

RowIndexes::~RowIndexes() {
  sqlite3_rollback_hook(db_.handle(), nullptr, nullptr);
}

void RowIndexes::note(Index& index, const PreUpdate::Change& change) {
  if (!index.noting) return;
  const bool inserts = change.operation == SQLITE_INSERT;
  if (change.operation != SQLITE_DELETE && (inserts || change.rowid_after != change.rowid_before))
    index.changed.try_emplace(change.rowid_after);
  if (inserts || index.changed.contains(change.rowid_before)) return;
  Row before;
  bool differs = change.operation == SQLITE_DELETE || change.rowid_after != change.rowid_before;
  for (const int column : index.columns) {
    before.push_back(change.before(column));
    differs = differs || change.after(column) != before.back();
  }
  if (differs) index.changed.emplace(change.rowid_before, std::move(before));
}

void RowIndexes::forget() {
  for (const auto& index : indexes_) index->changed.clear();
}

void RowIndexes::set_noting(size_t table, bool noting) {
  for (const auto& index : indexes_)
    if (index->spec.table == table) index->noting = noting;
}

Result<std::optional<Row>> RowIndexes::row_of(Index& index, int64_t rowid) {
  TRY_ASSIGN(sqlite::Statement * s, index.read.use());
  TRY_ASSIGN(const bool found, s->bind(1, rowid).step());
  std::optional<Row> row;
  if (found) row = s->row();
  s->reset();
  return row;
}

Result<> RowIndexes::put(sqlite::FixedStatement& statement, int64_t rowid, const Row& entry) {
  TRY_ASSIGN(sqlite::Statement * s, statement.use());
  s->bind(1, rowid);
  for (size_t i = 0; i < entry.size(); ++i) s->lend(static_cast<int>(i) + 2, entry[i]);
  return s->run();
}

// In order of rowid: FTS5 writes out what it has gathered whenever a rowid is not above the one before.
Result<> RowIndexes::write(Unindexed* unindexed) {
  for (const auto& index : indexes_) {
    if (index->changed.empty()) continue;
    // A failure here may roll the transaction back, and what is noted is forgotten with it.
    const auto changed = std::exchange(index->changed, {});
    const bool follows = unindexed != nullptr && index->spec.may_follow;
    TRY(follows ? put_off(*index, changed, *unindexed) : write(*index, changed));
  }
  return {};
}

Result<> RowIndexes::write(Index& index, const Changed& changed) {
  for (const auto& [rowid, before] : changed) {
    TRY_ASSIGN(const std::optional<Row> now, row_of(index, rowid));
    if (now == before) continue;
    if (before) TRY(put(index.remove, rowid, *before));
    if (now) TRY(put(index.add, rowid, *now));
  }
  return {};
}

Result<> RowIndexes::put_off(Index& index, const Changed& changed, Unindexed& unindexed) {
  std::vector<int64_t> known;  // rows that were there before
  for (const auto& [rowid, before] : changed)
    if (before) known.push_back(rowid);
  TRY_ASSIGN(const std::vector<bool> lack_entries, unindexed.has(index.table, known));
  auto lacks_entry = lack_entries.begin();
  std::vector<int64_t> gone;  // of those that lack their entries
  Unindexed::Adding adding(unindexed);
  for (const auto& [rowid, before] : changed) {
    if (!before) {  // a row that is not there after all does no harm
      TRY(adding.add(index.table, rowid));
      continue;
    }
    TRY_ASSIGN(const std::optional<Row> now, row_of(index, rowid));
    if (*lacks_entry++) {
      if (!now) gone.push_back(rowid);
    } else if (now != before) {
      TRY(unindexed.keep(index.table, rowid, *before));
    }
  }
  TRY(adding.finish());
  return unindexed.remove(index.table, gone);
}

Result<int64_t> RowIndexes::renew(Unindexed& unindexed, int64_t entries) {
  return unindexed.take_outdated(entries, [&](const Unindexed::Outdated& entry) -> Result<> {
    const auto index = std::ranges::find(indexes_, entry.table, [](const auto& i) { return i->table; });
    // A new schema is not taken before all is written.
    if (index == indexes_.end())
      return fail(ErrorCode::kInternal, "an entry is outdated in an index that is no more");
    std::optional<Row> now;
    if (!entry.lacks_entry) {
      TRY_ASSIGN(now, row_of(**index, entry.rowid));
    }
    if (now == entry.values) return {};
    TRY(put((*index)->remove, entry.rowid, entry.values));
    return now ? put((*index)->add, entry.rowid, *now) : Result<>();
  });
}

}  // namespace wherry

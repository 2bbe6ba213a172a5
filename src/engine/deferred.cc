#include "engine/deferred.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "base/text.h"
#include "engine/rows.h"

namespace wherry {

namespace {

// So many entries are gathered at once, at most.
constexpr size_t kSlice = 20'000;

// To look into the temporary schema would make one.
Result<> drop_earlier(sqlite::Database& db) {
  TRY_ASSIGN(const auto has_any, db.value("SELECT 1 FROM pragma_database_list WHERE name = 'temp'"));
  if (!has_any) return {};
  TRY_ASSIGN(const std::vector<Row> earlier,
             db.rows("SELECT type, name FROM sqlite_temp_schema WHERE name GLOB 'wherry_deferred*' "
                     "ORDER BY type = 'table'"));
  for (const Row& row : earlier)
    TRY(db.execute(cat("DROP ", *row[0].text(), " temp.", quote_name(*row[1].text()))));
  return {};
}

Result<> make_triggers(sqlite::Database& db, const Deferral& deferral) {
  size_t most = 1;
  for (const DeferredStatement& statement : deferral.statements) most = std::max(most, statement.values);
  std::string columns;
  for (size_t i = 1; i <= most; ++i) columns += cat(", v", i);
  TRY(db.execute(
      cat("CREATE TEMP TABLE wherry_deferred(n INTEGER PRIMARY KEY, statement INTEGER", columns, ")")));
  for (const DeferredTrigger& trigger : deferral.triggers) TRY(db.execute(trigger.create));
  return {};
}

}  // namespace

Result<std::unique_ptr<DeferredTriggers>> DeferredTriggers::install(sqlite::Database& db,
                                                                    const Bundle& bundle, PreUpdate& hook) {
  Deferral deferral = deferral_of(bundle);
  TRY(drop_earlier(db));
  // A file that was made when all triggers were stored would fill the index twice.
  TRY_ASSIGN(const std::vector<Row> stored,
             db.rows("SELECT name FROM main.sqlite_schema WHERE type = 'trigger'"));
  for (const Row& row : stored)
    if (deferral.replaces(*row[0].text()))
      TRY(db.execute(cat("DROP TRIGGER main.", quote_name(*row[0].text()))));
  if (!deferral.triggers.empty()) TRY(make_triggers(db, deferral));
  std::unique_ptr<DeferredTriggers> made(new DeferredTriggers(db, bundle, std::move(deferral)));
  TRY_ASSIGN(const auto may_follow,
             db.value("SELECT 1 FROM main.sqlite_schema WHERE name = 'wherry_unindexed'"));
  made->entries_follow_ = may_follow.has_value();
  TRY_ASSIGN(made->row_indexes_, RowIndexes::watch(db, bundle, made->deferral_.indexes, hook));
  return made;
}

DeferredTriggers::DeferredTriggers(sqlite::Database& db, const Bundle& bundle, Deferral deferral)
    : db_(db),
      bundle_(bundle),
      deferral_(std::move(deferral)),
      waiting_(db, "SELECT * FROM temp.wherry_deferred WHERE n > ?1 ORDER BY n LIMIT ?2"),
      unindexed_(db) {}

bool DeferredTriggers::may_follow(size_t table) const {
  return entries_follow_ && std::ranges::any_of(deferral_.indexes, [&](const RowIndex& index) {
           return index.table == table && index.may_follow;
         });
}

Result<> DeferredTriggers::add_unindexed(size_t table, std::span<const Row* const> rows) {
  TRY(run());  // a new row may have the rowid of one that went
  TRY_ASSIGN(sqlite::Statement * add, db_.cached(insert_sql("INSERT INTO ", bundle_.tables[table])));
  const int64_t id = bundle_.tables[table].id;
  Unindexed::Adding following(unindexed_);
  row_indexes_->set_noting(table, false);
  const Result<> added = [&]() -> Result<> {
    for (const Row* row : rows) {
      TRY(add->lend_all(*row).run());
      TRY(following.add(id, sqlite3_last_insert_rowid(db_.handle())));
    }
    return following.finish();
  }();
  row_indexes_->set_noting(table, true);
  return added;
}

Result<int64_t> DeferredTriggers::unindexed(int64_t at_most) {
  return entries_follow_ ? unindexed_.count(at_most) : 0;
}

Result<> DeferredTriggers::index_more(int64_t rows) {
  TRY(run());  // of rows that have changed since they came
  TRY_ASSIGN(const int64_t renewed, row_indexes_->renew(unindexed_, rows));
  TRY_ASSIGN(const auto next, unindexed_.next(rows - renewed));
  if (!next) return {};
  const auto index = std::ranges::find(deferral_.indexes, next->table,
                                       [&](const RowIndex& i) { return bundle_.tables[i.table].id; });
  // A new schema is not taken before all is written.
  if (index == deferral_.indexes.end())
    return fail(ErrorCode::kInternal, "rows wait for a full-text index that does not follow them any more");
  TRY(db_.run(index->fill, {Value(next->table), Value(next->last)}));
  return unindexed_.done(*next);
}

Result<> DeferredTriggers::complete() {
  TRY(run());
  while (true) {
    TRY_ASSIGN(const int64_t rows, unindexed(1));
    if (rows == 0) return {};
    TRY(index_more(kSlice));
  }
}

// An entry that is added and removed again, or removed and added again as it was, need not be written: a
// replica that runs its pending commands again does little else.
std::vector<DeferredTriggers::Work> DeferredTriggers::without_detours(std::vector<Work> work) const {
  struct Entries {
    std::unordered_map<int64_t, std::vector<size_t>> last;  // by rowid, what is left of its entries
  };
  std::map<std::string_view, Entries> tables;
  std::vector<bool> dropped(work.size());
  bool by_rowid = true;
  for (size_t i = 0; i < work.size(); ++i) {
    Entries& table = tables[deferral_.statements[work[i].statement].target];
    const std::optional<int64_t> rowid = rowid_of(work[i]);
    if (!rowid) {  // may concern any entry
      table.last.clear();
      by_rowid = false;
      continue;
    }
    std::vector<size_t>& last = table.last[*rowid];
    if (!last.empty() && cancel_out(work[last.back()], work[i])) {
      dropped[last.back()] = dropped[i] = true;
      last.pop_back();
    } else {
      last.push_back(i);
    }
  }
  std::vector<size_t> order;
  for (size_t i = 0; i < work.size(); ++i)
    if (!dropped[i]) order.push_back(i);
  // FTS5 writes out what it has gathered whenever a rowid is not above the one before. Entries of different
  // rowids do not depend on each other.
  if (by_rowid)
    std::ranges::sort(order, {}, [&](size_t i) {
      return std::tuple(std::string_view(deferral_.statements[work[i].statement].target), rowid_of(work[i]),
                        i);
    });
  std::vector<Work> left;
  left.reserve(order.size());
  for (const size_t i : order) left.push_back(std::move(work[i]));
  return left;
}

bool DeferredTriggers::cancel_out(const Work& a, const Work& b) const {
  using Effect = DeferredStatement::Effect;
  const DeferredStatement& first = deferral_.statements[a.statement];
  const DeferredStatement& second = deferral_.statements[b.statement];
  return first.effect != second.effect && first.effect != Effect::kOther && second.effect != Effect::kOther &&
         std::ranges::equal(first.entry(), second.entry()) && std::ranges::equal(entry_of(a), entry_of(b));
}

// Of the entry that it adds or removes.
std::optional<int64_t> DeferredTriggers::rowid_of(const Work& work) const {
  const DeferredStatement& statement = deferral_.statements[work.statement];
  if (statement.effect == DeferredStatement::Effect::kOther) return std::nullopt;
  const int64_t* rowid = work.values[statement.rowid].integer();
  return rowid == nullptr ? std::nullopt : std::optional(*rowid);
}

std::span<const Value> DeferredTriggers::entry_of(const Work& work) const {
  const bool commands = deferral_.statements[work.statement].effect == DeferredStatement::Effect::kRemoves;
  return std::span(work.values).subspan(commands ? 1 : 0);
}

void DeferredTriggers::rolled_back() {
  row_indexes_->forget();
}

Result<> DeferredTriggers::run() {
  TRY(row_indexes_->write(entries_follow_ ? &unindexed_ : nullptr));
  return deferral_.triggers.empty() ? Result<>() : run_triggers();
}

Result<> DeferredTriggers::run_triggers() {
  int64_t last = 0;
  for (size_t gathered = kSlice; gathered == kSlice;) {
    std::vector<Work> work;
    TRY_ASSIGN(sqlite::Statement * s, waiting_.use());
    s->bind(1, last).bind(2, static_cast<int64_t>(kSlice));
    while (true) {
      TRY_ASSIGN(const bool more, s->step());
      if (!more) break;
      last = s->integer(0);
      Work one{static_cast<size_t>(s->integer(1)), {}};
      for (size_t i = 0; i < deferral_.statements[one.statement].values; ++i)
        one.values.push_back(s->value(static_cast<int>(i) + 2));
      work.push_back(std::move(one));
    }
    s->reset();
    gathered = work.size();
    for (const Work& one : without_detours(std::move(work)))
      TRY(db_.run(deferral_.statements[one.statement].sql, one.values));
  }
  return last == 0 ? Result<>() : db_.run("DELETE FROM temp.wherry_deferred");
}

}  // namespace wherry

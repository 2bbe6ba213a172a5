#include "engine/deferred.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"

namespace wherry {

namespace {

// So many entries are gathered at once, at most.
constexpr size_t kSlice = 20'000;
// While rows are added whose entries follow.
constexpr std::string_view kUnlessOff = "WHEN NOT EXISTS (SELECT 1 FROM temp.wherry_deferred_off)";

}  // namespace

Result<std::unique_ptr<DeferredTriggers>> DeferredTriggers::install(sqlite::Database& db,
                                                                    const Bundle& bundle) {
  Deferral deferral = deferral_of(bundle);
  TRY_ASSIGN(const std::vector<Row> earlier,
             db.rows("SELECT type, name FROM sqlite_temp_schema WHERE name GLOB 'wherry_deferred*' "
                     "ORDER BY type = 'table'"));
  for (const Row& row : earlier)
    TRY(db.execute(cat("DROP ", *row[0].text(), " temp.", quote_name(*row[1].text()))));
  // A file that was made when all triggers were stored would fill the index twice.
  for (const DeferredTrigger& trigger : deferral.triggers) {
    TRY_ASSIGN(const auto stored,
               db.value("SELECT 1 FROM main.sqlite_schema WHERE type = 'trigger' AND name = ?",
                        {Value(trigger.name)}));
    if (stored) TRY(db.execute(cat("DROP TRIGGER main.", quote_name(trigger.name))));
  }
  size_t most = 1;
  for (const DeferredStatement& statement : deferral.statements) most = std::max(most, statement.values);
  std::string columns;
  for (size_t i = 1; i <= most; ++i) columns += cat(", v", i);
  TRY(db.execute(cat("CREATE TEMP TABLE wherry_deferred(n INTEGER PRIMARY KEY, statement INTEGER", columns,
                     ");", "CREATE TEMP TABLE wherry_deferred_off(off INTEGER)")));
  TRY_ASSIGN(const auto may_follow,
             db.value("SELECT 1 FROM main.sqlite_schema WHERE name = 'wherry_unindexed'"));
  if (!may_follow) deferral.late.clear();
  std::unique_ptr<DeferredTriggers> made(new DeferredTriggers(db, bundle, std::move(deferral)));
  for (const DeferredTrigger& trigger : made->deferral_.triggers) {
    const bool is_late = std::ranges::any_of(
        made->deferral_.late, [&](const LateIndex& late) { return late.trigger == trigger.name; });
    TRY(db.execute(cat(trigger.head, is_late ? kUnlessOff : trigger.condition, trigger.body)));
  }
  return made;
}

DeferredTriggers::DeferredTriggers(sqlite::Database& db, const Bundle& bundle, Deferral deferral)
    : db_(db),
      bundle_(bundle),
      deferral_(std::move(deferral)),
      waiting_(db, "SELECT * FROM temp.wherry_deferred WHERE n > ?1 ORDER BY n LIMIT ?2"),
      unindexed_(db) {
  for (const DeferredStatement& statement : deferral_.statements) {
    const auto first = std::ranges::find(deferral_.statements, statement.target, &DeferredStatement::target);
    targets_.push_back(static_cast<size_t>(first - deferral_.statements.begin()));
    const auto late = std::ranges::find(deferral_.late, statement.target, &LateIndex::target);
    late_.push_back(late == deferral_.late.end() ? nullptr : &*late);
  }
}

const LateIndex* DeferredTriggers::late_of(size_t table) const {
  const auto at = std::ranges::find(deferral_.late, table, &LateIndex::table);
  return at == deferral_.late.end() ? nullptr : &*at;
}

Result<> DeferredTriggers::add_unindexed(size_t table, std::span<const Row* const> rows) {
  TRY(run());  // a new row may have the rowid of one that went
  TRY_ASSIGN(sqlite::Statement * add, db_.cached(late_of(table)->add));
  const int64_t id = bundle_.tables[table].id;
  TRY(db_.run("INSERT INTO temp.wherry_deferred_off VALUES(1)"));
  Unindexed::Adding following(unindexed_);
  for (const Row* row : rows) {
    TRY(add->lend_all(*row).run());
    TRY(following.add(id, sqlite3_last_insert_rowid(db_.handle())));
  }
  TRY(following.finish());
  TRY(db_.run("DELETE FROM temp.wherry_deferred_off"));
  return {};
}

Result<int64_t> DeferredTriggers::unindexed(int64_t at_most) {
  return deferral_.late.empty() ? 0 : unindexed_.count(at_most);
}

Result<> DeferredTriggers::index_more(int64_t rows) {
  TRY(run());  // of rows that have changed since they came
  TRY_ASSIGN(const auto next, unindexed_.next(rows));
  if (!next) return {};
  const auto late = std::ranges::find(deferral_.late, next->table,
                                      [&](const LateIndex& l) { return bundle_.tables[l.table].id; });
  // A new schema is not taken before all is written: the table is there.
  if (late != deferral_.late.end()) TRY(db_.run(late->fill, {Value(next->table), Value(next->last)}));
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

// A row without an entry has none to be removed. What is left of its work ends with an addition, and then it
// goes on waiting, or with a removal, and then there is nothing to wait for.
Result<std::vector<DeferredTriggers::Work>> DeferredTriggers::without_unindexed(std::vector<Work> work) {
  TRY_ASSIGN(const int64_t rows, unindexed(1));
  if (rows == 0) return work;
  for (const LateIndex& late : deferral_.late) {
    const auto is_its = [&](const Work& one) { return late_of(one) == &late; };
    std::map<int64_t, DeferredStatement::Effect> last;
    for (const Work& one : work)
      if (is_its(one))
        last.insert_or_assign(last.end(), *rowid_of(one), deferral_.statements[one.statement].effect);
    std::vector<int64_t> rowids;
    for (const auto& [rowid, effect] : last) rowids.push_back(rowid);
    const int64_t table = bundle_.tables[late.table].id;
    TRY_ASSIGN(const std::vector<bool> waits, unindexed_.has(table, rowids));
    std::unordered_set<int64_t> waiting;
    std::vector<int64_t> gone;
    for (size_t i = 0; i < rowids.size(); ++i) {
      if (!waits[i]) continue;
      waiting.insert(rowids[i]);
      if (last.at(rowids[i]) == DeferredStatement::Effect::kRemoves) gone.push_back(rowids[i]);
    }
    TRY(unindexed_.remove(table, gone));
    std::erase_if(work, [&](const Work& one) { return is_its(one) && waiting.contains(*rowid_of(one)); });
  }
  return work;
}

// An entry that is added and removed again, or removed and added again as it was, need not be written: a
// replica that runs its pending commands again does little else.
std::vector<DeferredTriggers::Work> DeferredTriggers::without_detours(std::vector<Work> work) const {
  using Last = std::unordered_map<int64_t, std::vector<size_t>>;  // by rowid, what is left of its entries
  std::map<size_t, Last> targets;
  std::vector<bool> dropped(work.size());
  bool by_rowid = true;
  for (size_t i = 0; i < work.size(); ++i) {
    Last& entries = targets[target_of(work[i])];
    const std::optional<int64_t> rowid = rowid_of(work[i]);
    if (!rowid) {  // may concern any entry
      entries.clear();
      by_rowid = false;
      continue;
    }
    std::vector<size_t>& last = entries[*rowid];
    if (!last.empty() && cancel_out(work[last.back()], work[i])) {
      dropped[last.back()] = dropped[i] = true;
      last.pop_back();
    } else {
      last.push_back(i);
    }
  }
  using Place = std::tuple<size_t, int64_t, size_t>;  // target, rowid, place in `work`
  std::vector<Place> order;
  for (size_t i = 0; i < work.size(); ++i)
    if (!dropped[i]) order.emplace_back(target_of(work[i]), rowid_of(work[i]).value_or(0), i);
  // FTS5 writes out what it has gathered whenever a rowid is not above the one before. Entries of different
  // rowids do not depend on each other.
  if (by_rowid) std::ranges::sort(order);
  std::vector<Work> left;
  left.reserve(order.size());
  for (const auto& [target, rowid, i] : order) left.push_back(std::move(work[i]));
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

Result<> DeferredTriggers::run() {
  if (deferral_.triggers.empty()) return {};
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
      one.values.reserve(deferral_.statements[one.statement].values);
      for (size_t i = 0; i < deferral_.statements[one.statement].values; ++i)
        one.values.push_back(s->value(static_cast<int>(i) + 2));
      work.push_back(std::move(one));
    }
    s->reset();
    gathered = work.size();
    work = without_detours(std::move(work));
    if (!deferral_.late.empty() && !work.empty()) {
      TRY_ASSIGN(work, without_unindexed(std::move(work)));
    }
    Unindexed::Adding following(unindexed_);
    for (const Work& one : work) {
      const DeferredStatement& statement = deferral_.statements[one.statement];
      if (const LateIndex* late = late_of(one); late && statement.effect == DeferredStatement::Effect::kAdds)
        TRY(following.add(bundle_.tables[late->table].id, *rowid_of(one)));
      else
        TRY(db_.run(statement.sql, one.values));
    }
    TRY(following.finish());
  }
  return last == 0 ? Result<>() : db_.run("DELETE FROM temp.wherry_deferred");
}

}  // namespace wherry

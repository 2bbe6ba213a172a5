#include "engine/unindexed.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace wherry {

Unindexed::Unindexed(sqlite::Database& db)
    : db_(db),
      keep_(db, "INSERT OR IGNORE INTO wherry_outdated(tbl, row, place, value) VALUES(?1, ?2, ?3, ?4)") {}

Result<> Unindexed::Adding::add(int64_t table, int64_t rowid) {
  if (run_ && run_->table == table && run_->last < rowid && run_->last + 1 == rowid) {
    run_->last = rowid;
    return {};
  }
  TRY(finish());
  run_ = Run{table, rowid, rowid};
  return {};
}

Result<> Unindexed::Adding::finish() {
  return run_ ? to_.add(*std::exchange(run_, std::nullopt)) : Result<>();
}

Result<> Unindexed::add(Run run) {
  if (run.last < std::numeric_limits<int64_t>::max()) {
    // Mostly no run begins behind the one that this goes on.
    TRY_ASSIGN(const std::optional<Run> last, run_at_or_before(run.table, run.last + 1));
    if (!last) return insert(run);
    if (last->last < run.first) return last->last + 1 == run.first ? extend(*last, run.last) : insert(run);
  }
  // A row that came and went within a transaction may have left its rowid here.
  while (true) {
    TRY_ASSIGN(const std::optional<Run> met, run_at_or_before(run.table, run.last));
    if (!met || met->last < run.first) break;
    TRY(erase(*met));
    run = {run.table, std::min(run.first, met->first), std::max(run.last, met->last)};
  }
  TRY_ASSIGN(const std::optional<Run> before, run_at_or_before(run.table, run.first));
  if (before && before->last + 1 == run.first) {
    TRY(erase(*before));
    run.first = before->first;
  }
  if (run.last < std::numeric_limits<int64_t>::max()) {
    TRY_ASSIGN(const std::optional<Run> after, run_at_or_before(run.table, run.last + 1));
    if (after && after->first == run.last + 1) {
      TRY(erase(*after));
      run.last = after->last;
    }
  }
  return insert(run);
}

Result<std::vector<bool>> Unindexed::has(int64_t table, std::span<const int64_t> rowids) {
  std::vector<bool> found;
  found.reserve(rowids.size());
  std::optional<Run> run;
  bool none_left = false;
  for (const int64_t rowid : rowids) {
    if (!none_left && (!run || run->last < rowid)) {
      TRY_ASSIGN(run, run_at_or_after(table, rowid));
      none_left = !run;
    }
    found.push_back(run && run->first <= rowid && rowid <= run->last);
  }
  return found;
}

Result<> Unindexed::remove(int64_t table, std::span<const int64_t> rowids) {
  for (size_t i = 0; i < rowids.size();) {
    size_t next = i + 1;
    while (next < rowids.size() && rowids[next - 1] + 1 == rowids[next]) ++next;
    TRY(remove({table, rowids[i], rowids[next - 1]}));
    i = next;
  }
  return {};
}

Result<> Unindexed::remove(const Run& part) {
  while (true) {
    TRY_ASSIGN(const std::optional<Run> met, run_at_or_before(part.table, part.last));
    if (!met || met->last < part.first) return {};
    TRY(erase(*met));
    if (met->first < part.first) TRY(insert({part.table, met->first, part.first - 1}));
    if (part.last < met->last) TRY(insert({part.table, part.last + 1, met->last}));
  }
}

Result<> Unindexed::keep(int64_t table, int64_t rowid, const Row& values) {
  for (size_t place = 0; place < values.size(); ++place) {
    TRY_ASSIGN(sqlite::Statement * s, keep_.use());
    s->bind(1, table).bind(2, rowid).bind(3, static_cast<int64_t>(place)).lend(4, values[place]);
    TRY(s->run());
  }
  return {};
}

Result<int64_t> Unindexed::take_outdated(int64_t entries,
                                         const std::function<Result<>(const Outdated&)>& each) {
  TRY_ASSIGN(sqlite::Statement * s,
             db_.cached("SELECT tbl, row, value, (SELECT last FROM wherry_unindexed AS run"
                        " WHERE run.tbl = entry.tbl AND run.first <= entry.row"
                        " ORDER BY run.first DESC LIMIT 1) >= row"
                        " FROM wherry_outdated AS entry ORDER BY tbl, row, place"));
  int64_t taken = 0;
  Outdated entry;
  TRY_ASSIGN(bool more, s->step());
  for (; more && taken < entries; ++taken) {
    entry = {s->integer(0), s->integer(1), {}, s->integer(3) != 0};
    do {
      entry.values.push_back(s->value(2));
      TRY_ASSIGN(more, s->step());
    } while (more && s->integer(0) == entry.table && s->integer(1) == entry.rowid);
    if (const Result<> done = each(entry); !done) {
      s->reset();
      return std::unexpected(done.error());
    }
  }
  s->reset();
  if (taken > 0)
    TRY(db_.run("DELETE FROM wherry_outdated WHERE (tbl, row) <= (?1, ?2)",
                {Value(entry.table), Value(entry.rowid)}));
  return taken;
}

Result<int64_t> Unindexed::count(int64_t at_most) {
  // Each run has a row at least.
  TRY_ASSIGN(const auto rows, db_.value("SELECT ifnull(sum(n), 0) FROM"
                                        " (SELECT last - first + 1 AS n FROM wherry_unindexed LIMIT ?1)",
                                        {Value(at_most)}));
  if (*rows->integer() >= at_most) return at_most;
  TRY_ASSIGN(const auto values, db_.value("SELECT count(*) FROM wherry_outdated"));  // pages tell, not rows
  return std::min(*rows->integer() + *values->integer(), at_most);
}

Result<std::optional<Unindexed::Run>> Unindexed::next(int64_t rows) {
  TRY_ASSIGN(sqlite::Statement * s,
             db_.cached("SELECT tbl, first, last FROM wherry_unindexed ORDER BY tbl, first LIMIT ?1"));
  s->bind(1, rows);
  std::optional<Run> taken;
  for (int64_t left = rows; left > 0;) {
    TRY_ASSIGN(const bool more, s->step());
    if (!more || (taken && taken->table != s->integer(0))) break;
    const int64_t first = s->integer(1);
    const int64_t last = s->integer(2) - first < left ? s->integer(2) : first + left - 1;
    left -= last - first + 1;
    taken = Run{s->integer(0), taken ? taken->first : first, last};
  }
  s->reset();
  return taken;
}

Result<> Unindexed::done(const Run& taken) {
  TRY(db_.run("DELETE FROM wherry_unindexed WHERE tbl = ?1 AND last <= ?2",
              {Value(taken.table), Value(taken.last)}));
  return db_.run("UPDATE wherry_unindexed SET first = ?2 + 1 WHERE tbl = ?1 AND first <= ?2",
                 {Value(taken.table), Value(taken.last)});
}

Result<std::optional<Unindexed::Run>> Unindexed::run_at_or_before(int64_t table, int64_t rowid) {
  TRY_ASSIGN(const std::vector<Row> rows,
             db_.rows("SELECT first, last FROM wherry_unindexed WHERE tbl = ?1 AND first <= ?2"
                      " ORDER BY first DESC LIMIT 1",
                      {Value(table), Value(rowid)}));
  if (rows.empty()) return std::nullopt;
  return Run{table, *rows[0][0].integer(), *rows[0][1].integer()};
}

Result<std::optional<Unindexed::Run>> Unindexed::run_at_or_after(int64_t table, int64_t rowid) {
  TRY_ASSIGN(const std::optional<Run> before, run_at_or_before(table, rowid));
  if (before && before->last >= rowid) return before;
  TRY_ASSIGN(const std::vector<Row> rows,
             db_.rows("SELECT first, last FROM wherry_unindexed WHERE tbl = ?1 AND first > ?2"
                      " ORDER BY first LIMIT 1",
                      {Value(table), Value(rowid)}));
  if (rows.empty()) return std::nullopt;
  return Run{table, *rows[0][0].integer(), *rows[0][1].integer()};
}

Result<> Unindexed::insert(const Run& run) {
  return db_.run("INSERT INTO wherry_unindexed(tbl, first, last) VALUES(?1, ?2, ?3)",
                 {Value(run.table), Value(run.first), Value(run.last)});
}

Result<> Unindexed::extend(const Run& run, int64_t last) {
  return db_.run("UPDATE wherry_unindexed SET last = ?3 WHERE tbl = ?1 AND first = ?2",
                 {Value(run.table), Value(run.first), Value(last)});
}

Result<> Unindexed::erase(const Run& run) {
  return db_.run("DELETE FROM wherry_unindexed WHERE tbl = ?1 AND first = ?2",
                 {Value(run.table), Value(run.first)});
}

}  // namespace wherry

#include "replica/join.h"

#include <algorithm>

#include "base/msgpack.h"
#include "base/text.h"

namespace wherry {

namespace {

Value key_of(const RowRef& ref) {
  return Value(Blob{ref.key});
}

}  // namespace

Result<> Joiner::items(const Scope& scope, std::vector<protocol::RowItem> items) {
  using Kind = protocol::RowItem::Kind;
  if (app_ == nullptr) return fail(ErrorCode::kProtocol, "rows came before the schema");
  for (protocol::RowItem& item : items) {
    const auto index = app_->index_of(item.table);
    if (!index) return fail(ErrorCode::kProtocol, cat("a row of the unknown table ", item.table));
    const Table& table = app_->table(*index);
    if (item.row.size() != (item.kind == Kind::kPut ? table.columns.size() : table.key.size()))
      return fail(ErrorCode::kProtocol, cat("a row of ", table.name, " has the wrong number of columns"));
    switch (item.kind) {
      case Kind::kPut:
        TRY(put(scope, *index, item));
        break;
      case Kind::kSet:
        TRY(set(scope, *index, item));
        break;
      case Kind::kGone:
        TRY(gone(scope, *index, item));
        break;
    }
    seen_ = std::max(seen_, item.seq);
  }
  return {};
}

Result<std::optional<Seq>> Joiner::version(const RowRef& ref) {
  TRY_ASSIGN(sqlite::Statement * statement, version_.use());
  statement->bind(1, id_of(ref)).lend_blob(2, ref.key);
  TRY_ASSIGN(const bool found, statement->step());
  std::optional<Seq> seq;
  if (found && !statement->is_null(0)) seq = Seq{statement->integer(0)};
  statement->reset();
  return seq;
}

Result<> Joiner::hold(sqlite::FixedStatement& how, const Scope& scope, const RowRef& ref, Seq seq) {
  TRY_ASSIGN(sqlite::Statement * statement, how.use());
  statement->bind(1, id_of(ref)).lend_blob(2, ref.key).bind(3, scope.incarnation).bind(4, seq.number);
  return statement->run();
}

Result<std::optional<Row>> Joiner::confirmed(const RowRef& ref) {
  if (const auto at = places_.find(ref); at != places_.end()) return news_[at->second].change.now;
  return images_.confirmed(*app_, ref);
}

Result<> Joiner::become(const RowRef& ref, std::optional<Row> row) {
  std::optional<Row> before;
  if (!places_.contains(ref)) {
    TRY_ASSIGN(before, images_.confirmed(*app_, ref));
  }
  note(ref, std::move(before), std::move(row));
  return {};
}

void Joiner::note(const RowRef& ref, std::optional<Row> before, std::optional<Row> now) {
  const auto [at, is_new] = places_.try_emplace(ref, news_.size());
  if (is_new) news_.push_back({{ref, std::move(before), std::nullopt}, 0});
  News& news = news_[at->second];
  news.change.now = std::move(now);
  news.order = ++order_;
}

Result<> Joiner::put(const Scope& scope, size_t table, protocol::RowItem& item) {
  const RowRef ref = app_->rows().ref_of(table, item.row);
  TRY_ASSIGN(const std::optional<Seq> present, version(ref));
  TRY(hold(present ? hold_again_ : hold_, scope, ref, item.seq));
  if (present) return item.seq < *present ? Result<>() : become(ref, std::move(item.row));
  note(ref, std::nullopt, std::move(item.row));  // held through no scope: there was no such row
  return {};
}

Result<> Joiner::set(const Scope& scope, size_t table, const protocol::RowItem& item) {
  const RowRef ref{table, encode_key(item.row)};
  TRY_ASSIGN(const std::optional<Seq> present, version(ref));
  if (!present) return {};
  TRY(hold(hold_again_, scope, ref, item.seq));
  if (item.seq < *present) return {};
  TRY_ASSIGN(std::optional<Row> row, confirmed(ref));
  if (!row) return {};
  for (const auto& [column, value] : item.cells) {
    if (column < 0 || static_cast<size_t>(column) >= row->size())
      return fail(ErrorCode::kProtocol, cat("a cell of ", app_->table(table).name, " in an unknown column"));
    (*row)[static_cast<size_t>(column)] = value;
  }
  if (app_->rows().ref_of(table, *row) != ref)
    return fail(ErrorCode::kProtocol, cat("a cell changes the key of a row of ", app_->table(table).name));
  return become(ref, std::move(row));
}

Result<> Joiner::gone(const Scope& scope, size_t table, const protocol::RowItem& item) {
  const RowRef ref{table, encode_key(item.row)};
  bool held = false;
  for (const int64_t incarnation : scope.incarnations()) {
    TRY(db_.run("DELETE FROM wherry_rows WHERE tbl = ?1 AND key = ?2 AND scope = ?3 AND seq <= ?4",
                {Value(id_of(ref)), key_of(ref), Value(incarnation), Value(item.seq.number)}));
    held |= db_.changes() > 0;
  }
  if (!held) return {};
  TRY_ASSIGN(const std::optional<Seq> left, version(ref));
  if (left) return {};
  return become(ref, std::nullopt);
}

// The first scope that goes makes the index by scope: most replicas never need it, and it would cost each row
// that comes an eighth more.
Result<> Joiner::drop(const std::vector<int64_t>& incarnations) {
  if (incarnations.empty()) return {};
  TRY(db_.run("CREATE INDEX IF NOT EXISTS wherry_rows_scope ON wherry_rows(scope)"));
  for (const int64_t incarnation : incarnations) {
    TRY_ASSIGN(const std::vector<Row> rows,
               db_.rows("SELECT tbl, key FROM wherry_rows WHERE scope = ?1 ORDER BY tbl, key",
                        {Value(incarnation)}));
    TRY(db_.run("DELETE FROM wherry_rows WHERE scope = ?1", {Value(incarnation)}));
    for (const Row& row : rows) {
      const auto ref = app_ == nullptr ? std::nullopt : app_->ref_of(row[0], row[1]);
      if (!ref) continue;
      TRY_ASSIGN(const std::optional<Seq> left, version(*ref));
      if (!left) TRY(become(*ref, std::nullopt));
    }
  }
  return {};
}

std::vector<ConfirmedChange> Joiner::take_changes() {
  std::ranges::sort(news_, {}, &News::order);
  std::vector<ConfirmedChange> changes;
  changes.reserve(news_.size());
  for (News& news : news_) changes.push_back(std::move(news.change));
  news_.clear();
  places_.clear();
  return changes;
}

}  // namespace wherry

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

Result<> Joiner::items(const Scope& scope, const std::vector<protocol::RowItem>& items) {
  using Kind = protocol::RowItem::Kind;
  if (app_ == nullptr) return fail(ErrorCode::kProtocol, "rows came before the schema");
  for (const protocol::RowItem& item : items) {
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
  TRY_ASSIGN(const auto seq, db_.value("SELECT max(seq) FROM wherry_rows WHERE tbl = ?1 AND key = ?2",
                                       {id_of(ref), key_of(ref)}));
  if (!seq || seq->integer() == nullptr) return std::nullopt;
  return Seq{*seq->integer()};
}

Result<> Joiner::hold(const Scope& scope, const RowRef& ref, Seq seq) {
  return db_.run(
      "INSERT INTO wherry_rows(tbl, key, scope, seq) VALUES(?1, ?2, ?3, ?4)"
      " ON CONFLICT DO UPDATE SET seq = max(seq, ?4)",
      {id_of(ref), key_of(ref), Value(scope.incarnation), Value(seq.number)});
}

Result<std::optional<Row>> Joiner::confirmed(const RowRef& ref) {
  if (const auto at = news_.find(ref); at != news_.end()) return at->second.change.now;
  return images_.confirmed(*app_, ref);
}

Result<> Joiner::become(const RowRef& ref, std::optional<Row> row) {
  auto at = news_.find(ref);
  if (at == news_.end()) {
    TRY_ASSIGN(std::optional<Row> before, images_.confirmed(*app_, ref));
    at = news_.emplace(ref, News{{ref, std::move(before), std::nullopt}, 0}).first;
  }
  at->second.change.now = std::move(row);
  at->second.order = ++order_;
  return {};
}

Result<> Joiner::put(const Scope& scope, size_t table, const protocol::RowItem& item) {
  const RowRef ref = app_->rows().ref_of(table, item.row);
  TRY_ASSIGN(const std::optional<Seq> present, version(ref));
  TRY(hold(scope, ref, item.seq));
  if (present && item.seq < *present) return {};
  return become(ref, item.row);
}

Result<> Joiner::set(const Scope& scope, size_t table, const protocol::RowItem& item) {
  const RowRef ref{table, encode_key(item.row)};
  TRY_ASSIGN(const std::optional<Seq> present, version(ref));
  if (!present) return {};
  TRY(hold(scope, ref, item.seq));
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
                {id_of(ref), key_of(ref), Value(incarnation), Value(item.seq.number)}));
    held |= db_.changes() > 0;
  }
  if (!held) return {};
  TRY_ASSIGN(const std::optional<Seq> left, version(ref));
  if (left) return {};
  return become(ref, std::nullopt);
}

Result<> Joiner::drop(const std::vector<int64_t>& incarnations) {
  for (const int64_t incarnation : incarnations) {
    TRY_ASSIGN(const std::vector<Row> rows,
               db_.rows("SELECT tbl, key FROM wherry_rows WHERE scope = ?1 ORDER BY tbl, key",
                        {Value(incarnation)}));
    TRY(db_.run("DELETE FROM wherry_rows WHERE scope = ?1", {Value(incarnation)}));
    for (const Row& row : rows) {
      const auto table = app_ == nullptr ? std::nullopt : app_->index_of(*row[0].integer());
      if (!table || row[1].blob() == nullptr) continue;
      const RowRef ref{*table, row[1].blob()->bytes};
      TRY_ASSIGN(const std::optional<Seq> left, version(ref));
      if (!left) TRY(become(ref, std::nullopt));
    }
  }
  return {};
}

std::vector<ConfirmedChange> Joiner::changes() const {
  std::vector<const News*> ordered;
  for (const auto& [ref, news] : news_) ordered.push_back(&news);
  std::ranges::sort(ordered, {}, [](const News* news) { return news->order; });
  std::vector<ConfirmedChange> changes;
  for (const News* news : ordered) changes.push_back(news->change);
  return changes;
}

}  // namespace wherry

#include "workspace/effects.h"

#include <algorithm>

#include "base/limits.h"
#include "base/msgpack.h"

namespace wherry::workspace {

namespace {

bool contains(const std::vector<ScopeId>& sorted, ScopeId id) {
  return std::ranges::binary_search(sorted, id);
}

Cells differing(const Row& a, const Row& b) {
  Cells cells = 0;
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i]) cells |= Cells{1} << i;
  return cells;
}

}  // namespace

protocol::RowItem put_item(const Table& table, Seq seq, Row row) {
  return {protocol::RowItem::Kind::kPut, table.id, seq, std::move(row), {}};
}

size_t size_of(const Row& row) {
  size_t size = 16;
  for (const Value& value : row)
    size += value.text() ? value.text()->size() + 5 : value.blob() ? value.blob()->bytes.size() + 5 : 9;
  return size;
}

Result<protocol::RowItem> gone_item(const Table& table, Seq seq, const std::string& key) {
  TRY_ASSIGN(Row values, decode_key(key));
  return protocol::RowItem{protocol::RowItem::Kind::kGone, table.id, seq, std::move(values), {}};
}

Effects::Effects(sqlite::Database& db, const Bundle& bundle, Rows& rows, Access& access, Versions& versions)
    : bundle_(bundle),
      rows_(rows),
      access_(access),
      versions_(versions),
      index_(db,
             "INSERT OR REPLACE INTO wherry_scope_index(scope, seq, tbl, key, gone) VALUES(?, ?, ?, ?, ?)"),
      unindex_(db, "DELETE FROM wherry_scope_index WHERE scope = ? AND seq = ? AND tbl = ? AND key = ?") {}

const RowEffect* Effects::of(const RowRef& ref) const {
  const auto at = rows_touched_.find(ref);
  return at == rows_touched_.end() ? nullptr : &at->second;
}

void Effects::touch(const RowRef& ref, RowEffect effect, std::vector<ScopeId>& touched) {
  touched.insert(touched.end(), effect.was.begin(), effect.was.end());
  touched.insert(touched.end(), effect.is.begin(), effect.is.end());
  const auto [at, is_new] = rows_touched_.try_emplace(ref, std::move(effect));
  if (is_new) return;
  RowEffect& all = at->second;
  all.seq = effect.seq;
  all.is = std::move(effect.is);
  all.whole |= effect.whole;
  all.changed |= effect.changed;
  all.row = std::move(effect.row);
}

Result<std::vector<ScopeId>> Effects::add(const Delta& delta, Seq seq) {
  std::vector<ScopeId> touched;
  const RowReader now = [this](const RowRef& ref) { return rows_.read(ref); };
  const RowReader then = before(delta, now);
  for (const RowChange& change : delta.rows) {
    const size_t table = change.ref.table;
    if (bundle_.tables[table].kind != TableKind::kSynced || change.is_absent()) continue;
    std::vector<ScopeId> was, is;
    if (change.before) {
      TRY_ASSIGN(was, access_.scope_ids(table, *change.before, then));
    }
    if (change.after) {
      TRY_ASSIGN(is, access_.scope_ids(table, *change.after, now));
    }
    const bool moved = was != is;
    const Cells changed = change.before && change.after ? differing(*change.before, *change.after) : 0;
    touch(change.ref, {seq, std::move(was), std::move(is), change.is_insert(), changed, change.after},
          touched);
    if (moved)
      TRY(move_children(table, change.after ? *change.after : *change.before, then, now, seq, 0, touched));
  }
  std::ranges::sort(touched);
  touched.erase(std::ranges::unique(touched).begin(), touched.end());
  return touched;
}

Result<> Effects::move_children(size_t table, const Row& row, const RowReader& then, const RowReader& now,
                                Seq seq, int depth, std::vector<ScopeId>& touched) {
  if (depth == limits::kParentDepth) return {};
  const Row key = rows_.key_of(table, row);
  for (size_t child = 0; child < bundle_.tables.size(); ++child) {
    const Table& child_table = bundle_.tables[child];
    if (!child_table.scope_from_parent || !child_table.parent || child_table.parent->table != table) continue;
    TRY_ASSIGN(const std::vector<Row> rows, rows_.children(child, key));
    for (const Row& child_row : rows) {
      const RowRef ref = rows_.ref_of(child, child_row);
      TRY_ASSIGN(const std::optional<Row> old_row, then(ref));
      std::vector<ScopeId> was, is;
      if (old_row) {
        TRY_ASSIGN(was, access_.scope_ids(child, *old_row, then));
      }
      TRY_ASSIGN(is, access_.scope_ids(child, child_row, now));
      if (was == is) continue;
      TRY_ASSIGN(std::optional<Version> version, versions_.read(ref));
      if (!version) version = Version{seq, true, seq, {}};
      version->seq = seq;
      versions_.write(ref, *std::move(version));
      touch(ref, {seq, std::move(was), std::move(is), false, 0, child_row}, touched);
      TRY(move_children(child, child_row, then, now, seq, depth + 1, touched));
    }
  }
  return {};
}

Result<> Effects::write_index() {
  for (const auto& [ref, effect] : rows_touched_) {
    const int64_t id = bundle_.tables[ref.table].id;
    TRY_ASSIGN(const std::optional<Version> old_version, versions_.stored(ref));
    if (old_version) {
      for (const ScopeId scope : effect.was) {
        TRY_ASSIGN(sqlite::Statement * s, unindex_.use());
        s->bind(1, scope).bind(2, old_version->seq.number).bind(3, id).lend_blob(4, ref.key);
        TRY(s->run());
      }
    }
    const auto insert = [&](ScopeId scope, int64_t gone) -> Result<> {
      TRY_ASSIGN(sqlite::Statement * s, index_.use());
      s->bind(1, scope).bind(2, effect.seq.number).bind(3, id).lend_blob(4, ref.key).bind(5, gone);
      return s->run();
    };
    for (const ScopeId scope : effect.is) TRY(insert(scope, 0));
    for (const ScopeId scope : effect.was)
      if (!contains(effect.is, scope)) TRY(insert(scope, 1));
  }
  return {};
}

Result<std::map<ScopeId, ScopeItems>> Effects::items() {
  std::map<ScopeId, ScopeItems> items;
  const auto add = [&](ScopeId scope, protocol::RowItem item) {
    ScopeItems& into = items[scope];
    into.bytes += size_of(item.row) + 16;
    for (const auto& [_, value] : item.cells) into.bytes += size_of({value});
    into.list.push_back(std::move(item));
  };
  for (const auto& [ref, effect] : rows_touched_) {
    const Table& table = bundle_.tables[ref.table];
    for (const ScopeId scope : effect.was) {
      if (contains(effect.is, scope)) continue;
      TRY_ASSIGN(auto gone, gone_item(table, effect.seq, ref.key));
      add(scope, std::move(gone));
    }
    if (effect.is.empty()) continue;
    const std::optional<Row>& row = effect.row;
    if (!row) return fail(ErrorCode::kInternal, "a row that lies in a scope is missing");
    for (const ScopeId scope : effect.is) {
      if (effect.whole || !contains(effect.was, scope)) {
        add(scope, put_item(table, effect.seq, *row));
        continue;
      }
      if (effect.changed == 0) continue;
      TRY_ASSIGN(Row key, decode_key(ref.key));
      protocol::RowItem item{protocol::RowItem::Kind::kSet, table.id, effect.seq, std::move(key), {}};
      for (size_t i = 0; i < row->size(); ++i)
        if ((effect.changed & Cells{1} << i) != 0)
          item.cells.emplace_back(static_cast<int64_t>(i), (*row)[i]);
      add(scope, std::move(item));
    }
  }
  for (auto& [_, scope_items] : items)
    std::ranges::sort(scope_items.list, [](const protocol::RowItem& a, const protocol::RowItem& b) {
      return std::tie(a.seq, a.table) < std::tie(b.seq, b.table);
    });
  return items;
}

}  // namespace wherry::workspace

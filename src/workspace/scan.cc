#include "workspace/scan.h"

#include "base/msgpack.h"

namespace wherry::workspace {

namespace {

// Where a chunk ended within one seq: the table and key of its last entry.
std::string encode_place(int64_t table, std::string_view key) {
  std::string bytes;
  msgpack::Writer writer(bytes);
  writer.integer(table);
  writer.blob(key);
  return bytes;
}

struct Place {
  int64_t table = -1;
  std::string key;
};

Result<Place> decode_place(std::string_view bytes) {
  Place place;
  if (bytes.empty()) return place;
  msgpack::Reader reader(bytes);
  TRY_ASSIGN(place.table, reader.integer());
  TRY_ASSIGN(place.key, reader.blob());
  TRY(reader.expect_end());
  return place;
}

}  // namespace

Result<> check_place(std::string_view after) {
  TRY(decode_place(after));
  return {};
}

Result<Chunk> read_chunk(sqlite::Database& db, const Bundle& bundle, Rows& rows, ScopeId scope, Seq position,
                         std::string_view after, Seq gone_after, Seq head, size_t bytes) {
  std::vector<size_t> by_id;
  for (size_t i = 0; i < bundle.tables.size(); ++i) {
    const auto id = static_cast<size_t>(bundle.tables[i].id);
    if (id >= by_id.size()) by_id.resize(id + 1);
    by_id[id] = i;
  }
  TRY_ASSIGN(const Place place, decode_place(after));
  TRY_ASSIGN(sqlite::Statement * s,
             db.cached("SELECT seq, tbl, key, gone FROM wherry_scope_index WHERE scope = ?1 AND "
                       "(seq, tbl, key) > (?2, ?3, ?4) AND (gone = 0 OR seq > ?5) ORDER BY seq, tbl, key"));
  const int64_t first = position.number + 1;
  s->bind(1, scope).bind(2, first).bind(3, place.table).bind_blob(4, place.key).bind(5, gone_after.number);
  Chunk chunk;
  size_t size = 0;
  int64_t last_seq = 0;
  std::string last_place;
  while (true) {
    TRY_ASSIGN(const bool more, s->step());
    if (!more) {
      chunk.at_head = true;
      chunk.upto = head;
      break;
    }
    if (size >= bytes) {
      // The next entry may begin a new seq; then all of the last one is here.
      const bool whole = s->integer(0) != last_seq;
      chunk.upto = Seq{whole ? last_seq : last_seq - 1};
      if (!whole) chunk.after = last_place;
      break;
    }
    last_seq = s->integer(0);
    const int64_t table_id = s->integer(1);
    const std::string key(s->blob(2));
    const bool gone = s->integer(3) != 0;
    last_place = encode_place(table_id, key);
    const size_t table = by_id[static_cast<size_t>(table_id)];
    if (gone) {
      TRY_ASSIGN(auto item, gone_item(bundle.tables[table], Seq{last_seq}, key));
      size += 16 + key.size();
      chunk.items.push_back(std::move(item));
      continue;
    }
    TRY_ASSIGN(std::optional<Row> row, rows.read({table, key}));
    if (!row) return fail(ErrorCode::kCorrupt, "the scope index names a row that is missing");
    size += size_of(*row);
    chunk.items.push_back(put_item(bundle.tables[table], Seq{last_seq}, *std::move(row)));
  }
  s->reset();
  return chunk;
}

Result<bool> sweep_departures(sqlite::Database& db, Seq seq, int64_t most) {
  TRY(db.run(
      "DELETE FROM wherry_scope_index WHERE (scope, seq, tbl, key) IN (SELECT scope, seq, tbl, key FROM "
      "wherry_scope_index WHERE gone = 1 AND seq <= ? LIMIT ?)",
      {Value(seq.number), Value(most)}));
  return db.changes() < most;
}

}  // namespace wherry::workspace

#include "engine/delta.h"

#include <algorithm>

#include "base/limits.h"
#include "base/msgpack.h"
#include "bundle/bundle.h"

namespace wherry {

namespace {

// A change is [table id, kind, assigned cells, existence, image, image or cells]: put and remove carry the
// row after and before, one of them nil; set and touch carry the row after and the cells that were different
// before; absent carries the key.
constexpr int64_t kPut = 0, kSet = 1, kRemove = 2, kTouch = 3, kAbsent = 4;

void write_image(msgpack::Writer& writer, const std::optional<Row>& row) {
  if (row)
    writer.row(*row);
  else
    writer.nil();
}

Result<std::optional<Row>> read_image(msgpack::Reader& reader, size_t columns) {
  if (reader.next_is_nil()) {
    TRY(reader.nil());
    return std::nullopt;
  }
  TRY_ASSIGN(Row row, reader.row(columns));
  if (row.size() != columns)
    return fail(ErrorCode::kProtocol, "a delta's row has the wrong number of columns");
  return row;
}

}  // namespace

std::string encode_delta(const Delta& delta, const Bundle& bundle) {
  std::string bytes;
  bytes.reserve(256);
  msgpack::Writer writer(bytes);
  writer.array(delta.rows.size());
  for (const RowChange& change : delta.rows) {
    const bool in_place = change.before && change.after;
    writer.array(6);
    writer.integer(bundle.tables[change.ref.table].id);
    writer.integer(in_place             ? (change.changes_row() ? kSet : kTouch)
                   : change.is_absent() ? kAbsent
                   : change.after       ? kPut
                                        : kRemove);
    writer.integer(static_cast<int64_t>(change.assigned));
    writer.boolean(change.existence);
    if (change.is_absent()) {
      writer.blob(change.ref.key);
      writer.nil();
    } else if (in_place) {
      // The key and what cannot change is in `after`; of `before` only the cells that differ.
      writer.row(*change.after);
      size_t differing = 0;
      for (size_t i = 0; i < change.after->size(); ++i)
        differing += (*change.before)[i] != (*change.after)[i];
      writer.array(2 * differing);
      for (size_t i = 0; i < change.after->size(); ++i) {
        if ((*change.before)[i] == (*change.after)[i]) continue;
        writer.integer(static_cast<int64_t>(i));
        writer.value((*change.before)[i]);
      }
    } else {
      write_image(writer, change.after);
      write_image(writer, change.before);
    }
  }
  return bytes;
}

Result<Delta> decode_delta(std::string_view bytes, const Bundle& bundle) {
  msgpack::Reader reader(bytes);
  Delta delta;
  TRY_ASSIGN(const size_t count, reader.array(limits::kCommandRows));
  delta.rows.reserve(count);
  for (size_t n = 0; n < count; ++n) {
    RowChange change;
    TRY_ASSIGN(const size_t fields, reader.array(6));
    if (fields != 6) return fail(ErrorCode::kProtocol, "a delta's change has the wrong number of fields");
    TRY_ASSIGN(const int64_t id, reader.integer());
    const auto table = std::ranges::find_if(bundle.tables, [&](const Table& t) { return t.id == id; });
    if (table == bundle.tables.end()) return fail(ErrorCode::kProtocol, "a delta names an unknown table");
    change.ref.table = static_cast<size_t>(table - bundle.tables.begin());
    const size_t columns = table->columns.size();
    TRY_ASSIGN(const int64_t kind, reader.integer());
    TRY_ASSIGN(const int64_t assigned, reader.integer());
    change.assigned = static_cast<Cells>(assigned);
    TRY_ASSIGN(change.existence, reader.boolean());
    if (kind == kAbsent) {
      TRY_ASSIGN(const std::string_view key, reader.blob());
      TRY(reader.nil());
      TRY_ASSIGN(const Row values, decode_key(key));
      if (values.size() != table->key.size()) return fail(ErrorCode::kProtocol, "a delta's key is malformed");
      change.ref.key = key;
      delta.rows.push_back(std::move(change));
      continue;
    }
    TRY_ASSIGN(change.after, read_image(reader, columns));
    if (kind == kSet || kind == kTouch) {
      if (!change.after) return fail(ErrorCode::kProtocol, "a delta's set has no row");
      change.before = change.after;
      TRY_ASSIGN(const size_t cells, reader.array(2 * columns));
      for (size_t i = 0; i + 1 < cells; i += 2) {
        TRY_ASSIGN(const int64_t column, reader.integer());
        if (column < 0 || static_cast<size_t>(column) >= columns)
          return fail(ErrorCode::kProtocol, "a delta names an unknown column");
        TRY_ASSIGN((*change.before)[static_cast<size_t>(column)], reader.value());
      }
    } else {
      TRY_ASSIGN(change.before, read_image(reader, columns));
    }
    const std::optional<Row>& image = change.after ? change.after : change.before;
    if (!image) return fail(ErrorCode::kProtocol, "a delta's change has no row");
    Row key;
    for (size_t column : table->key) key.push_back((*image)[column]);
    change.ref.key = encode_key(key);
    delta.rows.push_back(std::move(change));
  }
  TRY(reader.expect_end());
  return delta;
}

}  // namespace wherry

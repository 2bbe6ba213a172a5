// What a command did to the tables: the net change of each row it touched, with before-images.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/value.h"

namespace wherry {

// A row by its table (index into Bundle::tables) and encoded key (base/msgpack.h).
struct RowRef {
  size_t table = 0;
  std::string key;
  auto operator<=>(const RowRef&) const = default;
};

struct RowRefHash {
  size_t operator()(const RowRef& ref) const { return std::hash<std::string>()(ref.key) * 31 + ref.table; }
};

// A bit for each column of the table, in its order; see limits::kTableColumns.
using Cells = uint64_t;

struct RowChange {
  RowRef ref;
  std::optional<Row> before;  // nothing: the row did not exist
  std::optional<Row> after;   // nothing: it does not exist any more
  // The cells that the command assigned, whether or not the value differs; all of them for an insert.
  Cells assigned = 0;
  // The command added or removed the row, or added it again though it existed (upsert, DO NOTHING).
  bool existence = false;

  // Neither image: the command removes a row that is not there; only its existence is concerned.
  bool is_absent() const { return !before && !after; }
  bool is_insert() const { return !before && after; }
  bool is_remove() const { return before && !after; }
  bool changes_row() const { return before != after; }
};

// In the order in which rows were first touched. A row that came and went within the command is listed
// without images.
struct Delta {
  std::vector<RowChange> rows;
  bool empty() const { return rows.empty(); }
};

// MessagePack; see docs/STORAGE.md. Tables are written by Table::id.
struct Bundle;
std::string encode_delta(const Delta& delta, const Bundle& bundle);
Result<Delta> decode_delta(std::string_view bytes, const Bundle& bundle);

}  // namespace wherry

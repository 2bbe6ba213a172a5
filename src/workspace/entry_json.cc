#include "workspace/entry_json.h"

#include <algorithm>
#include <vector>

#include "base/msgpack.h"
#include "base/text.h"
#include "engine/delta.h"
#include "workspace/log.h"

namespace wherry::workspace {

const std::string_view kEntryColumns =
    "seq, id, user_id, entity_id, name, data, client_timestamp, server_received_timestamp, "
    "server_handled_timestamp, replica_id, replica_seq, base_seq, epoch, schema_version, roles, "
    "submitted_by, "
    "stamp, outcome, code, message, lost, delta, hash";

namespace {

std::string row_json(const Table& table, const Row& row) {
  std::string json = "{";
  for (size_t i = 0; i < row.size(); ++i)
    json += cat(i > 0 ? "," : "", json_quote(table.columns[i].name), ":", to_json(row[i]));
  return json + "}";
}

std::string change_json(const Bundle& bundle, const RowChange& change) {
  const Table& table = bundle.tables[change.ref.table];
  std::string json = cat("{\"table\":", json_quote(table.name));
  if (change.is_absent()) {
    const auto key = decode_key(change.ref.key);
    std::vector<std::string> values;
    for (const Value& value : key ? *key : Row{}) values.push_back(to_json(value));
    json += cat(",\"absent\":[", join(values, ","), "]");
  }
  if (change.before) json += cat(",\"before\":", row_json(table, *change.before));
  if (change.after) json += cat(",\"after\":", row_json(table, *change.after));
  return json + "}";
}

// The value of `delta`, and `delta_changes` after it.
std::string delta_json(const Bundle& bundle, std::string_view bytes, size_t bytes_most) {
  if (bytes.empty()) return "null";
  const auto delta = decode_delta(bytes, bundle);
  if (!delta) return json_quote(delta.error().text());
  std::string json = "[";
  for (const RowChange& change : delta->rows) {
    if (json.size() > bytes_most) break;
    json += cat(json.size() > 1 ? "," : "", change_json(bundle, change));
  }
  json += "]";
  if (bytes_most < SIZE_MAX) json += cat(",\"delta_changes\":", delta->rows.size());
  return json;
}

std::string lost_json(const Bundle& bundle, std::string_view bytes) {
  std::vector<std::string> cells;
  for (const protocol::LostCell& cell : decode_lost(bytes)) {
    const auto table =
        std::ranges::find_if(bundle.tables, [&](const Table& t) { return t.id == cell.table; });
    std::vector<std::string> key;
    for (const Value& value : cell.key) key.push_back(to_json(value));
    cells.push_back(cat("{\"table\":", json_quote(table == bundle.tables.end() ? "?" : table->name),
                        ",\"key\":[", join(key, ","),
                        "],\"column\":", cell.column.empty() ? "null" : json_quote(cell.column), "}"));
  }
  return cat("[", join(cells, ","), "]");
}

}  // namespace

std::string entry_json(const sqlite::Statement& row, const Bundle& bundle, size_t delta_bytes) {
  std::string json = "{";
  for (int i = 0; i < row.columns(); ++i) {
    const std::string name = row.column_name(i);
    std::string value;
    if (name == "delta")
      value = delta_json(bundle, row.blob(i), delta_bytes);
    else if (name == "lost")
      value = lost_json(bundle, row.blob(i));
    else if (name == "hash")
      value = json_quote(to_hex(row.blob(i)));
    else if ((name == "data" || name == "roles") && !row.is_null(i))
      value = row.text(i);
    else
      value = to_json(row.value(i));
    json += cat(i > 0 ? "," : "", json_quote(name), ":", value);
  }
  return json + "}";
}

}  // namespace wherry::workspace

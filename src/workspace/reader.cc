// Reading a workspace file beside the server that writes it.
#include <algorithm>

#include "base/msgpack.h"
#include "base/text.h"
#include "engine/dump.h"
#include "engine/engine.h"
#include "engine/scopes.h"
#include "sqlite/page_vfs.h"
#include "workspace/access.h"
#include "workspace/log.h"
#include "workspace/schema.h"

namespace wherry {

using namespace workspace;

namespace {

// A running server's commits are visible only once they are synced. A file that a killed server left behind
// may show a tail that never was; syncing the WAL first makes whatever is read durable.
Result<> sync_wal(sqlite::Database& db) {
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&file)) !=
          SQLITE_OK ||
      file == nullptr || file->pMethods == nullptr)
    return {};
  if (file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) != SQLITE_OK)
    return fail(ErrorCode::kIo, "cannot sync the WAL");
  return {};
}

std::string row_json(const Table& table, const Row& row) {
  std::string json = "{";
  for (size_t i = 0; i < row.size(); ++i)
    json += cat(i > 0 ? "," : "", json_quote(table.columns[i].name), ":", to_json(row[i]));
  return json + "}";
}

std::string delta_json(const Bundle& bundle, std::string_view bytes) {
  if (bytes.empty()) return "null";
  const auto delta = decode_delta(bytes, bundle);
  if (!delta) return json_quote(delta.error().text());
  std::vector<std::string> changes;
  for (const RowChange& change : delta->rows) {
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
    changes.push_back(json + "}");
  }
  return cat("[", join(changes, ","), "]");
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

class WorkspaceReader::Impl {
 public:
  std::shared_ptr<const Bundle> bundle;
  std::unique_ptr<sqlite::Database> db;
  std::unique_ptr<Rows> rows;

  // Opens one snapshot that is durable as a whole.
  Result<> begin() {
    TRY(db->run("BEGIN"));
    TRY(db->value("SELECT count(*) FROM sqlite_schema"));
    return sync_wal(*db);
  }
  void end() { (void)db->run("ROLLBACK"); }

  Result<std::unordered_set<std::string>> held_by(const Reader& reader) {
    std::unordered_set<std::string> held;
    std::vector<std::string> open = {"workspace", *scope_name("user", Value(reader.user_id))};
    for (const std::string& role : reader.roles) open.push_back(*scope_name("role", Value(role)));
    while (!open.empty()) {
      const std::string name = std::move(open.back());
      open.pop_back();
      if (!held.insert(name).second) continue;
      TRY_ASSIGN(
          const auto next,
          db->rows(
              "SELECT DISTINCT s.name FROM wherry_scopes t JOIN wherry_edges e ON e.to_scope = t.id JOIN "
              "wherry_scopes s ON s.id = e.scope WHERE t.name = ?",
              {Value(name)}));
      for (const Row& row : next) open.push_back(*row[0].text());
      TRY_ASSIGN(const auto twins,
                 db->rows("SELECT s.name, s.kind FROM wherry_scopes t JOIN wherry_scopes s ON s.base "
                          "= t.id WHERE t.name = ?",
                          {Value(name)}));
      for (const Row& row : twins) {
        const ScopeKind& kind = bundle->scope_kinds[static_cast<size_t>(*row[1].integer())];
        const auto has = [&](const std::string& role) {
          return std::ranges::find(reader.roles, role) != reader.roles.end();
        };
        if (std::ranges::any_of(kind.roles, has)) open.push_back(*row[0].text());
      }
    }
    return held;
  }
};

WorkspaceReader::WorkspaceReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WorkspaceReader::~WorkspaceReader() = default;

Result<std::unique_ptr<WorkspaceReader>> WorkspaceReader::open(const std::string& path,
                                                               std::shared_ptr<const Bundle> bundle) {
  auto impl = std::make_unique<Impl>();
  impl->bundle = std::move(bundle);
  TRY_ASSIGN(const std::string vfs, sqlite::page_vfs(""));
  TRY_ASSIGN(impl->db, sqlite::Database::open(path, sqlite::Access::kReadOnly, vfs));
  sqlite3_busy_timeout(impl->db->handle(), 5000);
  impl->rows = std::make_unique<Rows>(*impl->db, *impl->bundle);
  return std::unique_ptr<WorkspaceReader>(new WorkspaceReader(std::move(impl)));
}

Result<> WorkspaceReader::log(Seq from, const std::function<Result<>(const LogEntry&)>& each) {
  TRY(impl_->begin());
  const auto read = [&]() -> Result<> {
    TRY_ASSIGN(auto s,
               impl_->db->prepare(
                   "SELECT seq, id, user_id, entity_id, name, data, client_timestamp, "
                   "server_received_timestamp, server_handled_timestamp, replica_id, replica_seq, base_seq, "
                   "epoch, schema_version, roles, submitted_by, stamp, outcome, code, message, lost, delta, "
                   "hash FROM wherry_commands WHERE seq >= ? ORDER BY seq"));
    s.bind(1, from.number);
    while (true) {
      TRY_ASSIGN(const bool more, s.step());
      if (!more) return {};
      std::string json = "{";
      for (int i = 0; i < s.columns(); ++i) {
        const std::string name = s.column_name(i);
        std::string value;
        if (name == "delta")
          value = delta_json(*impl_->bundle, s.blob(i));
        else if (name == "lost")
          value = lost_json(*impl_->bundle, s.blob(i));
        else if (name == "hash")
          value = json_quote(to_hex(s.blob(i)));
        else if ((name == "data" || name == "roles") && !s.is_null(i))
          value = s.text(i);
        else
          value = to_json(s.value(i));
        json += cat(i > 0 ? "," : "", json_quote(name), ":", value);
      }
      TRY(each(LogEntry{Seq{s.integer(0)}, json + "}"}));
    }
  };
  const Result<> result = read();
  impl_->end();
  return result;
}

Result<> WorkspaceReader::dump(const std::optional<Reader>& as,
                               const std::function<Result<>(std::string_view line)>& each) {
  TRY(impl_->begin());
  const auto write = [&]() -> Result<> {
    std::unordered_set<std::string> held;
    if (as) {
      TRY_ASSIGN(held, impl_->held_by(*as));
    }
    const RowReader read = [&](const RowRef& ref) { return impl_->rows->read(ref); };
    for (const size_t table : dump_order(*impl_->bundle))
      TRY(impl_->rows->for_each(table, [&](const Row& row) -> Result<> {
        if (as) {
          TRY_ASSIGN(const auto scopes, scopes_of(*impl_->bundle, table, row, read));
          const bool may =
              std::ranges::any_of(scopes, [&](const std::string& name) { return held.contains(name); });
          if (!may) return {};
        }
        return each(dump_line(impl_->bundle->tables[table], row));
      }));
    return {};
  };
  const Result<> result = write();
  impl_->end();
  return result;
}

namespace {

// What the columns that verify() reads hold: I an integer, T a text, B a blob; in small letters what may be
// NULL.
constexpr std::string_view kTypes = "ITTtTIIItiITIttITttbtbBB";

// SQLite converts what it reads: a value of another type could pass for the one that was written.
bool has_types(const sqlite::Statement& s) {
  for (size_t i = 0; i < kTypes.size(); ++i) {
    const bool may_be_null = kTypes[i] >= 'a';
    const int type = sqlite3_column_type(s.handle(), static_cast<int>(i));
    if (type == SQLITE_NULL && may_be_null) continue;
    const char is = type == SQLITE_INTEGER ? 'I'
                    : type == SQLITE_TEXT  ? 'T'
                    : type == SQLITE_BLOB  ? 'B'
                                           : ' ';
    if (is != (may_be_null ? kTypes[i] - 'a' + 'A' : kTypes[i])) return false;
  }
  return true;
}

}  // namespace

Result<std::optional<Seq>> WorkspaceReader::verify(const Hasher& hasher) {
  TRY(impl_->begin());
  const auto check = [&]() -> Result<std::optional<Seq>> {
    TRY_ASSIGN(
        auto s,
        impl_->db->prepare(
            "SELECT seq, id, user_id, entity_id, name, client_timestamp, server_received_timestamp, "
            "server_handled_timestamp, replica_id, replica_seq, base_seq, epoch, schema_version, roles, "
            "submitted_by, stamp, outcome, code, message, lost, data, delta, salt, hash FROM "
            "wherry_commands ORDER BY seq"));
    std::string previous(32, '\0');
    int64_t expected = 1;
    const auto optional = [&](int i) -> std::optional<std::string> {
      if (s.is_null(i)) return std::nullopt;
      return std::string(s.text(i));
    };
    while (true) {
      TRY_ASSIGN(const bool more, s.step());
      if (!more) return std::nullopt;
      const bool is_typed = has_types(s);  // before reading: that converts
      Record r;
      r.seq = {s.integer(0)};
      r.id = s.text(1);
      r.user_id = s.text(2);
      r.entity_id = optional(3);
      r.name = s.text(4);
      r.client_timestamp = {s.integer(5)};
      r.received = {s.integer(6)};
      r.handled = {s.integer(7)};
      r.replica_id = optional(8);
      r.replica_seq = s.integer(9);
      r.base_seq = {s.integer(10)};
      r.epoch = s.text(11);
      r.schema_version = s.integer(12);
      r.roles = s.text(13);
      r.submitted_by = s.text(14);
      r.stamp = {s.integer(15)};
      r.outcome = outcome_from(s.text(16));
      const bool is_outcome = s.text(16) == protocol::outcome_text(r.outcome);
      r.code = s.text(17);
      r.message = s.text(18);
      r.lost = s.blob(19);
      const std::string hash =
          chain_hash(hasher, previous, fixed_columns(r), s.blob(22), s.text(20), s.blob(21));
      if (r.seq.number != expected || hash != s.blob(23) || !is_outcome || !is_typed) return Seq{expected};
      previous = hash;
      ++expected;
    }
  };
  auto result = check();
  impl_->end();
  return result;
}

}  // namespace wherry

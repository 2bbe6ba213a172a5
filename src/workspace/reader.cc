// Reading a workspace file beside the server that writes it.
#include <algorithm>

#include "base/text.h"
#include "engine/dump.h"
#include "engine/engine.h"
#include "engine/scopes.h"
#include "workspace/access.h"
#include "workspace/entry_json.h"
#include "workspace/log.h"
#include "workspace/read_file.h"
#include "workspace/workspace.h"

namespace wherry {

using namespace workspace;

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
  TRY_ASSIGN(impl->db, open_to_read(path));
  impl->rows = std::make_unique<Rows>(*impl->db, *impl->bundle);
  return std::unique_ptr<WorkspaceReader>(new WorkspaceReader(std::move(impl)));
}

Result<> WorkspaceReader::log(Seq from, const std::function<Result<>(const LogEntry&)>& each) {
  TRY(impl_->begin());
  const auto read = [&]() -> Result<> {
    TRY_ASSIGN(auto s, impl_->db->prepare(cat("SELECT ", kEntryColumns,
                                              " FROM wherry_commands WHERE seq >= ? ORDER BY seq")));
    s.bind(1, from.number);
    while (true) {
      TRY_ASSIGN(const bool more, s.step());
      if (!more) return {};
      TRY(each(LogEntry{Seq{s.integer(0)}, entry_json(s, *impl_->bundle)}));
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

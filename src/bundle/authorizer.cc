#include "bundle/authorizer.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"

namespace wherry {

namespace {

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sqlite3_strnicmp(a.data(), b.data(), static_cast<int>(a.size())) == 0;
}

bool begins(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() && same(name.substr(0, prefix.size()), prefix);
}

struct RefusedFunction {
  std::string_view name;
  std::string_view why;
};

constexpr std::string_view kClock = "reads a clock or depends on the machine; use @now or @client_timestamp";
constexpr std::string_view kRandom = "is random; use uuid(n), which is derived from the command's id";
constexpr std::string_view kConnection = "depends on what the connection did before";
constexpr std::string_view kBuild = "depends on the build of SQLite";
constexpr std::array<RefusedFunction, 27> kRefused = {{
    {"date", kClock},
    {"time", kClock},
    {"datetime", kClock},
    {"julianday", kClock},
    {"unixepoch", kClock},
    {"strftime", kClock},
    {"timediff", kClock},
    {"current_date", kClock},
    {"current_time", kClock},
    {"current_timestamp", kClock},
    {"random", kRandom},
    {"randomblob", kRandom},
    {"last_insert_rowid", kConnection},
    {"changes", kConnection},
    {"total_changes", kConnection},
    {"sqlite_version", kBuild},
    {"sqlite_source_id", kBuild},
    {"sqlite_compileoption_get", kBuild},
    {"sqlite_compileoption_used", kBuild},
    {"sqlite_log", "writes to the log of the process"},
    {"sqlite_offset", kBuild},
    {"load_extension", "loads code"},
    {"fts5", "hands out internals of FTS5"},
    {"fts5_source_id", kBuild},
    {"fts5_decode", "reads internals of FTS5"},
    {"fts5_decode_none", "reads internals of FTS5"},
    {"fts5_rowid", "reads internals of FTS5"},
}};

std::string why_function_refused(std::string_view name) {
  for (const RefusedFunction& f : kRefused)
    if (same(f.name, name)) return cat("the function ", name, "() ", f.why);
  return {};
}

std::string why_read_refused(std::string_view table) {
  if (begins(table, "wherry_")) return cat("the table ", table, " is Wherry's own");
  if (begins(table, "sqlite_")) return cat("the table ", table, " is SQLite's own");
  if (begins(table, "pragma_") || same(table, "dbstat") || same(table, "bytecode") ||
      same(table, "tables_used"))
    return cat("the table-valued function ", table, " shows internals that differ between devices");
  return {};
}

std::string_view statement_name(int action) {
  switch (action) {
    case SQLITE_ATTACH:
      return "ATTACH";
    case SQLITE_DETACH:
      return "DETACH";
    case SQLITE_PRAGMA:
      return "PRAGMA";
    case SQLITE_TRANSACTION:
      return "BEGIN, COMMIT or ROLLBACK";
    case SQLITE_SAVEPOINT:
      return "SAVEPOINT";
    case SQLITE_ANALYZE:
      return "ANALYZE";
    case SQLITE_REINDEX:
      return "REINDEX";
    default:
      return "a change of the schema";
  }
}

StatementAccess::TableWrite& write_of(StatementAccess& access, std::string_view table,
                                      std::string_view trigger) {
  for (StatementAccess::TableWrite& w : access.writes)
    if (w.table == table && w.trigger == trigger) return w;
  access.writes.push_back({std::string(table), false, false, {}, std::string(trigger)});
  return access.writes.back();
}

void add_read(StatementAccess& access, std::string_view table, std::string_view column,
              std::string_view trigger) {
  for (const StatementAccess::TableRead& r : access.reads)
    if (r.table == table && r.column == column && r.trigger == trigger) return;
  access.reads.push_back({std::string(table), std::string(column), std::string(trigger)});
}

// What the engine makes of the app's triggers (engine/deferred.h).
bool is_deferral(std::string_view table, std::string_view trigger) {
  return begins(trigger, "wherry_deferred_") && begins(table, "wherry_deferred");
}

// Notes the access; says why it is refused, or nothing.
std::string note(StatementAccess& access, int action, std::string_view first, std::string_view second,
                 std::string_view trigger) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
      return {};
    case SQLITE_FUNCTION:
      return why_function_refused(second);
    case SQLITE_READ:
      if (is_deferral(first, trigger)) return {};
      add_read(access, first, second, trigger);
      return why_read_refused(first);
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE: {
      if (is_deferral(first, trigger)) return {};
      if (std::string why = why_read_refused(first); !why.empty()) return why;
      StatementAccess::TableWrite& write = write_of(access, first, trigger);
      if (action == SQLITE_INSERT) write.inserts = true;
      if (action == SQLITE_DELETE) write.deletes = true;
      if (action == SQLITE_UPDATE && std::ranges::find(write.updates, second) == write.updates.end())
        write.updates.emplace_back(second);
      return {};
    }
    default:
      return cat("a handler may not contain ", statement_name(action));
  }
}

std::string note_query(StatementAccess& access, int action, std::string_view first, std::string_view second) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
    case SQLITE_FUNCTION:
      return {};
    case SQLITE_READ:
      add_read(access, first, second, {});
      if (same(first, "wherry_meta") || same(first, "wherry_staged"))
        return cat("the table ", first, " is Wherry's own");
      return {};
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
      return "a query may only read; data changes through commands";
    default:
      return cat("a query may not contain ", statement_name(action));
  }
}

std::string_view view(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace

Authorizer::Authorizer(sqlite::Database& db) : db_(db) {
  sqlite3_set_authorizer(db.handle(), &callback, this);
}

Authorizer::~Authorizer() {
  sqlite3_set_authorizer(db_.handle(), nullptr, nullptr);
}

int Authorizer::callback(void* self, int action, const char* first, const char* second, const char*,
                         const char* trigger) {
  const auto* authorizer = static_cast<Authorizer*>(self);
  StatementAccess* access = authorizer->access_;
  if (access == nullptr) return SQLITE_OK;
  std::string why = authorizer->rules_ == Rules::kQuery
                        ? note_query(*access, action, view(first), view(second))
                        : note(*access, action, view(first), view(second), view(trigger));
  if (why.empty()) return SQLITE_OK;
  if (access->refused.empty()) access->refused = std::move(why);
  return SQLITE_DENY;
}

}  // namespace wherry

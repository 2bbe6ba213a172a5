#include "workspace/log_view.h"

#include <algorithm>

#include "base/text.h"
#include "workspace/entry_json.h"
#include "workspace/read_file.h"

namespace wherry {

using namespace workspace;

namespace {

// Entries that one statement runs over: filters may match none of them.
constexpr int64_t kStretch = 2000;
// Steps of SQLite's virtual machine, a second or so. The view of who was entitled walks all grants there
// were.
constexpr int kStepsAtOnce = 100'000, kStepsMost = 1000;

// One snapshot for all that is read until it goes out of scope.
class Snapshot {
 public:
  explicit Snapshot(sqlite::Database& db) : db_(db) {}
  ~Snapshot() { (void)db_.run("ROLLBACK"); }
  Result<> begin() { return db_.run("BEGIN"); }

 private:
  sqlite::Database& db_;
};

// Stops a statement that runs for too long.
class Patience {
 public:
  explicit Patience(sqlite::Database& db) : db_(db) {
    sqlite3_progress_handler(db.handle(), kStepsAtOnce, &Patience::is_over, this);
  }
  ~Patience() { sqlite3_progress_handler(db_.handle(), 0, nullptr, nullptr); }
  bool over() const { return left_ == 0; }

 private:
  static int is_over(void* self) {
    auto& left = static_cast<Patience*>(self)->left_;
    if (left > 0) --left;
    return left == 0 ? 1 : 0;
  }
  sqlite::Database& db_;
  int left_ = kStepsMost;
};

// For LIKE … ESCAPE '\', anywhere in the text.
std::string anywhere(std::string_view text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

// The columns of a page, and the filters: each parameter that is empty lets everything through.
std::string page_sql() {
  return cat(
      "SELECT seq, id, user_id, submitted_by, entity_id, name, substr(data, 1, ", LogView::kDataShown,
      ") AS data, length(data) AS data_length, client_timestamp, server_received_timestamp, "
      "server_handled_timestamp, replica_id, replica_seq, base_seq, stamp >> 16 AS stamp_ms, stamp & 65535 "
      "AS "
      "stamp_counter, outcome, code, message, length(delta) AS delta_bytes FROM wherry_commands WHERE seq >= "
      "?1 AND seq < ?2 AND (?3 = '' OR user_id = ?3) AND (?4 = '' OR name = ?4) AND (?5 = '' OR outcome = "
      "?5) "
      "AND (?6 = '' OR entity_id = ?6) AND (?7 = '' OR data LIKE ?7 ESCAPE '\\') ORDER BY seq DESC LIMIT ?8");
}

// What the view wherry_broadcasted_users says of one command, without asking it: that would look at all users
// and all commands. `reach`: the scopes that lead to those that the command touched.
constexpr std::string_view kEntitled = R"sql(
WITH RECURSIVE
command(seq, user_id, scopes) AS (SELECT seq, user_id, scopes FROM wherry_commands WHERE id = ?1),
touched(scope) AS (SELECT t.value FROM command, json_each(scopes) t),
reach(scope) AS (
  SELECT scope FROM touched
  UNION SELECT e.to_scope FROM reach r JOIN wherry_edge_history e ON e.scope = r.scope
  UNION SELECT s.base FROM reach r JOIN wherry_scopes s ON s.id = r.scope WHERE s.base IS NOT NULL),
held(user_id, scope, since, until) AS (
  SELECT user_id, scope, since, coalesce(until, 9223372036854775807) FROM wherry_roots
  WHERE scope IN (SELECT scope FROM reach)
  UNION
  SELECT h.user_id, e.scope, max(h.since, e.since), min(h.until, coalesce(e.until, 9223372036854775807))
  FROM held h JOIN wherry_edge_history e ON e.to_scope = h.scope
  WHERE e.scope IN (SELECT scope FROM reach)
    AND e.since < h.until AND coalesce(e.until, 9223372036854775807) > h.since
  UNION
  SELECT h.user_id, s.id, max(h.since, r.since), min(h.until, coalesce(r.until, 9223372036854775807))
  FROM held h JOIN wherry_scopes s ON s.base = h.scope
  JOIN wherry_scope_roles sr ON sr.scope = s.id
  JOIN wherry_roots r ON r.user_id = h.user_id AND r.scope = sr.role_scope
  WHERE s.id IN (SELECT scope FROM reach)
    AND r.since < h.until AND coalesce(r.until, 9223372036854775807) > h.since),
entitled(user_id, since, until) AS (
  SELECT h.user_id, max(c.seq, h.since), h.until FROM command c, touched t JOIN held h ON h.scope = t.scope
  WHERE h.until > c.seq
  UNION ALL SELECT user_id, seq, 9223372036854775807 FROM command)
SELECT e.user_id,
  (SELECT server_handled_timestamp FROM wherry_commands WHERE seq = e.since),
  coalesce((SELECT server_handled_timestamp FROM wherry_commands WHERE seq = e.until), 0)
FROM (SELECT user_id, min(since) AS since, max(until) AS until FROM entitled GROUP BY user_id ORDER BY user_id LIMIT ?2) e
)sql";

std::string row_json(const sqlite::Statement& row) {
  std::string json = "{";
  for (int i = 0; i < row.columns(); ++i)
    json += cat(i > 0 ? "," : "", json_quote(row.column_name(i)), ":", to_json(row.value(i)));
  return json + "}";
}

int64_t percentile(std::vector<int64_t>& values, size_t percent) {
  const size_t at = (values.size() - 1) * percent / 100;
  std::ranges::nth_element(values, values.begin() + static_cast<ptrdiff_t>(at));
  return values[at];
}

}  // namespace

LogView::LogView(std::unique_ptr<sqlite::Database> db, std::shared_ptr<const Bundle> bundle)
    : db_(std::move(db)), bundle_(std::move(bundle)) {}
LogView::~LogView() = default;

// Once is enough: what this process commits later is visible only when it is synced.
Result<std::unique_ptr<LogView>> LogView::open(const std::string& path,
                                               std::shared_ptr<const Bundle> bundle) {
  TRY_ASSIGN(auto db, open_to_read(path));
  Snapshot snapshot(*db);
  TRY(snapshot.begin());
  TRY(db->value("SELECT count(*) FROM sqlite_schema"));
  TRY(sync_wal(*db));
  return std::unique_ptr<LogView>(new LogView(std::move(db), std::move(bundle)));
}

Result<Seq> LogView::head() {
  TRY_ASSIGN(const auto value, db_->value("SELECT max(seq) FROM wherry_commands"));
  return Seq{value && value->integer() ? *value->integer() : 0};
}

Result<LogPage> LogView::page(const LogQuery& query) {
  Snapshot snapshot(*db_);
  TRY(snapshot.begin());
  LogPage page;
  TRY_ASSIGN(page.head, head());
  const LogFilter& filter = query.filter;
  const std::string pattern = filter.text.empty() ? std::string() : anywhere(filter.text);
  int64_t end = std::min(query.before.number, page.head.number + 1);
  const int64_t last = std::max({query.after.number + 1, end - kLookedAt, int64_t{1}});
  TRY_ASSIGN(sqlite::Statement* const s, db_->cached(page_sql()));
  while (end > last && page.entries.size() < query.entries_most) {
    const int64_t begin = std::max(last, end - kStretch);
    const size_t wanted = query.entries_most - page.entries.size();
    s->reset();
    s->bind(1, begin).bind(2, end).bind(8, static_cast<int64_t>(wanted));
    s->bind_text(3, filter.user).bind_text(4, filter.name).bind_text(5, filter.outcome);
    s->bind_text(6, filter.entity).bind_text(7, pattern);
    size_t found = 0;
    int64_t lowest = begin;
    while (true) {
      TRY_ASSIGN(const bool more, s->step());
      if (!more) break;
      lowest = s->integer(0);
      page.entries.push_back(row_json(*s));
      ++found;
    }
    end = found == wanted ? lowest : begin;
  }
  s->reset();
  page.reached = Seq{std::max<int64_t>(end, 1)};
  return page;
}

Result<std::optional<std::string>> LogView::entry(Seq seq) {
  TRY_ASSIGN(sqlite::Statement* const s,
             db_->cached(cat("SELECT ", kEntryColumns,
                             ", stamp >> 16 AS stamp_ms, stamp & 65535 AS stamp_counter FROM wherry_commands "
                             "WHERE seq = ?")));
  s->bind(1, seq.number);
  TRY_ASSIGN(const bool found, s->step());
  std::optional<std::string> json;
  if (found) json = entry_json(*s, *bundle_, kDeltaShown);
  s->reset();
  return json;
}

Result<std::optional<TouchedScopes>> LogView::touched(Seq seq) {
  TRY_ASSIGN(const auto commands,
             db_->rows("SELECT id, user_id FROM wherry_commands WHERE seq = ?", {Value(seq.number)}));
  if (commands.empty()) return std::nullopt;
  TouchedScopes touched{.id = *commands[0][0].text(), .user_id = *commands[0][1].text(), .scopes = {}};
  TRY_ASSIGN(
      const auto scopes,
      db_->rows("SELECT s.id, s.name FROM wherry_commands c, json_each(c.scopes) t JOIN wherry_scopes s "
                "ON s.id = t.value WHERE c.seq = ? ORDER BY s.name LIMIT 1000",
                {Value(seq.number)}));
  for (const Row& row : scopes) touched.scopes.emplace_back(*row[0].integer(), *row[1].text());
  return touched;
}

Result<std::vector<Entitled>> LogView::entitled(const std::string& command_id, size_t most) {
  const Patience patience(*db_);
  auto rows = db_->rows(kEntitled, {Value(command_id), Value(static_cast<int64_t>(most))});
  if (!rows && patience.over())
    return fail(ErrorCode::kLimit, "There are too many grants to say quickly who was entitled.");
  if (!rows) return std::unexpected(std::move(rows).error());
  std::vector<Entitled> all;
  for (const Row& row : *rows)
    all.push_back({*row[0].text(), Millis{*row[1].integer()}, Millis{*row[2].integer()}});
  return all;
}

// Entries are in order of the time at which they were handled, unless the server's clock was set back.
Result<Seq> LogView::first_handled_at(Millis time, Seq head) {
  int64_t low = 1, high = head.number + 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    TRY_ASSIGN(
        const auto handled,
        db_->value("SELECT server_handled_timestamp FROM wherry_commands WHERE seq = ?", {Value(middle)}));
    if (handled && handled->integer() && *handled->integer() < time.count)
      low = middle + 1;
    else
      high = middle;
  }
  return Seq{low};
}

Result<Activity> LogView::activity(int64_t from, int64_t until) {
  Snapshot snapshot(*db_);
  TRY(snapshot.begin());
  TRY_ASSIGN(const Seq last, head());
  TRY_ASSIGN(Seq first, first_handled_at(Millis{from * 1000}, last));
  const bool is_cut = first.number < last.number - kTimesRead;
  if (is_cut) first = Seq{last.number - kTimesRead};
  Activity activity{.from = from, .seconds = {}};
  TRY_ASSIGN(sqlite::Statement* const s,
             db_->cached("SELECT server_received_timestamp, server_handled_timestamp, outcome FROM "
                         "wherry_commands WHERE seq >= ? ORDER BY seq"));
  s->bind(1, first.number);
  std::vector<int64_t> waited;
  LogSecond second;
  const auto close = [&] {
    if (waited.empty()) return;
    second.commands = static_cast<int64_t>(waited.size());
    second.p50_ms = percentile(waited, 50);
    second.p99_ms = percentile(waited, 99);
    activity.seconds.push_back(second);
    waited.clear();
  };
  while (true) {
    TRY_ASSIGN(const bool more, s->step());
    if (!more) break;
    const int64_t handled = s->integer(1);
    // A second whose beginning was cut off is left out.
    if (is_cut && activity.from == from) activity.from = handled / 1000 + 1;
    if (handled / 1000 < activity.from || handled / 1000 >= until) continue;
    if (handled / 1000 != second.second) {
      close();
      second = {.second = handled / 1000};
    }
    const std::string_view outcome = s->text(2);
    second.rejected += outcome == "rejected";
    second.superseded += outcome == "superseded";
    waited.push_back(std::max<int64_t>(handled - s->integer(0), 0));
  }
  close();
  s->reset();
  return activity;
}

Result<std::vector<std::string>> LogView::scope_names(const std::vector<int64_t>& scopes) {
  std::vector<std::string> names;
  for (const int64_t scope : scopes) {
    TRY_ASSIGN(const auto name, db_->value("SELECT name FROM wherry_scopes WHERE id = ?", {Value(scope)}));
    names.push_back(name && name->text() != nullptr ? *name->text() : "?");
  }
  return names;
}

}  // namespace wherry

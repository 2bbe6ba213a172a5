#include "sim/history.h"

#include <algorithm>

#include <openssl/evp.h>
#include <nlohmann/json.hpp>

namespace wherry::sim {

namespace {

using Json = nlohmann::json;

constexpr const char* kTail =
    "SELECT seq, id, user_id, entity_id, name, data, client_timestamp, server_received_timestamp,"
    " server_handled_timestamp, replica_id, replica_seq, base_seq, epoch, schema_version, roles, "
    "submitted_by,"
    " stamp, outcome, code, message, lost, delta, salt, hash FROM wherry_commands WHERE seq > ? ORDER BY seq";
enum Column : int {
  kSeq,
  kId,
  kUser,
  kEntity,
  kName,
  kData,
  kClient,
  kReceived,
  kHandled,
  kReplica,
  kReplicaSeq,
  kBase,
  kEpoch,
  kSchema,
  kRoles,
  kSubmitted,
  kStamp,
  kOutcome,
  kCode,
  kMessage,
  kLost,
  kDelta,
  kSalt,
  kHash
};

std::string bytes(sqlite3_stmt* statement, int column) {
  const void* at = sqlite3_column_blob(statement, column);
  return at == nullptr ? std::string()
                       : std::string(static_cast<const char*>(at),
                                     static_cast<size_t>(sqlite3_column_bytes(statement, column)));
}

std::string sha256(std::string_view of) {
  std::string digest(32, '\0');
  unsigned int size = 0;
  EVP_Digest(of.data(), of.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_sha256(),
             nullptr);
  return digest;
}

bool is_uuid(const std::string& text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

// A value as the log packs it: a text that is a canonical UUID is extension 1 with 16 bytes.
Json packed(const std::string& text) {
  if (!is_uuid(text)) return text;
  Json::binary_t raw;
  std::string digits;
  for (const char c : text)
    if (c != '-') digits += c;
  for (size_t i = 0; i < digits.size(); i += 2)
    raw.push_back(static_cast<uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  raw.set_subtype(1);
  return raw;
}

std::string uuid_text(const Json::binary_t& raw) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < raw.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[raw[i] >> 4];
    text += kDigits[raw[i] & 15];
  }
  return text;
}

Cell cell_of(const Json& json) {
  if (json.is_null()) return {};
  if (json.is_number_integer()) return json.get<int64_t>();
  if (json.is_binary()) return uuid_text(json.get_binary());
  return json.get<std::string>();
}

Cells cells_of(const Json& json) {
  Cells cells;
  for (const Json& one : json) cells.push_back(cell_of(one));
  return cells;
}

std::string show(const std::optional<Cells>& cells) {
  if (!cells) return "nothing";
  std::string line;
  for (const Cell& cell : *cells)
    line +=
        (line.empty() ? "" : "|") + (is_null(cell)                           ? std::string("NULL")
                                     : std::holds_alternative<int64_t>(cell) ? std::to_string(number(cell))
                                                                             : text(cell));
  return line;
}

}  // namespace

// `report_` throws: what it holds must end by itself.
History::Statement History::prepare(sqlite3* db, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, nullptr) != SQLITE_OK)
    report_("CORRUPT-STOP", std::string("the server's file cannot be read: ") + sqlite3_errmsg(db));
  return {statement, sqlite3_finalize};
}

void History::read(sqlite3* db) {
  const Statement tail = prepare(db, kTail);
  sqlite3_stmt* statement = tail.get();
  sqlite3_bind_int64(statement, 1, head());
  int code, entries = 0;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    ++entries;
    LogRow row;
    const auto integer = [&](int column) { return sqlite3_column_int64(statement, column); };
    row.seq = integer(kSeq);
    row.id = bytes(statement, kId);
    row.user = bytes(statement, kUser);
    row.name = bytes(statement, kName);
    row.data = bytes(statement, kData);
    row.epoch = bytes(statement, kEpoch);
    row.outcome = bytes(statement, kOutcome);
    row.code = bytes(statement, kCode);
    row.replica_id = bytes(statement, kReplica);
    row.roles = bytes(statement, kRoles);
    row.submitted_by = bytes(statement, kSubmitted);
    row.hash = bytes(statement, kHash);
    row.replica_seq = integer(kReplicaSeq);
    row.base_seq = integer(kBase);
    row.client_timestamp = integer(kClient);
    row.received = integer(kReceived);
    row.handled = integer(kHandled);
    row.stamp = integer(kStamp);
    if (row.seq != head() + 1)
      report_("GAPLESS-CHAIN", "after " + std::to_string(head()) + " comes " + std::to_string(row.seq));
    check_chain(row, statement);
    check_place(row);
    fold(row, bytes(statement, kDelta));
    if (!seq_of_.emplace(row.id, row.seq).second)
      report_("EXACTLY-ONCE", "command " + row.id + " is in the log twice");
    log_.push_back(std::move(row));
  }
  if (code != SQLITE_DONE)
    report_("CORRUPT-STOP", std::string("the log cannot be read: ") + sqlite3_errmsg(db));
  if (entries > 0) return;
  const Statement last = prepare(db, "SELECT coalesce(max(seq), 0) FROM wherry_commands");
  if (sqlite3_step(last.get()) == SQLITE_ROW && sqlite3_column_int64(last.get(), 0) < head())
    report_("ACK-DURABLE", "the log had " + std::to_string(head()) + " entries and has " +
                               std::to_string(sqlite3_column_int64(last.get(), 0)));
}

void History::check_chain(const LogRow& row, sqlite3_stmt* columns) {
  const auto nullable = [&](int column) {
    return sqlite3_column_type(columns, column) == SQLITE_NULL ? Json() : packed(bytes(columns, column));
  };
  const auto plain = [&](int column) { return Json(bytes(columns, column)); };
  const auto integer = [&](int column) { return Json(sqlite3_column_int64(columns, column)); };
  const std::string lost_bytes = bytes(columns, kLost);
  const Json fields = {
      integer(kSeq),      plain(kId),
      plain(kUser),       nullable(kEntity),
      plain(kName),       integer(kClient),
      integer(kReceived), integer(kHandled),
      nullable(kReplica), integer(kReplicaSeq),
      integer(kBase),     plain(kEpoch),
      integer(kSchema),   plain(kRoles),
      plain(kSubmitted),  integer(kStamp),
      plain(kOutcome),    plain(kCode),
      plain(kMessage),    Json::binary(std::vector<uint8_t>(lost_bytes.begin(), lost_bytes.end()))};
  std::string packed_fields;
  Json::to_msgpack(fields, packed_fields);
  const std::string salt = bytes(columns, kSalt);
  const std::string before = log_.empty() ? std::string(32, '\0') : log_.back().hash;
  const std::string hash = sha256(before + packed_fields + sha256(salt + "data" + bytes(columns, kData)) +
                                  sha256(salt + "delta" + bytes(columns, kDelta)));
  if (hash != row.hash) report_("GAPLESS-CHAIN", "entry " + std::to_string(row.seq) + " does not verify");
}

// What the server alone decides: numbers of replicas, stamps.
void History::check_place(const LogRow& row) {
  const int64_t greatest = greatest_.empty() ? 0 : greatest_.back();
  const auto upto = [&](int64_t seq) { return seq <= 0 ? 0 : greatest_[static_cast<size_t>(seq - 1)]; };
  if (row.base_seq > head()) report_("CLOCK-FREE", "entry " + std::to_string(row.seq) + " saw the future");
  if (!row.replica_id.empty()) {
    auto& [last, last_stamp] = replicas_[row.replica_id];
    if (row.replica_seq <= last)
      report_("IDENTITY", "entry " + std::to_string(row.seq) + ": replica " + row.replica_id + " number " +
                              std::to_string(row.replica_seq) + " after " + std::to_string(last));
    // Above what its author had seen, and what his replica had said before.
    if (row.stamp <= upto(row.base_seq) || row.stamp <= last_stamp)
      report_("CLOCK-FREE", "entry " + std::to_string(row.seq) + " counts as older than what it builds on");
    // A wrong clock gains nothing: never later than it came, unless something it saw is.
    const int64_t floor = std::max(upto(row.base_seq), last_stamp) + 1;
    if (row.stamp > std::max(row.received << 16, floor))
      report_("CLOCK-FREE", "entry " + std::to_string(row.seq) + " counts as written after it was received");
    last = row.replica_seq;
    last_stamp = row.stamp;
  }
  greatest_.push_back(std::max(greatest, row.stamp));
}

void History::fold(LogRow& row, const std::string& delta) {
  if (delta.empty()) return;
  if (row.outcome == "rejected")
    report_("STATE=FOLD", "entry " + std::to_string(row.seq) + " changed rows and was rejected");
  for (const Json& change : Json::from_msgpack(delta)) {
    const auto table = chat_table(tables_.at(change[0].get<size_t>()));
    if (!table) continue;
    const int kind = change[1];
    std::optional<Cells> before, after;
    if (kind == 0) after = cells_of(change[4]);
    if (kind == 2) before = cells_of(change[4].is_null() ? change[5] : change[4]);
    if (kind == 1 || kind == 3) {
      after = before = cells_of(change[4]);
      const Json& was = change[5];
      for (size_t i = 0; i + 1 < was.size(); i += 2) (*before)[was[i].get<size_t>()] = cell_of(was[i + 1]);
    }
    if (kind == 4) continue;  // it was not there
    if (kind == 0 && !change[5].is_null()) before = cells_of(change[5]);
    const RowId id = id_of(*table, after ? *after : *before);
    const auto at = rows_.find(id);
    const std::optional<Cells> known = at == rows_.end() ? std::nullopt : std::optional(at->second);
    if (before != known)
      report_("STATE=FOLD", "entry " + std::to_string(row.seq) + " (" + row.name + ") says that " +
                                spec(*table).name + " was " + show(before) + ", the fold has " + show(known));
    row.touched.push_back(id);
    if (after)
      rows_[id] = *after;
    else if (at != rows_.end())
      rows_.erase(at);
    versions_[id].push_back({row.seq, std::move(after)});
  }
}

void History::rewind(int64_t head_now) {
  forgotten_.push_back({head_now, head(), versions_});
  for (int64_t seq = head_now + 1; seq <= head(); ++seq) seq_of_.erase(at(seq).id);
  log_.resize(static_cast<size_t>(head_now));
  greatest_.resize(static_cast<size_t>(head_now));
  replicas_.clear();
  for (const LogRow& row : log_)
    if (!row.replica_id.empty()) replicas_[row.replica_id] = {row.replica_seq, row.stamp};
  rows_.clear();
  for (auto& [id, versions] : versions_) {
    std::erase_if(versions, [&](const Version& version) { return version.seq > head_now; });
    if (!versions.empty() && versions.back().cells) rows_[id] = *versions.back().cells;
  }
}

const LogRow* History::find(const std::string& command_id) const {
  const auto at = seq_of_.find(command_id);
  return at == seq_of_.end() ? nullptr : &log_[static_cast<size_t>(at->second - 1)];
}

ChatRows History::rows_at(int64_t seq) const {
  return seq >= head() ? rows_ : rows_of(versions_, seq);
}

std::vector<ChatRows> History::forgotten_at(int64_t seq) const {
  std::vector<ChatRows> all;
  for (const Forgotten& then : forgotten_)
    if (seq > then.backup && seq <= then.head) all.push_back(rows_of(then.versions, seq));
  return all;
}

ChatRows History::rows_of(const Versions& all, int64_t seq) {
  ChatRows rows;
  for (const auto& [id, versions] : all) {
    const auto later = std::ranges::upper_bound(versions, seq, {}, &Version::seq);
    if (later != versions.begin() && std::prev(later)->cells)
      rows.emplace_hint(rows.end(), id, *std::prev(later)->cells);
  }
  return rows;
}

int64_t History::changed_at(const RowId& id) const {
  const auto at = versions_.find(id);
  return at == versions_.end() || at->second.empty() ? 0 : at->second.back().seq;
}

void History::compare_tables(sqlite3* db) {
  ChatRows stored;
  for (int i = 0; i < kChatTables; ++i) {
    const auto table = static_cast<ChatTable>(i);
    std::string sql = "SELECT ";
    for (const char* column : spec(table).columns) sql += std::string(column) + ",";
    sql.back() = ' ';
    sql += std::string("FROM ") + spec(table).name;
    const Statement rows = prepare(db, sql.c_str());
    sqlite3_stmt* statement = rows.get();
    int code = SQLITE_OK;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      Cells cells;
      for (int c = 0; c < sqlite3_column_count(statement); ++c) {
        const int type = sqlite3_column_type(statement, c);
        cells.push_back(type == SQLITE_NULL      ? Cell()
                        : type == SQLITE_INTEGER ? Cell(sqlite3_column_int64(statement, c))
                                                 : Cell(bytes(statement, c)));
      }
      RowId id = id_of(table, cells);
      stored.emplace(std::move(id), std::move(cells));
    }
    if (code != SQLITE_DONE)
      report_("CORRUPT-STOP", std::string("a table cannot be read: ") + sqlite3_errmsg(db));
  }
  if (stored == rows_) return;
  report_("STATE=FOLD", "the tables are\n" + dump(stored) + "but the log folds to\n" + dump(rows_));
}

}  // namespace wherry::sim

#include "workspace/log.h"

#include "base/limits.h"
#include "base/msgpack.h"
#include "base/text.h"

namespace wherry::workspace {

namespace {

constexpr const char* kAppend =
    "INSERT INTO wherry_commands(seq, id, user_id, entity_id, name, data, client_timestamp, "
    "server_received_timestamp, server_handled_timestamp, replica_id, replica_seq, base_seq, epoch, "
    "schema_version, "
    "roles, submitted_by, stamp, greatest_stamp, outcome, code, message, lost, delta, scopes, salt, hash) "
    "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26)";

constexpr const char* kStoredColumns =
    "id, replica_seq, seq, outcome, code, message, lost, user_id, submitted_by, delta";

Log::Stored stored_of(const sqlite::Statement& s) {
  Log::Stored stored;
  stored.answer.id = s.text(0);
  stored.answer.replica_seq = s.integer(1);
  stored.answer.seq = {s.integer(2)};
  stored.answer.outcome = outcome_from(s.text(3));
  stored.answer.code = s.text(4);
  stored.answer.message = s.text(5);
  stored.answer.lost = decode_lost(s.blob(6));
  if (stored.answer.lost.size() > limits::kLostCells) stored.answer.lost.resize(limits::kLostCells);
  stored.user_id = s.text(7);
  stored.submitted_by = s.text(8);
  stored.delta = s.blob(9);
  return stored;
}

}  // namespace

protocol::Outcome outcome_from(std::string_view text) {
  if (text == "superseded") return protocol::Outcome::kSuperseded;
  if (text == "rejected") return protocol::Outcome::kRejected;
  return protocol::Outcome::kApplied;
}

std::string encode_lost(const std::vector<protocol::LostCell>& lost) {
  std::string bytes;
  if (lost.empty()) return bytes;
  msgpack::Writer writer(bytes);
  writer.array(lost.size());
  for (const protocol::LostCell& cell : lost) {
    writer.integer(cell.table);
    writer.row(cell.key);
    writer.text(cell.column);
  }
  return bytes;
}

std::vector<protocol::LostCell> decode_lost(std::string_view bytes) {
  std::vector<protocol::LostCell> lost;
  if (bytes.empty()) return lost;
  msgpack::Reader reader(bytes);
  const auto count = reader.array(limits::kCommandRows * limits::kTableColumns);
  for (size_t i = 0; count && i < *count; ++i) {
    const auto table = reader.integer();
    auto key = table ? reader.row(limits::kTableColumns) : Result<Row>(Row{});
    const auto column = table && key ? reader.text() : Result<std::string_view>("");
    if (!table || !key || !column) break;
    lost.push_back({*table, std::move(*key), std::string(*column)});
  }
  return lost;
}

std::string fixed_columns(const Record& r) {
  std::string bytes;
  bytes.reserve(512);
  msgpack::Writer w(bytes);
  w.array(20);
  w.integer(r.seq.number);
  w.text(r.id);
  w.text(r.user_id);
  w.value(r.entity_id ? Value(*r.entity_id) : Value());
  w.text(r.name);
  w.integer(r.client_timestamp.count);
  w.integer(r.received.count);
  w.integer(r.handled.count);
  w.value(r.replica_id ? Value(*r.replica_id) : Value());
  w.integer(r.replica_seq);
  w.integer(r.base_seq.number);
  w.text(r.epoch);
  w.integer(r.schema_version);
  w.text(r.roles);
  w.text(r.submitted_by);
  w.integer(r.stamp.bits);
  w.text(protocol::outcome_text(r.outcome));
  w.text(r.code);
  w.text(r.message);
  w.blob(r.lost);
  return bytes;
}

std::string chain_hash(const Hasher& hasher, std::string_view previous, std::string_view fixed,
                       std::string_view salt, std::string_view data, std::string_view delta) {
  return hasher(cat(previous, fixed, hasher(cat(salt, "data", data)), hasher(cat(salt, "delta", delta))));
}

Log::Log(sqlite::Database& db, Hasher hasher, Entropy entropy)
    : db_(db),
      hasher_(std::move(hasher)),
      entropy_(std::move(entropy)),
      append_(db, kAppend),
      find_(db, cat("SELECT ", kStoredColumns, " FROM wherry_commands WHERE id = ?")),
      writer_(db, "SELECT stamp, id FROM wherry_commands WHERE seq = ?") {}

Result<> Log::reload() {
  TRY_ASSIGN(sqlite::Statement * s,
             db_.cached("SELECT seq, hash, greatest_stamp FROM wherry_commands ORDER BY seq DESC LIMIT 1"));
  TRY_ASSIGN(const bool found, s->step());
  head_ = found ? Seq{s->integer(0)} : Seq{};
  hash_ = found ? std::string(s->blob(1)) : std::string(32, '\0');
  greatest_ = found ? Stamp{s->integer(2)} : Stamp{};
  s->reset();
  asked_.reset();
  return {};
}

Result<> Log::append(Record r) {
  std::string salt(16, '\0');
  entropy_(std::span(reinterpret_cast<uint8_t*>(salt.data()), salt.size()));
  const std::string hash = chain_hash(hasher_, hash_, fixed_columns(r), salt, r.data, r.delta);
  const Stamp greatest = std::max(greatest_, r.stamp);
  TRY_ASSIGN(sqlite::Statement * s, append_.use());
  const auto lend_unless_empty = [&](int parameter, std::string_view text) {
    if (!text.empty()) s->lend_text(parameter, text);
  };
  s->bind(1, r.seq.number).lend_text(2, r.id).lend_text(3, r.user_id);
  if (r.entity_id) s->lend_text(4, *r.entity_id);
  s->lend_text(5, r.name).lend_text(6, r.data).bind(7, r.client_timestamp.count);
  s->bind(8, r.received.count).bind(9, r.handled.count);
  if (r.replica_id) s->lend_text(10, *r.replica_id).bind(11, r.replica_seq);
  s->bind(12, r.base_seq.number).lend_text(13, r.epoch).bind(14, r.schema_version);
  lend_unless_empty(15, r.roles);
  lend_unless_empty(16, r.submitted_by);
  s->bind(17, r.stamp.bits).bind(18, greatest.bits).lend_text(19, protocol::outcome_text(r.outcome));
  lend_unless_empty(20, r.code);
  lend_unless_empty(21, r.message);
  if (!r.lost.empty()) s->lend_blob(22, r.lost);
  if (!r.delta.empty()) s->lend_blob(23, r.delta);
  lend_unless_empty(24, r.scopes);
  s->lend_blob(25, salt).lend_blob(26, hash);
  TRY(s->run());
  head_ = r.seq;
  hash_ = hash;
  greatest_ = greatest;
  return {};
}

Result<Stamp> Log::greatest_stamp(Seq seq) {
  if (seq >= head_) return greatest_;
  // Many commands of a group have seen the same.
  if (!asked_ || asked_->first != seq) {
    TRY_ASSIGN(const auto value,
               db_.value("SELECT greatest_stamp FROM wherry_commands WHERE seq = ?", {Value(seq.number)}));
    asked_.emplace(seq, Stamp{value && value->integer() ? *value->integer() : 0});
  }
  return asked_->second;
}

Result<Log::Writer> Log::writer(Seq seq) {
  TRY_ASSIGN(sqlite::Statement * s, writer_.use());
  s->bind(1, seq.number);
  TRY_ASSIGN(const bool found, s->step());
  Writer writer;
  if (found) writer = {Stamp{s->integer(0)}, std::string(s->text(1))};
  s->reset();
  return writer;
}

Result<std::optional<std::string>> Log::hash_at(Seq seq) {
  TRY_ASSIGN(const auto value,
             db_.value("SELECT hash FROM wherry_commands WHERE seq = ?", {Value(seq.number)}));
  if (!value || value->blob() == nullptr) return std::nullopt;
  return value->blob()->bytes;
}

Result<std::optional<Log::Stored>> Log::find(const std::string& command_id) {
  TRY_ASSIGN(sqlite::Statement * s, find_.use());
  s->lend_text(1, command_id);
  TRY_ASSIGN(const bool found, s->step());
  std::optional<Stored> stored;
  if (found) stored = stored_of(*s);
  s->reset();
  return stored;
}

Result<std::vector<Log::Stored>> Log::of_replica(const std::string& replica_id, int64_t replica_seq,
                                                 int64_t most) {
  TRY_ASSIGN(sqlite::Statement * s,
             db_.cached(cat("SELECT ", kStoredColumns,
                            " FROM wherry_commands WHERE replica_id = ? AND replica_seq > ? "
                            "ORDER BY replica_seq LIMIT ?")));
  s->bind_text(1, replica_id).bind(2, replica_seq).bind(3, most);
  std::vector<Stored> all;
  while (true) {
    TRY_ASSIGN(const bool more, s->step());
    if (!more) break;
    all.push_back(stored_of(*s));
  }
  s->reset();
  return all;
}

}  // namespace wherry::workspace

#include "replica/session.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "protocol/codec.h"

namespace wherry {

using namespace protocol;

Result<> Session::connected(std::string token, Millis now) {
  disconnected();
  bye_.reset();
  if (core_.damage()) return std::unexpected(*core_.damage());
  TRY_ASSIGN(staged_answers_, core_.stage.answered());
  TRY_ASSIGN(const bool nothing_staged, core_.stage.empty());
  staged_ = !nothing_staged;
  const Meta& meta = core_.meta;
  Hello hello;
  hello.token = std::move(token);
  if (!meta.replica_id.empty()) hello.replica_id = meta.replica_id;
  hello.identity = meta.identity;
  hello.clock = now;
  hello.schema_hash = meta.schema_hash;
  hello.epoch = meta.epoch;
  hello.position = meta.boundary;
  hello.hash_at = meta.hash_at;
  hello.hash = meta.hash;
  hello.compression = readable_compressions();
  TRY_ASSIGN(hello.answered, core_.queue.answered_to(staged_answers_, meta.next_replica_seq));
  state_ = State::kHello;
  outgoing_.push_back(encode(hello, Compression::kPlain));
  return {};
}

void Session::disconnected() {
  const bool was = is_welcome();
  close();
  if (was) status_changed();
}

void Session::close() {
  state_ = State::kClosed;
  waits_for_schema_ = answers_known_ = push_before_pull_ = false;
  list_.clear();
  list_open_ = false;
  lines_ = {};
  resume_.clear();
  credits_ = 0;
  pushed_n_ = 0;
  in_flight_.clear();
  in_flight_bytes_ = 0;
  rows_received_ = answers_received_ = 0;
  due_ = false;
  outgoing_.clear();
}

Result<> Session::receive(std::string_view bytes, Millis now) {
  if (core_.damage()) return std::unexpected(*core_.damage());
  if (state_ == State::kClosed) return {};  // what a connection given up still delivers
  Result<> done = [&]() -> Result<> {
    TRY_ASSIGN(const Message message, decode(bytes));
    return take(message, now);
  }();
  if (!done) return std::unexpected(end_with(std::move(done).error()));
  changed();
  return {};
}

Error Session::end_with(Error error) {
  core_.note_damage(error);
  // What is staged may be what does not fit; it is asked for again.
  if (staged_ && error.code == ErrorCode::kProtocol) {
    const Result<> cleared = core_.transact([&](Change&) { return core_.stage.clear(); });
    if (!cleared) error = cleared.error();
  }
  close();
  status_changed();
  return error;
}

Result<> Session::take(const Message& message, Millis now) {
  if (const auto* bye = std::get_if<Bye>(&message)) return on_bye(*bye);
  if (const auto* error = std::get_if<ErrorMessage>(&message)) return on_error(*error);
  const auto out_of_place = [&] {
    return fail(ErrorCode::kProtocol, cat("the message ", message_name(message), " is out of place"));
  };
  if (const auto* welcome = std::get_if<Welcome>(&message))
    return state_ == State::kHello ? on_welcome(*welcome, now) : out_of_place();
  if (const auto* schema = std::get_if<Schema>(&message))
    return state_ == State::kWelcome && waits_for_schema_ ? on_schema(*schema) : out_of_place();
  if (state_ < State::kWelcome || waits_for_schema_) return out_of_place();
  if (const auto* scopes = std::get_if<Scopes>(&message)) return on_scopes(*scopes);
  if (state_ != State::kRunning) return out_of_place();
  if (const auto* batch = std::get_if<Batch>(&message)) return on_batch(*batch);
  if (const auto* rows = std::get_if<RowsChunk>(&message)) return on_rows(*rows);
  return out_of_place();
}

Result<> Session::on_welcome(const Welcome& welcome, Millis now) {
  const Meta& old = core_.meta;
  if (!old.workspace.empty() && (old.workspace != welcome.workspace || old.user_id != welcome.user_id))
    return fail(ErrorCode::kInvalid,
                cat("this file belongs to ", old.user_id, " in the workspace ", old.workspace, ", not to ",
                    welcome.user_id, " in ", welcome.workspace));
  const bool new_epoch = !old.epoch.empty() && old.epoch != welcome.epoch;
  const bool new_roles = old.roles != welcome.roles;
  // The identity token must not be lost once the server has seen it used, whatever was asked for at open.
  TRY(core_.store().demand_durable());
  const Result<> stored = core_.transact([&](Change& change) -> Result<> {
    Meta& meta = core_.meta;
    meta.workspace = welcome.workspace;
    meta.user_id = welcome.user_id;
    meta.roles = welcome.roles;
    meta.replica_id = welcome.replica_id;
    meta.identity = welcome.identity;
    meta.epoch = welcome.epoch;
    meta.clock_offset_ms = (welcome.server_time - now).count;
    if (welcome.renewed) {
      // New numbers begin at 1 and count every pending command: those whose answers are staged are pushed,
      // and answered, again.
      TRY(core_.stage.clear());
      change.events.push_back({ReplicaEvent::Kind::kIdentity, welcome.replica_id, {}, {}, {}, 0, 0});
    }
    if (new_epoch) {
      TRY_ASSIGN(const int64_t again, core_.start_epoch(change, welcome.epoch_base));
      change.events.push_back({ReplicaEvent::Kind::kEpoch,
                               {},
                               {},
                               {},
                               cat("the server was restored to ", welcome.epoch_base.number, "; ", again,
                                   " commands that it has forgotten are offered again"),
                               again,
                               static_cast<int64_t>(core_.rebase.pending())});
    } else if (new_roles) {
      core_.rebase.run_all_next();
      change.run_all = true;
    }
    meta.hash_at = welcome.head;
    meta.hash = welcome.hash;
    TRY_ASSIGN(meta.next_replica_seq, core_.queue.renumber(welcome.received));
    const Step session{};
    TRY_ASSIGN(const bool nothing_staged, core_.stage.empty());
    return nothing_staged ? core_.take(change, session) : core_.stage.append({session});
  });
  TRY(core_.store().relax());
  TRY(stored);
  if (core_.app() != nullptr) core_.app()->engine().set_user(welcome.user_id);
  if (new_epoch || welcome.renewed) {
    staged_answers_.clear();
    staged_ = false;
  }
  welcome_ = welcome;
  push_before_pull_ = welcome.renewed;
  waits_for_schema_ = welcome.schema_hash != core_.meta.schema_hash;
  state_ = State::kWelcome;
  status_changed();
  return {};
}

Result<> Session::on_schema(const Schema& schema) {
  if (schema.hash != welcome_.schema_hash)
    return fail(ErrorCode::kProtocol, "the schema is another one than welcome has named");
  TRY(core_.adopt_schema(schema.bundle, schema.hash));
  waits_for_schema_ = false;
  return {};
}

Result<> Session::on_error(const ErrorMessage& error) {
  core_.tell({ReplicaEvent::Kind::kError, {}, {}, error.code, error.message, 0, 0});
  return {};
}

Result<> Session::on_bye(const Bye& bye) {
  if (bye.code == "identity") {
    // The next hello shows that the server is right, and is answered with a new identity.
    TRY(core_.transact([&](Change&) -> Result<> {
      core_.meta.identity.clear();
      return {};
    }));
  }
  core_.tell({ReplicaEvent::Kind::kError, {}, {}, bye.code, bye.message, 0, 0});
  bye_ = bye;
  close();
  status_changed();
  return {};
}

bool Session::is_live(int64_t scope) const {
  const auto at = lines_.handles.find(scope);
  return at != lines_.handles.end() && lines_.by_handle.at(at->second).state == Line::State::kLive;
}

bool Session::is_scanning(int64_t scope) const {
  const auto at = lines_.handles.find(scope);
  return at != lines_.handles.end() && lines_.by_handle.at(at->second).state == Line::State::kScanning;
}

bool Session::catching_up() const {
  return std::ranges::any_of(core_.held.all(), [&](const auto& entry) {
    const Scope& scope = entry.second;
    return scope.wanted && scope.complete && !is_live(scope.id);
  });
}

bool Session::caught_up() const {
  return state_ == State::kRunning && answers_known_ && !staged_ &&
         std::ranges::all_of(core_.held.all(), [&](const auto& entry) {
           return !entry.second.wanted || is_live(entry.second.id);
         });
}

Session::Line* Session::line_of(Handle handle) {
  const auto at = lines_.by_handle.find(handle);
  return at == lines_.by_handle.end() ? nullptr : &at->second;
}

void Session::progress(std::string what, int64_t done, int64_t total) {
  core_.tell({ReplicaEvent::Kind::kProgress, {}, {}, {}, std::move(what), done, total});
}

void Session::status_changed() {
  core_.tell({ReplicaEvent::Kind::kStatus, {}, {}, {}, {}, 0, 0});
}

void Session::send(const Message& message) {
  outgoing_.push_back(encode(message, welcome_.compression));
}

}  // namespace wherry

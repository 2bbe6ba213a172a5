#include "workspace/workspace.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "bundle/wire.h"
#include "protocol/codec.h"
#include "workspace/scan.h"
#include "workspace/schema.h"
#include "workspace/workspace_impl.h"

namespace wherry {

using namespace workspace;

namespace {

// A connection that says nothing must not be held for long.
constexpr Millis kHelloWithin{10'000};
// Old departures are swept so often, and so many at once, that nobody waits for it.
constexpr Millis kSweepEvery{600'000};
constexpr int64_t kSweepMost = 2000;
// Ticks without work after which statements and the schema are forgotten, too; to read and prepare them anew
// takes about a millisecond. Where nobody has written of late, nobody is likely to write soon.
constexpr int64_t kLongQuiet = 10, kLongQuietOfReaders = 2;
// Of the parameters of a group's commands from sessions: it holds several copies of them until it is
// published.
constexpr size_t kGroupBytes = 2 << 20;

}  // namespace

Workspace::Impl::Impl(WorkspaceOptions o, std::unique_ptr<sqlite::Database> database,
                      std::unique_ptr<Engine> e)
    : options(std::move(o)),
      log(*database, options.hasher, options.entropy),
      db_(std::move(database)),
      engine_(std::move(e)),
      names_(*db_, *options.bundle),
      access_(*db_, *options.bundle, engine_->predicates(), names_),
      versions_(*db_, *options.bundle),
      effects_(*db_, *options.bundle, engine_->rows(), access_, versions_),
      executor_({*db_, *options.bundle, *engine_, names_, access_, versions_, log, effects_}),
      uuids_(options.entropy),
      replica_bundles_(options.replica_bundles ? options.replica_bundles
                                               : std::make_shared<ReplicaBundles>(options.bundle)) {}

// After a kill, SQLite recovers what was written but perhaps never synced. It is made durable, and one commit
// shows that the disk takes it, before anyone is answered.
Result<> Workspace::Impl::boot(bool created, Millis now) {
  // Files get swapped, and tokens are for a name: nobody may read this log under another one.
  TRY_ASSIGN(const std::string name, meta(*db_, "name"));
  if (!name.empty() && name != options.name)
    return fail(ErrorCode::kCorrupt, cat("the file is of the workspace ", name, ", not of ", options.name));
  TRY_ASSIGN(epoch_, meta(*db_, "epoch"));
  TRY_ASSIGN(epochs_, meta(*db_, "epochs"));
  TRY_ASSIGN(link_key_, meta(*db_, "link_key"));
  if (created || epoch_.empty()) epoch_ = uuids_.make(now).text();
  if (epochs_.empty()) epochs_ = epoch_ + " ";
  if (link_key_.empty()) link_key_ = to_hex(random_bytes(32));
  TRY(db_->harden_wal());
  {
    TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(*db_));
    TRY(set_meta(*db_, "epoch", epoch_));
    TRY(set_meta(*db_, "epochs", epochs_));
    TRY(set_meta(*db_, "link_key", link_key_));
    TRY(set_meta(*db_, "name", options.name));
    TRY(set_meta(*db_, "booted", std::to_string(now.count)));
    TRY(transaction.commit());
  }
  TRY(log.reload());
  TRY(names_.reload());
  // The log begins with what the workspace is made of; a kill in between leaves it to the next boot.
  if (log.head() == Seq{}) TRY(run_initial(now));
  db_->forget_statements();  // most are for opening only
  return {};
}

Result<> Workspace::Impl::run_initial(Millis now) {
  const auto system = [&](std::string name, std::string data) {
    DirectCommand command;
    command.name = std::move(name);
    command.data = std::move(data);
    command.user_id = "system";
    return command;
  };
  std::vector<DirectCommand> commands;
  for (const InitialCommand& command : options.bundle->initial)
    commands.push_back(system(command.name, command.params_json));
  {
    TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(*db_));
    Record record;
    record.seq = Seq{1};
    record.id = uuids_.make(now).text();
    record.user_id = "system";
    record.name = "wherry.create";
    std::vector<std::string> ddl;
    for (const std::string& statement : options.bundle->ddl) ddl.push_back(json_quote(statement));
    record.data =
        cat("{\"bundle\":", json_quote(options.bundle->hash), ",\"schema\":[", join(ddl, ","), "]}");
    record.client_timestamp = record.received = record.handled = now;
    record.epoch = epoch_;
    record.schema_version = options.bundle->schema_version;
    record.stamp = Stamp::at(now);
    TRY(log.append(std::move(record)));
    TRY(transaction.commit());
  }
  if (commands.empty()) return {};
  TRY_ASSIGN(const auto answers, execute_all(commands, now));
  for (size_t i = 0; i < answers.size(); ++i)
    if (answers[i].outcome == protocol::Outcome::kRejected)
      return fail(ErrorCode::kBundle, cat("initial.jsonl, entry ", i + 1, " (", commands[i].name,
                                          ") is refused: ", answers[i].code, " ", answers[i].message));
  return {};
}

void Workspace::Impl::connect(SessionId id, Millis now) {
  Session& session = sessions[id];
  session.id = id;
  session.connected_at = now;
}

void Workspace::Impl::disconnect(SessionId id) {
  const auto at = sessions.find(id);
  if (at == sessions.end()) return;
  for (const auto& [scope, held] : at->second.scopes)
    if (const auto live = live_.find(scope); live != live_.end()) {
      live->second.erase(id);
      if (live->second.empty()) live_.erase(live);
    }
  chunks_due_.erase(id);
  if (const Session& session = at->second; session.holder) {
    session_of_.erase(session.replica_id);
    const auto his = sessions_of_.find(session.holder.get());
    his->second.erase(id);
    if (his->second.empty()) sessions_of_.erase(his);
  }
  sessions.erase(at);
}

void Workspace::Impl::receive(SessionId id, std::string_view bytes, Millis now) {
  const auto at = sessions.find(id);
  if (at == sessions.end()) return;
  Result<protocol::Message> message = protocol::decode(bytes);
  Result<> handled;
  if (message)
    handled = handle(at->second, *std::move(message), now);
  else
    handled = std::unexpected(std::move(message).error());
  if (!handled) {
    const bool may_return = advice(handled.error().code) == Advice::kRetry;
    say_bye(id, std::string(code_text(handled.error().code)), handled.error().message,
            may_return ? Millis{1000} : Millis{-1});
  }
}

Result<> Workspace::Impl::handle(Session& session, protocol::Message message, Millis now) {
  if (auto* hello = std::get_if<protocol::Hello>(&message)) {
    if (session.state != Session::State::kConnected)
      return fail(ErrorCode::kProtocol, "hello was said before");
    if (hello->version != protocol::kVersion)
      return fail(ErrorCode::kVersion, cat("this server speaks protocol version ", protocol::kVersion));
    TRY_ASSIGN(session.who, options.verifier(hello->token, now));
    hello->token.clear();
    session.clock_offset = now - hello->clock;
    session.hello = std::move(*hello);
    session.state = Session::State::kSaidHello;
    session.hello_behind = accepted_;
    hellos_.push_back(session.id);
    return {};
  }
  if (session.state != Session::State::kReady) return fail(ErrorCode::kProtocol, "hello must come first");
  if (!session.confirmed) confirmed_.emplace_back(session.replica_id, session.identity);
  session.confirmed = true;
  if (auto* push = std::get_if<protocol::Push>(&message)) return handle_push(session, std::move(*push), now);
  if (const auto* pull = std::get_if<protocol::Pull>(&message)) return handle_pull(session, *pull);
  return fail(ErrorCode::kProtocol, "this message is for replicas");
}

Result<> Workspace::Impl::handle_push(Session& session, protocol::Push push, Millis now) {
  size_t bytes = session.waiting_bytes;
  for (const protocol::PushedCommand& command : push.commands) bytes += command.data.size();
  if (bytes > limits::kWindowBytes)
    return fail(ErrorCode::kLimit, cat("more than ", limits::kWindowBytes, " bytes of commands unanswered"));
  if (session.waiting_commands + push.commands.size() > limits::kWindowCommands)
    return fail(ErrorCode::kLimit, cat("more than ", limits::kWindowCommands, " commands unanswered"));
  const bool import = std::ranges::binary_search(session.holder->roles, "import");
  for (protocol::PushedCommand& command : push.commands) {
    if (command.data.size() > limits::kCommandBytes)
      return fail(ErrorCode::kLimit,
                  cat("a command's data is longer than ", limits::kCommandBytes, " bytes"));
    Submission s;
    s.id = std::move(command.id);
    s.name = std::move(command.name);
    s.data = std::move(command.data);
    s.user_id = session.who.user_id;
    s.roles = session.who.roles;
    if (import) {
      s.is_import = true;
      if (command.user && *command.user != s.user_id) {
        s.submitted_by = s.user_id;
        s.user_id = *std::move(command.user);
      }
    }
    s.replica_id = session.replica_id;
    s.replica_seq = command.replica_seq;
    s.client_timestamp = command.client_timestamp;
    s.clock_offset = session.clock_offset;
    s.base_seq = std::min(command.base_seq, log.head());
    s.received = now;
    waiting_.push_back({session.id, std::move(s)});
    ++accepted_;
    ++session.waiting_commands;
    session.waiting_bytes += waiting_.back().submission.data.size();
  }
  return {};
}

Result<> Workspace::Impl::handle_pull(Session& session, const protocol::Pull& pull) {
  for (const protocol::Handle handle : pull.unload) {
    const auto scope = session.handles.find(handle);
    if (scope == session.handles.end()) continue;  // revoked in the meantime
    set_state(session, scope->second, session.scopes[scope->second], SessionScope::State::kIdle);
  }
  TRY_ASSIGN(const std::string swept, meta(*db_, "swept_to"));
  const Seq swept_to{swept.empty() ? 0 : std::strtoll(swept.c_str(), nullptr, 10)};
  for (const protocol::Pull::Scope& wanted : pull.scopes) {
    const auto scope = session.handles.find(wanted.handle);
    if (scope == session.handles.end()) continue;
    if (wanted.position > log.head())
      return fail(ErrorCode::kProtocol, "a position lies beyond the log's head");
    TRY(check_place(wanted.after));
    SessionScope& held = session.scopes[scope->second];
    held.position = wanted.position;
    held.after = wanted.after;
    if (held.position < swept_to && (held.position > Seq{} || !held.after.empty())) {
      held.position = {};
      held.after.clear();
    }
    held.from_zero = held.position == Seq{} && held.after.empty();
    held.began_at = {};
    set_state(session, scope->second, held, SessionScope::State::kScanning);
  }
  session.credits = std::min(session.credits + pull.credits, 16 * limits::kChunkCredits);
  if (may_read_chunk(session)) chunks_due_.insert(session.id);
  return {};
}

void Workspace::Impl::sent(SessionId id, size_t bytes) {
  const auto at = sessions.find(id);
  if (at == sessions.end()) return;
  at->second.queued_bytes -= std::min(bytes, at->second.queued_bytes);
  if (may_read_chunk(at->second)) chunks_due_.insert(id);
}

bool Workspace::Impl::has_work() const {
  return !waiting_.empty() || !hellos_.empty() || !confirmed_.empty() || !chunks_due_.empty();
}

Result<> Workspace::Impl::commit(Millis now) {
  worked_since_tick_ = true;
  std::vector<Waiting> group;
  if (!waiting_.empty()) {
    for (size_t bytes = 0; !waiting_.empty() && group.size() < options.limits.group_commands;) {
      bytes += waiting_.front().submission.data.size();
      if (bytes > kGroupBytes && !group.empty()) break;
      group.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    handled_ += static_cast<int64_t>(group.size());
    TRY_ASSIGN(std::vector<Done> done, run_group(group, now));
    TRY_ASSIGN(const Items items, effects_.items());
    TRY(publish(group, done, items));
  }
  if (!confirmed_.empty()) TRY(confirm_identities());
  TRY(answer_hellos(now));
  return read_chunks(group.size());
}

Result<std::vector<protocol::Answer>> Workspace::Impl::execute_all(const std::vector<DirectCommand>& commands,
                                                                   Millis now) {
  worked_since_tick_ = true;
  std::vector<protocol::Answer> answers;
  for (size_t begin = 0; begin < commands.size(); begin += options.limits.group_commands) {
    std::vector<Waiting> group;
    for (size_t i = begin; i < std::min(commands.size(), begin + options.limits.group_commands); ++i) {
      const DirectCommand& command = commands[i];
      Submission s;
      s.id = command.id ? *command.id : uuids_.make(now).text();
      s.name = command.name;
      s.data = command.data;
      s.user_id = command.user_id;
      s.roles = command.roles;
      s.submitted_by = command.submitted_by;
      s.client_timestamp = command.client_timestamp.value_or(now);
      s.base_seq = log.head();
      s.received = now;
      s.is_import =
          command.client_timestamp && std::ranges::find(command.roles, "import") != command.roles.end();
      s.unrestricted = command.user_id == "system";
      group.push_back({0, std::move(s)});
    }
    TRY_ASSIGN(std::vector<Done> done, run_group(group, now));
    TRY_ASSIGN(const Items items, effects_.items());
    TRY(publish(group, done, items));
    for (Done& d : done) answers.push_back(std::move(d.executed.answer));
  }
  return answers;
}

Result<> Workspace::Impl::tick(Millis now) {
  std::vector<SessionId> silent, expired;
  for (const auto& [id, session] : sessions) {
    if (session.state == Session::State::kConnected && now > session.connected_at + kHelloWithin)
      silent.push_back(id);
    if (session.state == Session::State::kReady && now >= session.who.expires) expired.push_back(id);
  }
  for (const SessionId id : silent) say_bye(id, "silent", "no hello came in time", Millis{1000});
  for (const SessionId id : expired) say_bye(id, "unauthorized", "the token has expired", Millis{-1});
  access_.sweep();
  quiet_ticks_ = std::exchange(worked_since_tick_, false) ? 0 : quiet_ticks_ + 1;
  if (quiet_ticks_ > 0) TRY(rest());
  if (now < last_sweep_ + kSweepEvery) return {};
  TRY_ASSIGN(const bool done, sweep(now));
  if (done) last_sweep_ = now;
  return {};
}

// Between ticks without work: writes what was put off, and lets go of memory.
Result<> Workspace::Impl::rest() {
  if (unindexed_ > 0) {
    const auto write = [this]() -> Result<> {
      TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(*db_));
      TRY(index_rows(1));
      return transaction.commit();
    };
    const Result<> written = write();
    if (!written) unindexed_ = 1;
    // While the disk is full it goes on waiting, and what is there can be read.
    if (!written && written.error().code != ErrorCode::kFull) return written;
  }
  if (quiet_ticks_ == 1) db_->release_memory();
  if (quiet_ticks_ != (has_written_ ? kLongQuiet : kLongQuietOfReaders)) return {};
  has_written_ = false;
  engine_->forget_handlers();
  db_->forget_statements();
  return db_->forget_schema();
}

// Deletes departures older than the horizon. A position before `swept_to` is answered with a scan from 0.
Result<bool> Workspace::Impl::sweep(Millis now) {
  // Entries are in order of time: the last one before the horizon, by halving.
  Seq low, high = log.head();
  while (low < high) {
    const Seq middle{(low.number + high.number + 1) / 2};
    TRY_ASSIGN(const auto handled,
               db_->value("SELECT server_handled_timestamp FROM wherry_commands WHERE seq = ?",
                          {Value(middle.number)}));
    const bool is_old =
        handled && handled->integer() && *handled->integer() < now.count - limits::kDepartureHorizonMs;
    if (is_old)
      low = middle;
    else
      high = Seq{middle.number - 1};
  }
  TRY_ASSIGN(const auto left,
             db_->value("SELECT 1 FROM wherry_scope_index WHERE gone = 1 AND seq <= ? LIMIT 1",
                        {Value(low.number)}));
  if (!left) return true;
  TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(*db_));
  TRY(set_meta(*db_, "swept_to", std::to_string(low.number)));
  TRY_ASSIGN(const bool done, sweep_departures(*db_, low, kSweepMost));
  TRY(transaction.commit());
  return done;
}

void Workspace::Impl::shut_down(const std::string& code, const std::string& message, Millis retry_after) {
  std::vector<SessionId> all;
  for (const auto& [id, _] : sessions) all.push_back(id);
  for (const SessionId id : all) say_bye(id, code, message, retry_after);
}

// --- the public face --------------------------------------------------------------------------------------

Workspace::Workspace(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Workspace::~Workspace() = default;

Result<std::unique_ptr<Workspace>> Workspace::open(WorkspaceOptions options, Millis now) {
  bool created = false;
  TRY_ASSIGN(auto db, open_database(options.path, options.vfs, *options.bundle, created));
  TRY_ASSIGN(auto engine, Engine::create(*db, *options.bundle, Side::kServer));
  auto impl = std::make_unique<Impl>(std::move(options), std::move(db), std::move(engine));
  TRY(impl->boot(created, now));
  return std::unique_ptr<Workspace>(new Workspace(std::move(impl)));
}

void Workspace::connect(SessionId session, Millis now) {
  impl_->connect(session, now);
}
void Workspace::disconnect(SessionId session) {
  impl_->disconnect(session);
}
void Workspace::receive(SessionId session, std::string_view bytes, Millis now) {
  impl_->receive(session, bytes, now);
}
void Workspace::sent(SessionId session, size_t bytes, Millis) {
  impl_->sent(session, bytes);
}
bool Workspace::has_work() const {
  return impl_->has_work();
}
Result<> Workspace::commit(Millis now) {
  return impl_->commit(now);
}
Result<> Workspace::tick(Millis now) {
  return impl_->tick(now);
}
void Workspace::shut_down(const std::string& code, const std::string& message, Millis retry_after) {
  impl_->shut_down(code, message, retry_after);
}
Result<std::vector<protocol::Answer>> Workspace::execute_all(const std::vector<DirectCommand>& commands,
                                                             Millis now) {
  return impl_->execute_all(commands, now);
}
Result<protocol::Answer> Workspace::execute(const DirectCommand& command, Millis now) {
  TRY_ASSIGN(std::vector<protocol::Answer> answers, impl_->execute_all({command}, now));
  return std::move(answers.front());
}
std::vector<Output> Workspace::take_outputs() {
  return std::exchange(impl_->outputs, {});
}
Seq Workspace::head() const {
  return impl_->log.head();
}
size_t Workspace::sessions() const {
  return impl_->sessions.size();
}
WorkspaceView Workspace::view(const ViewQuery& query) const {
  return impl_->view(query);
}

}  // namespace wherry

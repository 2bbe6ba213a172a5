// Who connects: is it the replica it says it is, does it share this log's history, what of its commands is
// answered already.
#include "base/limits.h"
#include "base/text.h"
#include "bundle/wire.h"
#include "protocol/codec.h"
#include "workspace/schema.h"
#include "workspace/workspace_impl.h"

namespace wherry {

using namespace workspace;

namespace {

constexpr size_t kScopesPerMessage = 1000;
constexpr size_t kIdentityBytes = 16;
// How many welcomes in a row may get lost.
constexpr size_t kTokensGiven = 8;
// What suffices to tell two histories apart, and to keep others from inventing one.
constexpr size_t kHashPrefix = 4, kProofBytes = 6;
static_assert(kHashPrefix + kProofBytes == protocol::kLinkBytes);

// Tokens that were given and not used yet, one after another.
bool holds_token(std::string_view given, std::string_view token) {
  if (token.size() != kIdentityBytes) return false;
  for (size_t at = 0; at + kIdentityBytes <= given.size(); at += kIdentityBytes)
    if (given.substr(at, kIdentityBytes) == token) return true;
  return false;
}

}  // namespace

std::string Workspace::Impl::random_bytes(size_t count) {
  std::string bytes(count, '\0');
  options.entropy(std::span(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()));
  return bytes;
}

// Those before whose hello all commands are done: what an earlier connection of the same replica left in the
// queue is in the log by then.
Result<> Workspace::Impl::answer_hellos(Millis now) {
  std::vector<SessionId> ready;
  while (!hellos_.empty()) {
    const auto at = sessions.find(hellos_.front());
    if (at != sessions.end() && at->second.hello_behind > handled_) break;
    if (at != sessions.end()) ready.push_back(at->first);
    hellos_.pop_front();
  }
  if (ready.empty()) return {};
  std::vector<std::pair<SessionId, Greeting>> greetings;
  struct Refused {
    SessionId id;
    const char *code, *why;
  };
  std::vector<Refused> refused;
  {
    TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(*db_));
    for (const SessionId id : ready) {
      const protocol::Hello& hello = sessions.at(id).hello;
      TRY_ASSIGN(const Memory memory, memory_of(hello));
      const bool beyond = memory != Memory::kForgotten && hello.position > log.head();
      if (hello.epoch == epoch_ && (memory == Memory::kForeign || beyond)) {
        refused.push_back({id, "protocol", "hello speaks of a log that this workspace never had"});
        continue;
      }
      // Welcomed, it would take this log for the restored one of its own and push its commands into it.
      if (memory == Memory::kForeign) {
        refused.push_back(
            {id, "invalid", "this replica is of another workspace; begin anew with a new file"});
        continue;
      }
      auto greeting = greet(sessions.at(id), memory, now);
      if (!greeting) {
        transaction.roll_back();
        TRY(roll_back());
        return std::unexpected(std::move(greeting).error());
      }
      greetings.emplace_back(id, *std::move(greeting));
    }
    TRY(transaction.commit());
    names_.committed();
  }
  for (const auto& [id, code, why] : refused) say_bye(id, code, why, Millis{-1});
  for (auto& [id, greeting] : greetings)
    if (const auto at = sessions.find(id); at != sessions.end())
      TRY(welcome(at->second, std::move(greeting), now));
  return {};
}

// The link of the chain that peers are shown: the beginning of the log's hash, and a proof that it was we who
// showed it. After a restore the log cannot tell the memory of an honest replica from an invention; the proof
// can.
const std::string& Workspace::Impl::link() {
  if (link_.first != log.head() || link_.second.empty()) {
    const std::string hash = log.hash().substr(0, kHashPrefix);
    link_ = {log.head(), hash + proof(log.head(), hash)};
  }
  return link_.second;
}

// Without the epoch: a session goes on while another replica's hello begins a new one.
std::string Workspace::Impl::proof(Seq seq, std::string_view hash) const {
  return options.hasher(cat(link_key_, seq.number, " ", hash)).substr(0, kProofBytes);
}

Result<Workspace::Impl::Memory> Workspace::Impl::memory_of(const protocol::Hello& hello) {
  if (hello.epoch.empty()) return Memory::kNone;
  const std::string_view shown = hello.hash;
  if (shown.size() != protocol::kLinkBytes ||
      shown.substr(kHashPrefix) != proof(hello.hash_at, shown.substr(0, kHashPrefix)))
    return Memory::kForeign;
  if (hello.hash_at > log.head()) return Memory::kForgotten;
  TRY_ASSIGN(const auto hash, log.hash_at(hello.hash_at));
  return hash && hash->starts_with(shown.substr(0, kHashPrefix)) ? Memory::kShared : Memory::kForgotten;
}

// The database is older than what replicas have seen of it: from here on it is another history, and the log
// says so.
Result<> Workspace::Impl::note_restore(Millis now) {
  epoch_ = uuids_.make(now).text();
  epochs_ += epoch_ + " ";
  link_ = decltype(link_)();
  TRY(set_meta(*db_, "epoch", epoch_));
  TRY(set_meta(*db_, "epochs", epochs_));
  Record record;
  record.seq = Seq{log.head().number + 1};
  record.id = uuids_.make(now).text();
  record.user_id = "system";
  record.name = "wherry.restore";
  record.data = cat("{\"epoch\":", json_quote(epoch_), "}");
  record.client_timestamp = record.received = record.handled = now;
  record.epoch = epoch_;
  record.schema_version = options.bundle->schema_version;
  record.stamp = std::max(Stamp::at(now), log.greatest_stamp().next());
  return log.append(std::move(record));
}

Result<Workspace::Impl::Greeting> Workspace::Impl::greet(Session& session, Memory memory, Millis now) {
  const protocol::Hello& hello = session.hello;
  Greeting greeting;
  protocol::Welcome& welcome = greeting.welcome;
  // An epoch that is over lost what it lost when the next one began.
  const bool is_over = hello.epoch != epoch_ && epochs_.contains(hello.epoch + " ");
  if (memory == Memory::kForgotten && !is_over) TRY(note_restore(now));
  const bool same_epoch = hello.epoch.empty() || hello.epoch == epoch_;
  // Of another epoch, what can be shown to be common is common.
  welcome.epoch_base = same_epoch ? hello.position : memory == Memory::kShared ? hello.hash_at : Seq{};
  welcome.epoch = epoch_;
  welcome.workspace = options.name;
  welcome.server_time = now;
  welcome.limits = {static_cast<int64_t>(limits::kMessageBytes), static_cast<int64_t>(limits::kCommandBytes),
                    static_cast<int64_t>(limits::kWindowCommands),
                    static_cast<int64_t>(limits::kWindowBytes)};
  welcome.user_id = session.who.user_id;
  welcome.roles = session.who.roles;
  TRY_ASSIGN(greeting.holder, access_.holder(session.who.user_id, session.who.roles, log.head()));
  TRY(greet_replica(session, greeting, now));
  welcome.compression = protocol::choose_compression(hello.compression);
  welcome.head = log.head();
  welcome.hash = link();
  return greeting;
}

// A replica proves itself with the token it used last, or with one that it was given since: welcomes get
// lost, and the hello of a dead connection may arrive late.
Result<> Workspace::Impl::greet_replica(Session& session, Greeting& greeting, Millis now) {
  const protocol::Hello& hello = session.hello;
  protocol::Welcome& welcome = greeting.welcome;
  welcome.identity = random_bytes(kIdentityBytes);
  if (hello.replica_id) {
    TRY_ASSIGN(const auto rows,
               db_->rows("SELECT user_id, identity, next_identity, received FROM wherry_replicas "
                         "WHERE replica_id = ?",
                         {Value(*hello.replica_id)}));
    const auto bytes = [&](size_t column) {
      return rows[0][column].blob() == nullptr ? std::string() : rows[0][column].blob()->bytes;
    };
    const bool is_his = !rows.empty() && *rows[0][0].text() == session.who.user_id;
    const bool used = is_his && bytes(1) == hello.identity;
    if (used || (is_his && holds_token(bytes(2), hello.identity))) {
      std::string given = used ? bytes(2) : std::string();
      if (given.size() >= kTokensGiven * kIdentityBytes) given.erase(0, kIdentityBytes);
      TRY(db_->run(
          "UPDATE wherry_replicas SET identity = ?, next_identity = ?, seen_at = ? WHERE replica_id = ?",
          {Value(Blob{hello.identity}), Value(Blob{given + welcome.identity}), Value(now.count),
           Value(*hello.replica_id)}));
      welcome.replica_id = *hello.replica_id;
      TRY_ASSIGN(greeting.backlog, log.of_replica(welcome.replica_id, hello.answered,
                                                  static_cast<int64_t>(limits::kWindowCommands)));
      // Beyond a number that the log does not hold under this replica, everything is to be pushed again.
      const int64_t received = *rows[0][3].integer();
      welcome.received = std::min(hello.answered, received);
      for (const Log::Stored& stored : greeting.backlog)
        if (stored.answer.replica_seq == welcome.received + 1) ++welcome.received;
      std::erase_if(greeting.backlog,
                    [&](const Log::Stored& stored) { return stored.answer.replica_seq > welcome.received; });
      return {};
    }
    welcome.renewed = true;
  }
  welcome.replica_id = uuids_.make(now).text();
  return db_->run(
      "INSERT INTO wherry_replicas(replica_id, user_id, received, last_stamp, identity, next_identity, "
      "seen_at) VALUES(?, ?, 0, 0, ?, NULL, ?)",
      {Value(welcome.replica_id), Value(session.who.user_id), Value(Blob{welcome.identity}),
       Value(now.count)});
}

// Whoever speaks after `welcome` has made its token durable; from now on the one before tells a copy.
Result<> Workspace::Impl::confirm_identities() {
  TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(*db_));
  for (const auto& [id, token] : std::exchange(confirmed_, {}))
    TRY(
        db_->run("UPDATE wherry_replicas SET identity = ?2, next_identity = NULL WHERE replica_id = ?1 AND "
                 "instr(next_identity, ?2) > 0",
                 {Value(id), Value(Blob{token})}));
  return transaction.commit();
}

// Scopes that are loaded by themselves come first: they get the smaller numbers, which each of their batches
// repeats.
void Workspace::Impl::send_scope_list(Session& session) {
  protocol::Scopes list;
  list.reset = true;
  list.last = false;
  const auto add = [&](ScopeId scope, bool on_demand) {
    const auto info = names_.info(scope);
    if (!info || names_.kind(**info).on_demand != on_demand) return;
    const SessionScope& held = add_scope(session, scope, on_demand);
    list.granted.push_back({held.handle, (*info)->name, on_demand, false});
    if (list.granted.size() == kScopesPerMessage) {
      send(session, list);
      list = {};
      list.last = false;
    }
  };
  for (const bool on_demand : {false, true})
    for (const ScopeId scope : session.holder->scopes) add(scope, on_demand);
  list.last = true;
  send(session, list);
}

Result<> Workspace::Impl::welcome(Session& session, Greeting greeting, Millis) {
  // An old connection of the same replica may still look alive.
  if (const auto old = session_of_.find(greeting.welcome.replica_id); old != session_of_.end())
    say_bye(old->second, "replaced", "the replica connected again", Millis{1000});
  if (refuse_too_many_scopes(session.id, *greeting.holder)) return {};

  session.state = Session::State::kReady;
  session.holder = greeting.holder;
  session.replica_id = greeting.welcome.replica_id;
  session.identity = greeting.welcome.identity;
  session_of_[session.replica_id] = session.id;
  sessions_of_[session.holder.get()].insert(session.id);
  session.compression = greeting.welcome.compression;
  session.boundary = log.head();
  const std::string& bundle = replica_bundles_->for_roles(session.holder->roles);
  greeting.welcome.schema_hash = bundle_hash(bundle);
  const bool needs_schema = session.hello.schema_hash != greeting.welcome.schema_hash;
  send(session, greeting.welcome);
  if (needs_schema) send(session, protocol::Schema{greeting.welcome.schema_hash, bundle});
  send_scope_list(session);
  // The answers it has not had, and a first boundary.
  std::vector<Handled> answered;
  for (Log::Stored& stored : greeting.backlog) {
    Handled& executed = answered.emplace_back();
    executed.answer = std::move(stored.answer);
    executed.bytes = stored.delta.size();
    if (stored.delta.empty()) continue;
    TRY_ASSIGN(const Delta delta, decode_delta(stored.delta, *options.bundle));
    for (const RowChange& change : delta.rows) executed.rows.push_back(change.ref);
  }
  std::vector<const Handled*> answers;
  for (const Handled& executed : answered) answers.push_back(&executed);
  effects_.begin();
  TRY(publish_to(session, answers, {}));
  send(session, protocol::Batch{log.head(), link(), {}, {}, {}, {}});
  session.hello = {};
  return {};
}

}  // namespace wherry

#include "replica/replica.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "engine/dump.h"
#include "replica/confirmed.h"
#include "replica/core.h"
#include "replica/query.h"
#include "replica/session.h"

namespace wherry {

class Replica::Impl {
 public:
  Impl(std::unique_ptr<Core> c, Entropy entropy)
      : core(std::move(c)), session(*core), queries(*core), uuids(std::move(entropy)) {}

  Result<std::vector<Executed>> execute_all(const std::vector<Request>& requests, Millis now);
  // Has what a change has brought about sent, and shows it.
  Result<> after_change();
  // Nothing is done on a file that was found damaged, and every call may be the one that finds it.
  template <typename Work>
  auto sound(Work work) -> decltype(work()) {
    if (core->damage()) return std::unexpected(*core->damage());
    auto done = work();
    if (!done) core->note_damage(done.error());
    return done;
  }

  std::unique_ptr<Core> core;
  Session session;
  Queries queries;
  UuidMaker uuids;

 private:
  struct Accepted {
    int64_t n = 0;
    std::string id;
    Execution execution;
  };
  Result<QueuedCommand> prepare(const Request& request, Millis now);
  Result<Executed> execute_one(const QueuedCommand& prepared);
  bool may_be_unloaded(const Refusal& refusal) const;
  bool may_name_authors() const {
    return std::ranges::find(core->meta.roles, "import") != core->meta.roles.end();
  }
};

Result<> Replica::Impl::after_change() {
  session.changed();
  return queries.changed(core->take_changed_tables());
}

Result<QueuedCommand> Replica::Impl::prepare(const Request& request, Millis now) {
  QueuedCommand command;
  command.name = request.name;
  command.data = request.params_json;
  command.client_timestamp = request.options.client_timestamp.value_or(now);
  command.retry_of = request.options.retry_of;
  command.base_seq = core->meta.seen;
  if (request.options.id) {
    if (!Uuid::parse(*request.options.id))
      return fail(ErrorCode::kInvalid, "a command's id is a UUID in its canonical lower-case form");
    command.id = *request.options.id;
  } else {
    command.id = uuids.make(now).text();
  }
  if (request.options.user) {
    if (!may_name_authors()) return fail(ErrorCode::kInvalid, "only the role import may name another author");
    command.user = request.options.user;
  }
  // The server's estimate of when this happens; an import states it.
  const Millis offset{core->meta.clock_offset_ms};
  command.now = may_name_authors() && request.options.client_timestamp
                    ? command.client_timestamp
                    : std::min(command.client_timestamp, now) + offset;
  return command;
}

// A guard that misses a row may miss it only because its scope has not arrived yet.
bool Replica::Impl::may_be_unloaded(const Refusal& refusal) const {
  if (refusal.code != "entity_missing" && !is_app_code(refusal.code)) return false;
  return std::ranges::any_of(core->held.all(),
                             [](const auto& entry) { return entry.second.wanted && !entry.second.complete; });
}

Result<Executed> Replica::Impl::execute_one(const QueuedCommand& prepared) {
  TRY_ASSIGN(const bool known, core->queue.contains(prepared.id));
  if (known) return Executed{prepared.id, std::nullopt};
  const Command* command = core->app()->bundle().command(prepared.name);
  if (command == nullptr)
    return Executed{prepared.id, Refusal{"command_unknown", cat("there is no command ", prepared.name)}};
  auto params = bind_params(*command, prepared.data);
  if (!params) return Executed{prepared.id, std::move(params).error()};
  QueuedCommand queued = prepared;
  queued.data = params->json;
  Call call = call_of(queued, core->author(), *command, *std::move(params));
  TRY_ASSIGN(Execution execution, core->rebase.run(*core->app(), call));
  if (command->run == RunsWhere::kLocal) {
    if (execution.refusal) return Executed{queued.id, std::move(execution.refusal)};
    for (const Table& table : core->app()->bundle().tables)
      if (table.kind == TableKind::kLocal) core->table_changed(table.name);
    return Executed{queued.id, std::nullopt};
  }
  if (execution.refusal && !may_be_unloaded(*execution.refusal))
    return Executed{queued.id, std::move(execution.refusal)};
  if (core->rebase.pending() >= limits::kPendingCommands)
    return fail(ErrorCode::kLimit,
                cat("the queue is full: ", limits::kPendingCommands, " commands are pending"));
  queued.entity_id = core->app()->engine().entity_id(call).value_or("");
  queued.refusal = execution.refusal;
  queued.replica_seq = core->meta.next_replica_seq++;
  TRY_ASSIGN(const int64_t n, core->queue.add(queued));
  TRY(core->rebase.append(*core->app(), n, std::move(call), std::move(execution)));
  core->table_changed("wherry_commands");
  return Executed{queued.id, std::nullopt};
}

Result<std::vector<Executed>> Replica::Impl::execute_all(const std::vector<Request>& requests, Millis now) {
  if (core->damage()) return std::unexpected(*core->damage());
  if (core->app() == nullptr)
    return fail(ErrorCode::kUnavailable,
                "this file has never been connected: the app's commands are not known yet");
  std::vector<QueuedCommand> prepared;
  for (const Request& request : requests) {
    TRY_ASSIGN(QueuedCommand command, prepare(request, now));
    prepared.push_back(std::move(command));
  }
  std::vector<Executed> executed;
  const Result<> done = core->transact([&](Change& change) -> Result<> {
    change.only_adds = true;
    executed.clear();
    for (const QueuedCommand& command : prepared) {
      TRY_ASSIGN(Executed one, execute_one(command));
      executed.push_back(std::move(one));
    }
    return {};
  });
  TRY(done);
  TRY(after_change());
  return executed;
}

Replica::Replica(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Replica::~Replica() = default;

Result<std::unique_ptr<Replica>> Replica::open(ReplicaOptions options) {
  const Store::Options store{options.path, options.vfs,
                             options.synchronous_full ? Sync::kFull : Sync::kNormal, options.create};
  TRY_ASSIGN(std::unique_ptr<Core> core, Core::open(store, options.reference_rebase));
  auto impl = std::make_unique<Impl>(std::move(core), std::move(options.entropy));
  return std::unique_ptr<Replica>(new Replica(std::move(impl)));
}

Result<Salvaged> Replica::salvage(const ReplicaOptions& options) {
  return Store::salvage({options.path, options.vfs, Sync::kFull, true});
}

Result<Executed> Replica::execute(std::string_view name, std::string_view params_json, Millis now,
                                  const ExecuteOptions& options) {
  TRY_ASSIGN(std::vector<Executed> executed,
             execute_all({{std::string(name), std::string(params_json), options}}, now));
  return std::move(executed.front());
}

Result<std::vector<Executed>> Replica::execute_all(const std::vector<Request>& requests, Millis now) {
  return impl_->execute_all(requests, now);
}

Result<QueryResult> Replica::query(std::string_view sql, const Row& parameters) {
  return impl_->queries.run(sql, parameters);
}

Result<WatchId> Replica::watch(std::string sql, Row parameters,
                               const std::function<void(const QueryChange&)>& callback) {
  return impl_->queries.watch(std::move(sql), std::move(parameters), callback);
}

void Replica::unwatch(WatchId id) {
  impl_->queries.unwatch(id);
}

ReplicaStatus Replica::status() const {
  const Core& core = *impl_->core;
  const Session& session = impl_->session;
  ReplicaStatus status;
  status.workspace = core.meta.workspace;
  status.user_id = core.meta.user_id;
  status.replica_id = core.meta.replica_id;
  status.epoch = core.meta.epoch;
  status.schema_hash = core.meta.schema_hash;
  status.pending = static_cast<int64_t>(core.rebase.pending());
  status.rejected = impl_->core->queue.count(CommandState::kRejected).value_or(0);
  status.superseded = impl_->core->queue.count(CommandState::kSuperseded).value_or(0);
  status.connected = session.is_welcome();
  status.synced = status.pending == 0 && session.caught_up();
  status.position = core.meta.boundary;
  for (const auto& [id, scope] : core.held.all()) {
    HeldScope held{scope.name, scope.on_demand, scope.wanted, HeldScope::State::kUnloaded,
                   scope.complete_to(core.meta.boundary)};
    // Offline, a scope is what it was last.
    if (session.is_live(id) || (!session.is_welcome() && scope.wanted && scope.complete))
      held.state = HeldScope::State::kLive;
    else if (scope.wanted)
      held.state = HeldScope::State::kScanning;
    status.scopes.push_back(std::move(held));
  }
  std::ranges::sort(status.scopes, {}, &HeldScope::name);
  return status;
}

Result<std::vector<OwnCommand>> Replica::commands() {
  return impl_->sound([&] { return impl_->core->queue.list(); });
}

Result<Executed> Replica::retry(std::string_view id, Millis now, std::optional<std::string> as) {
  TRY_ASSIGN(const OwnCommand command, impl_->sound([&] { return impl_->core->queue.answered(id); }));
  if (command.state == CommandState::kApplied)
    return fail(ErrorCode::kInvalid, cat("the command ", id, " was applied; there is nothing to retry"));
  ExecuteOptions options;
  options.retry_of = command.id;
  options.id = std::move(as);
  return execute(command.name, command.data, now, options);
}

Result<> Replica::dismiss(std::string_view id) {
  impl_->core->table_changed("wherry_commands");
  TRY(impl_->core->transact([&](Change&) { return impl_->core->queue.dismiss(id); }));
  return impl_->after_change();
}

Result<> Replica::dismiss_all() {
  impl_->core->table_changed("wherry_commands");
  TRY(impl_->core->transact([&](Change&) { return impl_->core->queue.dismiss_all(); }));
  return impl_->after_change();
}

Result<> Replica::load(std::string_view name) {
  Core& core = *impl_->core;
  if (core.held.find(name) == nullptr)
    return fail(ErrorCode::kNotFound, cat("the scope ", name, " is not held"));
  const Result<> done = core.transact([&](Change&) -> Result<> {
    Scope* scope = core.held.find(name);
    if (scope->wanted) return {};
    scope->wanted = true;
    return core.held.save(*scope);
  });
  TRY(done);
  core.tell({ReplicaEvent::Kind::kStatus, {}, {}, {}, {}, 0, 0});
  return impl_->after_change();
}

Result<> Replica::unload(std::string_view name) {
  Core& core = *impl_->core;
  const Scope* scope = core.held.find(name);
  if (scope == nullptr) return fail(ErrorCode::kNotFound, cat("the scope ", name, " is not held"));
  if (!scope->on_demand)
    return fail(ErrorCode::kInvalid, cat("the scope ", name, " is not one to be loaded on demand"));
  const int64_t id = scope->id;
  TRY(core.transact([&](Change& change) { return core.unload(change, id); }));
  TRY(impl_->session.unload(id));
  core.tell({ReplicaEvent::Kind::kStatus, {}, {}, {}, {}, 0, 0});
  return impl_->after_change();
}

Result<> Replica::dump(const std::function<Result<>(std::string_view line)>& each) {
  return impl_->sound([&]() -> Result<> {
    Core& core = *impl_->core;
    if (core.app() == nullptr) return {};
    for (const size_t table : dump_order(core.app()->bundle()))
      TRY(each_confirmed(*core.app(), core.images, table,
                         [&](const Row& row) { return each(dump_line(core.app()->table(table), row)); }));
    return {};
  });
}

Replica::Background Replica::background_work() const {
  Core& core = *impl_->core;
  const bool catches_up = impl_->session.is_welcome() && !impl_->session.caught_up();
  if (core.damage() || catches_up) return Background::kNone;
  // Fewer are not worth a transaction of their own.
  constexpr int64_t kMany = 50;
  const int64_t rows = core.unindexed(kMany).value_or(0);
  return rows == 0 ? Background::kNone : rows < kMany ? Background::kLittle : Background::kMuch;
}

Result<> Replica::do_background_work() {
  return impl_->sound([&]() -> Result<> {
    TRY(impl_->core->index_more());
    return impl_->queries.changed({});
  });
}

Result<> Replica::finish_background_work() {
  return impl_->sound([&] { return impl_->core->index_all(); });
}

Result<> Replica::checkpoint() {
  return impl_->sound([&] { return impl_->core->checkpoint(); });
}

Result<> Replica::connected(std::string token, Millis now) {
  return impl_->sound([&] { return impl_->session.connected(std::move(token), now); });
}

void Replica::disconnected() {
  impl_->session.disconnected();
}

Result<> Replica::receive(std::string_view bytes, Millis now) {
  TRY(impl_->session.receive(bytes, now));
  return impl_->after_change();
}

bool Replica::has_outgoing() const {
  return impl_->session.has_outgoing();
}

Result<std::vector<std::string>> Replica::take_outgoing() {
  return impl_->session.take_outgoing();
}
std::optional<protocol::Bye> Replica::take_bye() {
  return impl_->session.take_bye();
}
std::vector<ReplicaEvent> Replica::take_events() {
  return impl_->core->take_events();
}

}  // namespace wherry

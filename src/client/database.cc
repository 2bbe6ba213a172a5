#include "wherry/wherry.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/text.h"
#include "client/change.h"
#include "client/connection.h"
#include "client/dispatcher.h"
#include "client/tap.h"
#include "net/token.h"
#include "replica/replica.h"

namespace wherry {

namespace {

Millis now() {
  return {std::chrono::duration_cast<std::chrono::milliseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

struct Watch {
  std::function<void(const QueryChange&)> callback;
  std::optional<QueryChange> pending;  // not yet handed out
  bool cancelled = false;
};

std::future<Result<CommandOutcome>> ready(Result<CommandOutcome> outcome) {
  std::promise<Result<CommandOutcome>> promise;
  promise.set_value(std::move(outcome));
  return promise.get_future();
}

}  // namespace

// One mutex guards the replica; whatever may change it ends with settle(), which passes on what the replica
// has to say: events and query results to the dispatcher, and that there are messages to the connection.
class Database::Impl {
 public:
  using Lock = std::unique_lock<std::mutex>;
  using Promise = std::promise<Result<CommandOutcome>>;

  Impl(std::unique_ptr<Replica> replica, DatabaseOptions options)
      : options_(std::move(options)), replica_(std::move(replica)) {}

  ~Impl() {
    dispatcher_.stop();
    if (connection_) connection_->end();  // its handlers use it until then
    connection_.reset();
    tap_.reset();
    const Lock lock(mutex_);
    (void)replica_->finish_background_work();  // so that readers of the file find everything
    for (auto& [id, promise] : waiting_)
      promise.set_value(fail(ErrorCode::kUnavailable, "the database was closed before the server answered"));
  }

  void go_online(net::Url url) {
    connection_ = std::make_unique<client::Connection>(
        std::move(url),
        client::Connection::Handler{
            .token = options_.token ? options_.token : [] { return Result<std::string>(""); },
            .opened = [this](std::string token) { opened(std::move(token)); },
            .received = [this](std::string message) { received(message); },
            .woken = [this] { woken(); },
            .closed = [this] { return closed(); },
            .changed = [this](const ConnectionStatus& status) { connection_changed(status); }});
    if (options_.start_online) connection_->start();
  }
  void tell_of(const Salvaged& salvaged) {
    const Lock lock(mutex_);
    tell({.kind = ReplicaEvent::Kind::kSalvaged,
          .id = {},
          .code = std::string(code_text(ErrorCode::kCorrupt)),
          .detail = cat("the file was damaged and is begun anew; ", salvaged.commands,
                        salvaged.complete ? " commands of its list are kept"
                                          : " commands of its list could be read, others may be lost"),
          .done = salvaged.commands});
  }
  void listen(std::unique_ptr<client::Tap> tap) { tap_ = std::move(tap); }
  client::Connection* connection() { return connection_.get(); }

  // Runs `work` on the replica.
  template <typename Work>
  auto with(Work work) {
    const Lock lock(mutex_);
    auto result = work(*replica_);
    settle();
    return result;
  }
  template <typename Work>
  auto look(Work work) const {
    const Lock lock(mutex_);
    return work(*replica_);
  }

  std::future<Result<CommandOutcome>> outcome(std::string_view id) {
    const Lock lock(mutex_);
    auto commands = replica_->commands();
    if (!commands) return ready(std::unexpected(commands.error()));
    for (const OwnCommand& command : *commands) {
      if (command.id != id) continue;
      if (command.state == CommandState::kPending)
        return waiting_.emplace(std::string(id), Promise())->second.get_future();
      return ready(CommandOutcome{command.id, command.state, command.code, command.message});
    }
    return ready(fail(ErrorCode::kNotFound, cat("there is no command ", id)));
  }

  Result<WatchId> watch(std::string sql, Row parameters, std::function<void(const QueryChange&)> callback) {
    const auto watch = std::make_shared<Watch>(std::move(callback), std::nullopt);
    const Lock lock(mutex_);
    TRY_ASSIGN(const WatchId id,
               replica_->watch(std::move(sql), std::move(parameters),
                               [this, watch](const QueryChange& change) { changed(watch, change); }));
    watches_[id] = watch;
    return id;
  }

  void unwatch(WatchId id) {
    Lock lock(mutex_);
    const auto found = watches_.find(id);
    if (found == watches_.end()) return;
    const std::shared_ptr<Watch> watch = found->second;
    watches_.erase(found);
    replica_->unwatch(id);
    watch->cancelled = true;
    if (!dispatcher_.on_this_thread()) news_.wait(lock, [&] { return running_ != watch.get(); });
  }

  bool wait_synced(std::chrono::milliseconds at_most) {
    Lock lock(mutex_);
    return news_.wait_for(lock, at_most, [this] { return replica_->status().synced; });
  }

 private:
  void opened(std::string token) {
    const Lock lock(mutex_);
    const auto hello = replica_->connected(std::move(token), now());
    send_outgoing();
    settle();
    if (!hello) connection_->drop(hello.error(), true);
  }

  void received(const std::string& message) {
    const Lock lock(mutex_);
    if (tap_) tap_->publish(client::Direction::kReceived, message);
    const auto taken = replica_->receive(message, now());
    send_outgoing();
    settle();
    if (taken) return;
    // A fault of the file ends syncing: what it would send or show cannot be relied on.
    const bool of_the_session =
        taken.error().code == ErrorCode::kProtocol || taken.error().code == ErrorCode::kVersion;
    connection_->drop(taken.error(), !of_the_session);
  }

  void woken() {
    const Lock lock(mutex_);
    send_outgoing();
    settle();
  }

  std::optional<protocol::Bye> closed() {
    const Lock lock(mutex_);
    const std::optional<protocol::Bye> bye = replica_->take_bye();
    replica_->disconnected();
    settle();
    return bye;
  }

  void connection_changed(const ConnectionStatus& status) {
    const Lock lock(mutex_);
    online_ = status.state == ConnectionStatus::State::kOnline;
    if (status.error)
      tell({.kind = ReplicaEvent::Kind::kError,
            .id = {},
            .code = std::string(code_text(status.error->code)),
            .detail = status.error->message});
    else
      tell({.kind = ReplicaEvent::Kind::kStatus, .id = {}, .code = {}, .detail = {}});
    news_.notify_all();
  }

  // On the connection's thread, so that the app does not wait until its commands are packed.
  void send_outgoing() {
    auto messages = replica_->take_outgoing();
    if (!messages) return connection_->drop(messages.error(), true);
    for (std::string& message : *messages) {
      if (tap_) tap_->publish(client::Direction::kSent, message);
      connection_->send(std::move(message));
    }
  }

  void settle() {
    if (connection_ && replica_->has_outgoing()) connection_->wake();
    bool status_changed = false;
    for (ReplicaEvent& event : replica_->take_events()) {
      if (event.kind == ReplicaEvent::Kind::kAnswered) answer(event);
      status_changed = status_changed || event.kind == ReplicaEvent::Kind::kStatus;
      tell(std::move(event));
    }
    if (status_changed) {
      news_.notify_all();
      if (!online_ && connection_ && replica_->status().connected) connection_->welcomed();
    }
    work_later();
  }

  // A slice at a time between the app's callbacks, with pauses in which others get the lock.
  void work_later() {
    const Replica::Background work = replica_->background_work();
    if (work == Replica::Background::kNone) return;
    const int64_t pause = work_failed_ ? 10'000 : work == Replica::Background::kLittle ? 1000 : 2;
    dispatcher_.post_later([this] { do_work(); }, std::chrono::milliseconds(pause));
  }

  void do_work() {
    const Lock lock(mutex_);
    work_failed_ = !replica_->do_background_work();
    settle();
  }

  void answer(const ReplicaEvent& event) {
    const auto [begin, end] = waiting_.equal_range(event.id);
    for (auto i = begin; i != end; ++i)
      i->second.set_value(CommandOutcome{event.id, event.state, event.code, event.detail});
    waiting_.erase(begin, end);
  }

  // Events that only say "as of now" take the place of an equal one that still waits.
  void tell(ReplicaEvent event) {
    if (!options_.on_event) return;
    using Kind = ReplicaEvent::Kind;
    const bool replaces = event.kind == Kind::kProgress || event.kind == Kind::kStatus;
    if (replaces && !events_.empty() && events_.back().kind == event.kind) {
      events_.back() = std::move(event);
      return;
    }
    events_.push_back(std::move(event));
    dispatcher_.post([this] {
      Lock lock(mutex_);
      const ReplicaEvent next = std::move(events_.front());
      events_.pop_front();
      lock.unlock();
      options_.on_event(next);
    });
  }

  // Called by the replica, under the lock.
  void changed(const std::shared_ptr<Watch>& watch, const QueryChange& change) {
    if (watch->pending) {
      watch->pending = client::combine(*std::move(watch->pending), change);
      return;
    }
    watch->pending = change;
    dispatcher_.post([this, watch] {
      Lock lock(mutex_);
      if (watch->cancelled) return;
      const QueryChange next = *std::exchange(watch->pending, std::nullopt);
      running_ = watch.get();
      lock.unlock();
      watch->callback(next);
      lock.lock();
      running_ = nullptr;
      news_.notify_all();
    });
  }

  const DatabaseOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable news_;
  std::unique_ptr<Replica> replica_;
  std::unique_ptr<client::Tap> tap_;
  bool online_ = false;
  bool work_failed_ = false;
  std::multimap<std::string, Promise> waiting_;
  std::map<WatchId, std::shared_ptr<Watch>> watches_;
  const Watch* running_ = nullptr;  // whose callback runs
  std::deque<ReplicaEvent> events_;
  std::unique_ptr<client::Connection> connection_;
  client::Dispatcher dispatcher_;
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::string& path, DatabaseOptions options) {
  std::optional<net::Url> url;
  if (!options.url.empty()) {
    TRY_ASSIGN(url, net::Url::parse(options.url));
  }
  ReplicaOptions of_replica{.path = path,
                            .vfs = {},
                            .entropy = net::random_drawn_ahead(),
                            .synchronous_full = options.durability == Durability::kFull,
                            .create = options.create};
  auto replica = Replica::open(of_replica);
  std::optional<Salvaged> salvaged;
  if (!replica && replica.error().code == ErrorCode::kCorrupt) {
    TRY_ASSIGN(salvaged, Replica::salvage(of_replica));
    replica = Replica::open(of_replica);
  }
  if (!replica) return std::unexpected(std::move(replica).error());
  const bool tap = options.tap && url;
  auto impl = std::make_unique<Impl>(*std::move(replica), std::move(options));
  if (salvaged) impl->tell_of(*salvaged);
  if (tap) {
    // Watching is a convenience: a file system without sockets must not keep the app from working.
    if (auto listening = client::Tap::listen(path)) impl->listen(*std::move(listening));
  }
  if (url) impl->go_online(*std::move(url));
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

Result<Executed> Database::execute(std::string_view name, std::string_view params_json,
                                   ExecuteOptions options) {
  return impl_->with([&](Replica& replica) { return replica.execute(name, params_json, now(), options); });
}

Result<std::vector<Executed>> Database::execute_all(const std::vector<ExecuteRequest>& requests) {
  return impl_->with([&](Replica& replica) { return replica.execute_all(requests, now()); });
}

std::future<Result<CommandOutcome>> Database::outcome(std::string_view id) {
  return impl_->outcome(id);
}

Result<std::vector<OwnCommand>> Database::commands() {
  return impl_->with([](Replica& replica) { return replica.commands(); });
}

Result<Executed> Database::retry(std::string_view id) {
  return impl_->with([&](Replica& replica) { return replica.retry(id, now()); });
}

Result<> Database::dismiss(std::string_view id) {
  return impl_->with([&](Replica& replica) { return replica.dismiss(id); });
}

Result<> Database::dismiss_all() {
  return impl_->with([](Replica& replica) { return replica.dismiss_all(); });
}

Result<QueryResult> Database::query(std::string_view sql, const Row& parameters) {
  return impl_->with([&](Replica& replica) { return replica.query(sql, parameters); });
}

Result<WatchId> Database::watch(std::string sql, Row parameters,
                                std::function<void(const QueryChange&)> callback) {
  return impl_->watch(std::move(sql), std::move(parameters), std::move(callback));
}

void Database::unwatch(WatchId id) {
  impl_->unwatch(id);
}

Result<> Database::dump(const std::function<Result<>(std::string_view line)>& each) {
  return impl_->with([&](Replica& replica) { return replica.dump(each); });
}

Result<> Database::load(std::string_view scope) {
  return impl_->with([&](Replica& replica) { return replica.load(scope); });
}

Result<> Database::unload(std::string_view scope) {
  return impl_->with([&](Replica& replica) { return replica.unload(scope); });
}

void Database::connect() {
  if (impl_->connection() != nullptr) impl_->connection()->start();
}

void Database::disconnect() {
  if (impl_->connection() != nullptr) impl_->connection()->stop();
}

ReplicaStatus Database::status() const {
  return impl_->look([](const Replica& replica) { return replica.status(); });
}

ConnectionStatus Database::connection() const {
  return impl_->connection() != nullptr ? impl_->connection()->status() : ConnectionStatus{};
}

bool Database::wait_synced(std::chrono::milliseconds at_most) {
  return impl_->wait_synced(at_most);
}

Result<> Database::checkpoint() {
  return impl_->with([](Replica& replica) { return replica.checkpoint(); });
}

}  // namespace wherry

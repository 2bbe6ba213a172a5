#include "server/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "base/text.h"
#include "net/listener.h"
#include "server/clock.h"
#include "server/dev_tokens.h"
#include "server/goodbye.h"
#include "server/inspector.h"
#include "server/log.h"
#include "server/open_workspace.h"
#include "server/refused_tokens.h"
#include "server/web_folder.h"
#include "server/worker.h"

namespace wherry::server {
namespace {

// What the listener calls for one connection.
class Relay : public net::ConnectionEvents {
 public:
  explicit Relay(std::shared_ptr<Peer> peer) : peer_(std::move(peer)) {}
  net::Reading message(std::string bytes) override { return peer_->message(std::move(bytes)); }
  void sent(size_t bytes) override { peer_->sent(bytes); }
  void closed() override { peer_->closed(); }

 private:
  std::shared_ptr<Peer> peer_;
};

// Of a connection that has been told to go.
class TurnedAway : public net::ConnectionEvents {
 public:
  net::Reading message(std::string) override { return net::Reading::kGoOn; }
  void sent(size_t) override {}
  void closed() override {}
};

// Measures how long ago something was, also when the system's clock is set.
Millis steady_now() {
  const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since_start).count()};
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// A connection is a descriptor, and the usual soft limit is 1,024: raises it, and says how many connections
// that leaves room for.
size_t make_room(size_t connections) {
  constexpr rlim_t kOthers = 512;  // files of workspaces and the like
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return connections;
  if (limit.rlim_cur < connections + kOthers) {
    limit.rlim_cur = std::min<rlim_t>(connections + kOthers, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  const size_t room = limit.rlim_cur > 2 * kOthers ? limit.rlim_cur - kOthers : limit.rlim_cur / 2;
  if (room < connections)
    log().info("at most {} connections: the system allows {} open files", room, limit.rlim_cur);
  return std::min(connections, room);
}

}  // namespace

// I/O threads hand events to workers, workers hand messages to I/O threads; neither waits for the other.
class Server::Impl : public net::ConnectionHandler, public Outlet {
 public:
  explicit Impl(ServerOptions options) : options_(std::move(options)) {}

  Result<> start() {
    if (options_.dev && !is_loopback(options_.host)) {
      return wherry::fail(ErrorCode::kInvalid,
                          cat("Development mode listens on this machine only, not on ", options_.host, '.'));
    }
    TRY_ASSIGN(data_, DataFolder::open(options_.data, /*create=*/true));
    TRY(data_->lock());
    net::ListenerOptions listen;
    listen.host = options_.host;
    listen.port = options_.port;
    listen.threads = options_.io_threads;
    listen.proxies = options_.proxies;
    // In development whoever asks gets a token: pages that reach this machine by another name must not.
    listen.origins = {.allowed = options_.origins,
                      .loopback = options_.dev,
                      .same_host = !options_.web.empty() && !options_.dev};
    if (!options_.web.empty()) {
      TRY_ASSIGN(web_, WebFolder::read(options_.web));
    }
    listen.pages = [this](const net::PageRequest& request) { return page(request); };
    listen.connections_max = make_room(options_.connections_max);
    listen.connections_per_address = options_.connections_per_address;
    TRY_ASSIGN(listener_, net::Listener::open(std::move(listen), *this));

    const auto unknown = options_.dev ? UnknownWorkspaces::kCreate : UnknownWorkspaces::kRefuse;
    const auto opener = [this, unknown]() -> Opener {
      return [this, unknown, shared = Shared(options_.bundle)](const std::string& name, Millis now) {
        return open_workspace(*data_, shared, unknown, name, now);
      };
    };
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    for (int i = 0; i < (options_.workers > 0 ? options_.workers : cores); ++i) {
      workers_.push_back(std::make_unique<Worker>(opener(), *this, tokens_, options_.idle_close_ms));
    }
    inspector_.emplace(InspectorOptions{.bundle = options_.bundle,
                                        .data = *data_,
                                        .workers = workers_,
                                        .tokens = tokens_,
                                        .dev = options_.dev});
    listener_->run();
    return {};
  }

  uint16_t port() const { return listener_->port(); }

  // Sockets outlive the last commit, so that every answer can be sent; workers outlive the sockets, whose
  // events they take.
  void stop() {
    if (std::exchange(stopped_, true) || !listener_) return;
    using Clock = std::chrono::steady_clock;
    const auto until = Clock::now() + std::chrono::milliseconds(options_.drain_ms);
    log().info("stopping");
    listener_->stop_accepting();
    for (const auto& worker : workers_) worker->begin_drain(options_.drain_ms / 2);
    for (const auto& worker : workers_) worker->wait_until_drained();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (!listener_->wait_until_empty(std::max<int64_t>(left, 0))) {
      log().warn("{} connections did not close in time", listener_->connections());
    }
    listener_->stop();
    inspector_->stop();  // so that a workspace is the last to close its file
    for (const auto& worker : workers_) worker->stop();
    data_.reset();
    log().info("stopped");
  }

  std::unique_ptr<net::ConnectionEvents> opened(net::ConnectionId id, std::string workspace,
                                                std::string address) override {
    if (const Millis wait = tokens_.retry_after(address); wait.count > 0) {
      send({goodbye(id, "backoff", "Too many tokens from this address were refused.", wait)});
      return std::make_unique<TurnedAway>();
    }
    Worker& worker = worker_of(workers_, workspace);
    auto peer = worker.peer(id, std::move(workspace), std::move(address));
    peer->opened();
    return std::make_unique<Relay>(std::move(peer));
  }

  void send(std::vector<net::Outgoing> batch) override { listener_->send(std::move(batch)); }
  void resume(std::vector<net::ConnectionId> ids) override { listener_->resume(std::move(ids)); }

 private:
  // On an I/O thread.
  std::optional<net::Page> page(const net::PageRequest& request) {
    if (auto inspected = inspector_->page(request)) return inspected;
    if (options_.dev) {
      if (auto token = dev_token(request, data_->secret(), now())) return token;
    }
    return web_ ? web_->find(request) : std::nullopt;
  }

  const ServerOptions options_;
  RefusedTokens tokens_{&steady_now};
  std::unique_ptr<DataFolder> data_;
  std::optional<WebFolder> web_;
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::optional<Inspector> inspector_;
  bool stopped_ = false;
};

Result<std::unique_ptr<Server>> Server::start(ServerOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  TRY(impl->start());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() {
  stop();
}
uint16_t Server::port() const {
  return impl_->port();
}
void Server::stop() {
  impl_->stop();
}

}  // namespace wherry::server

#include "net/listener.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <iterator>
#include <thread>
#include <unordered_map>

#include "base/text.h"
#include "net/census.h"
#include "net/client_address.h"
#include "net/connection.h"

namespace wherry::net {
namespace {

using asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

Error listen_error(const ListenerOptions& options, const error_code& error) {
  const std::string where = cat(options.host, ':', options.port);
  if (error == asio::error::address_in_use) {
    return {ErrorCode::kBusy,
            cat("The address ", where, " is in use; stop what listens there, or choose another port.")};
  }
  return {ErrorCode::kInvalid, cat("Cannot listen on ", where, ": ", error.message(), '.')};
}

// One I/O thread with the connections that live on it.
class Loop {
 public:
  Loop(const ListenerOptions& options, ConnectionHandler& handler, Census& census)
      : options_(options),
        handler_(handler),
        census_(census),
        work_(context_.get_executor()),
        timer_(context_) {
    const int64_t shortest = std::min(
        {options.header_ms, options.ping_ms, options.silence_ms, options.write_stall_ms, options.close_ms});
    interval_ = std::chrono::milliseconds(std::clamp<int64_t>(shortest / 4, 1, 1000));
  }

  asio::io_context& context() { return context_; }

  void run() {
    schedule_sweep();
    thread_ = std::thread([this] { context_.run(); });
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  // The rest: on the loop's thread only.
  void add(ConnectionId id, Transport transport, std::string peer) {
    std::string address = address_key(peer);
    auto connection =
        std::make_shared<Connection>(id, std::move(transport), std::move(peer), options_, handler_,
                                     [this, address = std::move(address)](ConnectionId gone) {
                                       connections_.erase(gone);
                                       census_.leave(address);
                                     });
    connections_.emplace(id, connection);
    connection->start();
  }

  // Messages to the same connection mostly follow each other: they leave together, and at once.
  void deliver(const std::vector<Outgoing>& batch) {
    std::shared_ptr<Connection> reached;
    for (const Outgoing& outgoing : batch) {
      const auto found = connections_.find(outgoing.id);
      if (found == connections_.end()) continue;
      if (reached != nullptr && reached != found->second) reached->flush();
      reached = found->second;
      reached->send(outgoing);
    }
    if (reached != nullptr) reached->flush();
  }

  void resume(const std::vector<ConnectionId>& ids) {
    for (const ConnectionId id : ids) {
      if (const auto found = connections_.find(id); found != connections_.end()) found->second->resume();
    }
  }

  void cut(bool upgraded_too) {
    for (const auto& connection : all()) {
      if (upgraded_too || !connection->upgraded()) connection->finish();
    }
  }

  void stop() {
    cut(/*upgraded_too=*/true);
    timer_.cancel();
    stopped_ = true;
    work_.reset();
  }

 private:
  std::vector<std::shared_ptr<Connection>> all() const {
    std::vector<std::shared_ptr<Connection>> out;
    out.reserve(connections_.size());
    for (const auto& [id, connection] : connections_) out.push_back(connection);
    return out;
  }

  void schedule_sweep() {
    timer_.expires_after(interval_);
    timer_.async_wait([this](error_code) {
      if (stopped_) return;
      const auto now = std::chrono::steady_clock::now();
      for (const auto& connection : all()) connection->sweep(now);
      schedule_sweep();
    });
  }

  const ListenerOptions& options_;
  ConnectionHandler& handler_;
  Census& census_;
  asio::io_context context_{1};
  asio::executor_work_guard<Executor> work_;
  Timer timer_;
  std::chrono::milliseconds interval_;
  bool stopped_ = false;
  std::unordered_map<ConnectionId, std::shared_ptr<Connection>> connections_;
  std::thread thread_;
};

}  // namespace

class Listener::Impl {
 public:
  Impl(ListenerOptions options, ConnectionHandler& handler)
      : options_(std::move(options)), census_(options_.connections_max, options_.connections_per_address) {
    for (int i = 0; i < std::max(1, options_.threads); ++i) {
      loops_.push_back(std::make_unique<Loop>(options_, handler, census_));
    }
    acceptor_.emplace(loops_[0]->context());
    retry_.emplace(loops_[0]->context());
  }

  Result<> listen() {
    for (const std::string& proxy : options_.proxies) {
      if (address_key(proxy).empty())
        return fail(ErrorCode::kInvalid, cat("The proxy ", proxy, " is not an IP address."));
    }
    error_code error;
    tcp::resolver resolver(loops_[0]->context());
    const auto found =
        resolver.resolve(options_.host, std::to_string(options_.port), tcp::resolver::passive, error);
    if (error) return std::unexpected(listen_error(options_, error));
    const tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_->local_endpoint(error).port();
    if (error) return std::unexpected(listen_error(options_, error));
    return {};
  }

  void run() {
    accept();
    for (const auto& loop : loops_) loop->run();
  }

  uint16_t port() const { return port_; }
  const Census& census() const { return census_; }

  void send(std::vector<Outgoing> batch) {
    std::vector<std::vector<Outgoing>> parts(loops_.size());
    if (loops_.size() == 1) {
      parts[0] = std::move(batch);
    } else {
      for (Outgoing& outgoing : batch) parts[index_of(outgoing.id)].push_back(std::move(outgoing));
    }
    for (size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].empty()) continue;
      asio::post(loops_[i]->context(),
                 [loop = loops_[i].get(), part = std::move(parts[i])] { loop->deliver(part); });
    }
  }

  void resume(const std::vector<ConnectionId>& ids) {
    std::vector<std::vector<ConnectionId>> parts(loops_.size());
    for (const ConnectionId id : ids) parts[index_of(id)].push_back(id);
    for (size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].empty()) continue;
      asio::post(loops_[i]->context(),
                 [loop = loops_[i].get(), part = std::move(parts[i])] { loop->resume(part); });
    }
  }

  // Sockets on their way from the acceptor to another loop arrive there before what is posted here.
  void stop_accepting() {
    asio::post(loops_[0]->context(), [this] {
      close_acceptor();
      for (const auto& loop : loops_) {
        asio::post(loop->context(), [l = loop.get()] { l->cut(/*upgraded_too=*/false); });
      }
    });
  }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    asio::post(loops_[0]->context(), [this] {
      close_acceptor();
      for (const auto& loop : loops_) asio::post(loop->context(), [l = loop.get()] { l->stop(); });
    });
    for (const auto& loop : loops_) loop->join();
  }

 private:
  size_t index_of(ConnectionId id) const { return static_cast<size_t>(id) % loops_.size(); }

  void close_acceptor() {
    error_code ignored;
    closed_ = true;
    acceptor_->close(ignored);
    retry_->cancel();
  }

  // On the thread of the first loop, as is all that follows.
  void accept() {
    ++accepted_;
    const auto id = static_cast<ConnectionId>(accepted_);
    acceptor_->async_accept(loops_[index_of(id)]->context().get_executor(),
                            [this, id](error_code error, Transport transport) {
                              if (closed_) return;
                              if (error) return retry_later();
                              take(id, std::move(transport));
                              accept();
                            });
  }

  // Out of descriptors, most likely: give others the time to go.
  void retry_later() {
    retry_->expires_after(std::chrono::milliseconds(100));
    retry_->async_wait([this](error_code) {
      if (!closed_) accept();
    });
  }

  void take(ConnectionId id, Transport transport) {
    error_code error;
    const auto endpoint = transport.remote_endpoint(error);
    if (error) return;
    transport.set_option(tcp::no_delay(true), error);
    std::string peer = endpoint.address().to_string();
    if (!census_.enter(address_key(peer))) return;  // closes it
    Loop* loop = loops_[index_of(id)].get();
    asio::post(loop->context(),
               [loop, id, transport = std::move(transport), peer = std::move(peer)]() mutable {
                 loop->add(id, std::move(transport), std::move(peer));
               });
  }

  const ListenerOptions options_;
  Census census_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::optional<Acceptor> acceptor_;
  std::optional<Timer> retry_;
  uint64_t accepted_ = 0;
  bool closed_ = false;
  uint16_t port_ = 0;
  bool stopped_ = false;
};

Result<std::unique_ptr<Listener>> Listener::open(ListenerOptions options, ConnectionHandler& handler) {
  auto impl = std::make_unique<Impl>(std::move(options), handler);
  TRY(impl->listen());
  return std::unique_ptr<Listener>(new Listener(std::move(impl)));
}

Listener::Listener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::~Listener() {
  stop();
}
uint16_t Listener::port() const {
  return impl_->port();
}
void Listener::run() {
  impl_->run();
}
void Listener::send(std::vector<Outgoing> batch) {
  impl_->send(std::move(batch));
}
void Listener::resume(std::vector<ConnectionId> ids) {
  impl_->resume(ids);
}
void Listener::stop_accepting() {
  impl_->stop_accepting();
}
size_t Listener::connections() const {
  return impl_->census().total();
}
bool Listener::wait_until_empty(int64_t ms) const {
  return impl_->census().wait_until_empty(ms);
}
void Listener::stop() {
  impl_->stop();
}

}  // namespace wherry::net

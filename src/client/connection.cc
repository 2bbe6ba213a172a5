#include "client/connection.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

#include "base/text.h"
#include "client/retry.h"
#include "net/token.h"
#include "protocol/codec.h"

namespace wherry::client {

namespace {

using Clock = std::chrono::steady_clock;

uint64_t random_number() {
  uint64_t number = 0;
  net::fill_random({reinterpret_cast<uint8_t*>(&number), sizeof number});
  return number;
}

// A server that does not name the error in `bye` leaves the reason of the transport.
Error error_of(const protocol::Bye& bye) {
  return {protocol::error_code(bye.code), bye.message};
}

}  // namespace

class Connection::Impl {
 public:
  Impl(net::Url url, Handler handler)
      : url_(std::move(url)), handler_(std::move(handler)), thread_([this] { run(); }) {}

  ~Impl() { end(); }

  void end() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void start() {
    {
      const std::lock_guard lock(mutex_);
      if (wanted_) return;
      wanted_ = true;
      next_ = Clock::now();
      refused_token_.clear();
      retry_.reset();
    }
    changed_.notify_all();
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      wanted_ = false;
    }
    changed_.notify_all();
  }

  void send(std::string message) {
    const std::lock_guard lock(mutex_);
    if (socket_ != nullptr) socket_->send(std::move(message));
  }

  void wake() {
    const std::lock_guard lock(mutex_);
    if (socket_ != nullptr) socket_->wake();
  }

  void welcomed() {
    {
      const std::lock_guard lock(mutex_);
      if (welcomed_at_ || socket_ == nullptr) return;
      welcomed_at_ = Clock::now();
    }
    changed_.notify_all();
  }

  void drop(Error reason, bool for_good) {
    {
      const std::lock_guard lock(mutex_);
      if (!dropped_) dropped_ = std::move(reason);
      for_good_ = for_good_ || for_good;
    }
    changed_.notify_all();
  }

  ConnectionStatus status() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  using Lock = std::unique_lock<std::mutex>;

  void run() {
    Lock lock(mutex_);
    while (!ending_) {
      if (!wanted_) {
        if (status_.state != ConnectionStatus::State::kStopped)
          set(lock, ConnectionStatus::State::kOffline, {});
        changed_.wait(lock, [this] { return ending_ || wanted_; });
      } else if (Clock::now() < next_) {
        changed_.wait_until(lock, next_, [this] { return ending_ || !wanted_; });
      } else {
        set(lock, ConnectionStatus::State::kConnecting, {});
        if (get_token(lock)) session(lock);
      }
    }
  }

  // Tells the app, with the lock given up meanwhile.
  void set(Lock& lock, ConnectionStatus::State state, std::optional<Error> error) {
    const bool same = status_.state == state && !error;
    status_ = {.state = state, .error = std::move(error), .attempts = retry_.attempts()};
    if (same) return;
    const ConnectionStatus status = status_;
    lock.unlock();
    handler_.changed(status);
    lock.lock();
  }

  bool get_token(Lock& lock) {
    if (!token_.empty()) return true;
    lock.unlock();
    Result<std::string> token = handler_.token();
    lock.lock();
    if (ending_ || !wanted_) return false;
    if (token && !token->empty() && *token != refused_token_) {
      token_ = *std::move(token);
      return true;
    }
    // The server would only refuse again: ask the app now and then, not the server.
    if (token && refused_) {
      next_ = Clock::now() + std::chrono::milliseconds(Retry::kMost.count);
      set(lock, ConnectionStatus::State::kWaiting, *refused_);
    } else {
      wait_after(lock, {}, token ? Error{ErrorCode::kUnauthorized, "there is no token"} : token.error());
    }
    return false;
  }

  void wait_after(Lock& lock, std::optional<Millis> asked, Error reason) {
    std::optional<Millis> lasted;
    if (welcomed_at_)
      lasted =
          Millis{std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - *welcomed_at_).count()};
    const Millis delay = retry_.delay_after(asked, lasted, random_number());
    next_ = Clock::now() + std::chrono::milliseconds(delay.count);
    set(lock, ConnectionStatus::State::kWaiting, std::move(reason));
  }

  // One connection from its beginning to its end.
  void session(Lock& lock) {
    closed_.reset();
    dropped_.reset();
    for_good_ = false;
    welcomed_at_.reset();
    const std::string token = token_;
    // Its callbacks may run before it is in socket_; send() then waits for the lock.
    socket_ = std::make_unique<net::WebSocketClient>(
        url_, net::WebSocketClient::Options{},
        net::ClientCallbacks{
            .on_open = [this, token] { handler_.opened(token); },
            .on_message = [this](std::string message) { handler_.received(std::move(message)); },
            .on_woken = [this] { handler_.woken(); },
            .on_close = [this](Error reason, uint16_t) { closed(std::move(reason)); }});
    const auto over = [this] { return ending_ || !wanted_ || closed_ || dropped_; };
    changed_.wait(lock, [&] { return over() || welcomed_at_; });
    if (!over()) set(lock, ConnectionStatus::State::kOnline, {});
    changed_.wait(lock, over);
    std::unique_ptr<net::WebSocketClient> socket = std::move(socket_);
    lock.unlock();
    socket.reset();  // waits for callbacks under way, which take locks
    const std::optional<protocol::Bye> bye = handler_.closed();
    lock.lock();
    if (!ending_ && wanted_) after(lock, bye);
  }

  void closed(Error reason) {
    {
      const std::lock_guard lock(mutex_);
      closed_ = std::move(reason);
    }
    changed_.notify_all();
  }

  void after(Lock& lock, const std::optional<protocol::Bye>& bye) {
    const Error reason = dropped_ ? *dropped_
                         : bye    ? error_of(*bye)
                                  : closed_.value_or(Error{ErrorCode::kUnavailable, "the connection ended"});
    if (reason.code == ErrorCode::kUnauthorized) {
      refused_token_ = std::exchange(token_, {});
      refused_ = reason;
      wait_after(lock, {}, reason);
    } else if (for_good_ || (bye && bye->retry_after.count < 0)) {
      wanted_ = false;
      set(lock, ConnectionStatus::State::kStopped, reason);
    } else {
      wait_after(lock, bye ? std::optional(bye->retry_after) : std::nullopt, reason);
    }
  }

  const net::Url url_;
  const Handler handler_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  bool wanted_ = false;
  std::string token_, refused_token_;
  std::optional<Error> refused_;
  Clock::time_point next_;
  Retry retry_;
  ConnectionStatus status_;
  // Of the present connection.
  std::unique_ptr<net::WebSocketClient> socket_;
  std::optional<Error> closed_, dropped_;
  bool for_good_ = false;
  std::optional<Clock::time_point> welcomed_at_;
  std::thread thread_;  // last: starts when the rest is there
};

Connection::Connection(net::Url url, Handler handler)
    : impl_(std::make_unique<Impl>(std::move(url), std::move(handler))) {}
Connection::~Connection() = default;
void Connection::start() {
  impl_->start();
}
void Connection::stop() {
  impl_->stop();
}
void Connection::end() {
  impl_->end();
}
void Connection::send(std::string message) {
  impl_->send(std::move(message));
}
void Connection::wake() {
  impl_->wake();
}
void Connection::welcomed() {
  impl_->welcomed();
}
void Connection::drop(Error reason, bool for_good) {
  impl_->drop(std::move(reason), for_good);
}
ConnectionStatus Connection::status() const {
  return impl_->status();
}

}  // namespace wherry::client

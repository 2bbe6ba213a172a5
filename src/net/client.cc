#include "net/client.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "base/text.h"
#include "net/stream.h"

namespace wherry::net {

namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;

// The thread owns a reference, so that a client may be destroyed from within its own callback. Everything
// but the atomics and what `mutex_` guards belongs to the thread.
class WebSocketClient::Impl : public std::enable_shared_from_this<WebSocketClient::Impl> {
 public:
  Impl(Url url, Options options, ClientCallbacks callbacks)
      : url_(std::move(url)),
        options_(options),
        callbacks_(std::move(callbacks)),
        interval_(std::clamp<int64_t>(std::min(options.connect_timeout_ms, options.silence_ms) / 4, 1, 1000)),
        resolver_(context_.get_executor()),
        timer_(context_.get_executor()),
        socket_(CoalescingStream(Transport(context_.get_executor()))) {}

  void start() {
    thread_ = std::thread([self = shared_from_this()] {
      self->stream().set_owner(self);
      self->deadline_ =
          std::chrono::steady_clock::now() + std::chrono::milliseconds(self->options_.connect_timeout_ms);
      self->schedule_watch();
      self->resolve();
      self->context_.run();
    });
  }

  void send(std::string message) {
    {
      const std::lock_guard lock(mutex_);
      if (closing_ || ended_) return;
      queued_bytes_ += message.size();
      queue_.push_back(std::move(message));
    }
    resume();
  }

  void wake() {
    called_ = true;
    resume();
  }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    resume();
  }

  size_t queued_bytes() const { return queued_bytes_; }

  // The end of the owner: no callback starts after this has begun, none runs after it has returned.
  void destroy() {
    silenced_ = true;
    post([](Impl& self) { self.cut(); });
    if (thread_.get_id() == std::this_thread::get_id()) {
      thread_.detach();
    } else {
      thread_.join();
    }
  }

 private:
  enum class State { kConnecting, kOpen, kClosing, kFinished };
  static constexpr int64_t kCloseMs = 5'000;

  CoalescingStream& stream() { return socket_.next_layer(); }
  std::string where() const { return cat(url_.host, ':', url_.port); }

  void resume() {
    if (resumed_.exchange(true)) return;
    post([](Impl& self) {
      self.resumed_ = false;
      if (self.called_.exchange(false) && self.state_ == State::kOpen && !self.silenced_ &&
          self.callbacks_.on_woken)
        self.callbacks_.on_woken();
      self.write_next();
    });
  }

  // Work from other threads holds no reference: when the thread has ended, nobody runs it any more.
  template <typename Work>
  void post(Work work) {
    asio::post(context_, [weak = weak_from_this(), work] {
      if (const auto self = weak.lock()) work(*self);
    });
  }

  void resolve() {
    // An address needs no resolver, whose lookups nothing can interrupt.
    error_code error;
    if (const auto address = asio::ip::make_address(url_.host, error); !error) {
      const auto port = static_cast<uint16_t>(std::stoi(url_.port));
      return connect({tcp::endpoint(address, port)});
    }
    resolver_.async_resolve(url_.host, url_.port,
                            [self = shared_from_this()](error_code failure, auto found) {
                              if (failure) return self->finish(self->unreachable(failure), 1006);
                              std::vector<tcp::endpoint> endpoints;
                              for (const auto& entry : found) endpoints.push_back(entry.endpoint());
                              self->connect(std::move(endpoints));
                            });
  }

  void connect(std::vector<tcp::endpoint> endpoints) {
    if (state_ != State::kConnecting) return;
    endpoints_ = std::move(endpoints);
    asio::async_connect(stream().next_layer(), endpoints_,
                        [self = shared_from_this()](error_code error, const tcp::endpoint&) {
                          if (error) return self->finish(self->unreachable(error), 1006);
                          self->handshake();
                        });
  }

  void handshake() {
    if (state_ != State::kConnecting) return;
    error_code ignored;
    stream().next_layer().set_option(tcp::no_delay(true), ignored);
    // Time is watched by watch().
    socket_.set_option(websocket::stream_base::timeout{websocket::stream_base::none(),
                                                       websocket::stream_base::none(), false});
    socket_.auto_fragment(false);
    socket_.write_buffer_bytes(32 << 10);
    socket_.binary(true);
    socket_.read_message_max(options_.message_bytes_max);
    const bool six = url_.host.find(':') != url_.host.npos;
    const std::string host = six ? cat('[', url_.host, "]:", url_.port) : where();
    socket_.async_handshake(response_, host, url_.path, [self = shared_from_this()](error_code error) {
      if (error == websocket::error::upgrade_declined) return self->declined();
      if (error) return self->finish(self->unreachable(error), 1006);
      self->opened();
    });
  }

  Error unreachable(const error_code& error) const {
    return {ErrorCode::kUnavailable, cat("Cannot connect to ", where(), ": ", error.message(), '.')};
  }

  void declined() {
    const unsigned status = response_.result_int();
    const auto& body = response_.body();
    const std::string text(trim(std::string_view(body).substr(0, 200)));
    ErrorCode code = ErrorCode::kUnavailable;
    if (status == 404) code = ErrorCode::kNotFound;
    if (status == 400 || status == 403) code = ErrorCode::kInvalid;
    finish({code, cat(where(), " refused the connection: ", status, text.empty() ? "" : ", ", text, '.')},
           1006);
  }

  void opened() {
    if (state_ != State::kConnecting) return;
    state_ = State::kOpen;
    deadline_.reset();
    response_ = {};
    if (callbacks_.on_open && !silenced_) callbacks_.on_open();
    read();
    write_next();
  }

  void read() {
    socket_.async_read(buffer_,
                       [self = shared_from_this()](error_code error, size_t) { self->on_read(error); });
  }

  void on_read(error_code error) {
    if (state_ != State::kOpen) return;
    if (error) return lost(error);
    if (!socket_.got_binary()) {
      return begin_close(1002, {ErrorCode::kProtocol, "The server sent a text message."});
    }
    const auto data = buffer_.data();
    std::string message(static_cast<const char*>(data.data()), data.size());
    buffer_.consume(buffer_.size());
    if (buffer_.capacity() > kBufferKept) buffer_ = beast::flat_buffer();
    if (callbacks_.on_message && !silenced_) callbacks_.on_message(std::move(message));
    if (state_ == State::kOpen) read();
  }

  void lost(const error_code& error) {
    if (error == websocket::error::closed) {
      const auto& reason = socket_.reason();
      const std::string_view text(reason.reason.data(), reason.reason.size());
      return finish({ErrorCode::kUnavailable, cat("The server closed the connection (", reason.code,
                                                  text.empty() ? "" : " ", text, ").")},
                    reason.code);
    }
    if (error == websocket::error::message_too_big) {
      return finish({ErrorCode::kLimit, "The server sent a message larger than allowed."}, 1009);
    }
    finish({ErrorCode::kUnavailable, cat("The connection was lost: ", error.message(), '.')}, 1006);
  }

  void write_next() {
    if (writing_ || state_ != State::kOpen) return;
    {
      const std::lock_guard lock(mutex_);
      if (queue_.empty()) {
        if (!closing_) return;
      } else {
        flying_ = std::move(queue_.front());
        queue_.pop_front();
        writing_ = true;
        if (!queue_.empty()) stream().hold_back();
      }
    }
    if (!writing_) return begin_close(1000, {ErrorCode::kUnavailable, "The connection was closed."});
    socket_.async_write(asio::buffer(flying_),
                        [self = shared_from_this()](error_code error, size_t) { self->on_written(error); });
  }

  void on_written(error_code error) {
    writing_ = false;
    if (state_ == State::kFinished) return;
    queued_bytes_ -= std::exchange(flying_, {}).size();
    if (state_ != State::kOpen) return;
    if (error) return lost(error);
    bool empty = false;
    {
      const std::lock_guard lock(mutex_);
      empty = queue_.empty();
    }
    if (empty) stream().release();
    write_next();
  }

  void begin_close(uint16_t code, Error reason) {
    state_ = State::kClosing;
    stream().release();
    deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(kCloseMs);
    socket_.async_close(static_cast<websocket::close_code>(code),
                        [self = shared_from_this(), code, reason = std::move(reason)](error_code) {
                          self->finish(reason, code);
                        });
  }

  void schedule_watch() {
    timer_.expires_after(interval_);
    timer_.async_wait([self = shared_from_this()](error_code) {
      if (self->state_ == State::kFinished) return;
      self->watch(std::chrono::steady_clock::now());
      self->schedule_watch();
    });
  }

  void watch(SteadyTime now) {
    if (deadline_ && now >= *deadline_) {
      return finish({ErrorCode::kUnavailable, cat(where(), " does not answer.")}, 1006);
    }
    if (state_ != State::kOpen) return;
    const std::chrono::milliseconds silence(options_.silence_ms);
    const auto silent = now - stream().last_read();
    if (silent >= silence) {
      return finish({ErrorCode::kUnavailable, cat(where(), " has fallen silent.")}, 1006);
    }
    if (pinging_ || silent < silence / 2 || now - last_ping_ < silence / 2) return;
    pinging_ = true;
    last_ping_ = now;
    socket_.async_ping({}, [self = shared_from_this()](error_code) { self->pinging_ = false; });
  }

  void cut() { finish({ErrorCode::kUnavailable, "The connection was closed."}, 1000); }

  void finish(Error reason, uint16_t close_code) {
    if (state_ == State::kFinished) return;
    state_ = State::kFinished;
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      queue_.clear();
      queued_bytes_ = 0;
    }
    error_code ignored;
    resolver_.cancel();
    timer_.cancel();
    stream().next_layer().close(ignored);
    if (callbacks_.on_close && !silenced_) callbacks_.on_close(std::move(reason), close_code);
    callbacks_ = {};
  }

  static constexpr size_t kBufferKept = 64 << 10;

  const Url url_;
  const Options options_;
  ClientCallbacks callbacks_;
  const std::chrono::milliseconds interval_;
  asio::io_context context_{1};
  asio::ip::basic_resolver<tcp, Executor> resolver_;
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                             Executor>
      timer_;
  websocket::stream<CoalescingStream> socket_;
  std::vector<tcp::endpoint> endpoints_;
  websocket::response_type response_;
  State state_ = State::kConnecting;
  std::optional<SteadyTime> deadline_;
  beast::flat_buffer buffer_;
  std::string flying_;
  bool writing_ = false;
  bool pinging_ = false;
  SteadyTime last_ping_{};
  std::atomic<bool> resumed_ = false;
  std::atomic<bool> called_ = false;
  std::atomic<bool> silenced_ = false;
  std::atomic<size_t> queued_bytes_ = 0;
  std::mutex mutex_;
  std::deque<std::string> queue_;
  bool closing_ = false;
  bool ended_ = false;
  std::thread thread_;
};

WebSocketClient::WebSocketClient(Url url, Options options, ClientCallbacks callbacks)
    : impl_(std::make_shared<Impl>(std::move(url), options, std::move(callbacks))) {
  impl_->start();
}
WebSocketClient::~WebSocketClient() {
  impl_->destroy();
}
void WebSocketClient::send(std::string message) {
  impl_->send(std::move(message));
}
void WebSocketClient::wake() {
  impl_->wake();
}
void WebSocketClient::close() {
  impl_->close();
}
size_t WebSocketClient::queued_bytes() const {
  return impl_->queued_bytes();
}

}  // namespace wherry::net

// The byte stream below a WebSocket, and a layer above it that turns many small writes into few system calls.
// Included by listener.cc and client.cc only: Beast and Asio compile slowly.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace wherry::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

// The transport; TLS replaces this one type. A connection stays on one thread, so a plain executor will do.
using Executor = asio::io_context::executor_type;
using Transport = asio::basic_stream_socket<asio::ip::tcp, Executor>;

// Writes are copied to a buffer and complete at once; the buffer is written when it is large or when nobody
// holds it back. So the many messages of one batch cost one system call. Large writes are passed through.
// Thread: all calls and completions on the one thread of the executor.
class CoalescingStream {
 public:
  using executor_type = Executor;
  using next_layer_type = Transport;

  explicit CoalescingStream(Transport transport) : next_(std::move(transport)) {}

  executor_type get_executor() { return next_.get_executor(); }
  Transport& next_layer() { return next_; }
  const Transport& next_layer() const { return next_; }

  // What must stay alive while a write is under way.
  void set_owner(std::weak_ptr<void> owner) { owner_ = std::move(owner); }

  // While held back, small writes wait; release() sends them.
  void hold_back() { held_back_ = true; }
  void release() {
    held_back_ = false;
    flush();
  }

  // When data last came in (more precisely: when more of it was last asked for).
  SteadyTime last_read() const { return last_read_; }
  void touch() { last_read_ = std::chrono::steady_clock::now(); }
  // Since when a write has been under way.
  std::optional<SteadyTime> writing_since() const { return writing_since_; }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    touch();
    return next_.async_read_some(buffers, std::forward<Token>(token));
  }

  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, size_t)>(
        [this](auto handler, const Buffers& from) { this->start_write(std::move(handler), from); }, token,
        buffers);
  }

  // Appends a whole frame behind what was written so far; not for streams to which large writes are made,
  // too. Frames that Beast writes by itself (pongs, the close) are whole, too, so frames never mix.
  void append(std::string_view header, std::string_view payload) {
    if (failure_) return;
    pending_.append(header).append(payload);
    if (!held_back_ && pending_.size() >= kLarge) flush();
  }
  // What was written and is not with the kernel.
  size_t unsent() const { return pending_.size() + (flying_.size() - flown_); }
  // Memory for what is to be sent, in bytes.
  size_t room() const { return pending_.capacity() + flying_.capacity(); }
  bool failed() const { return static_cast<bool>(failure_); }
  // Called whenever some of it has gone there, and when writing has failed.
  void on_progress(std::move_only_function<void()> callback) { on_progress_ = std::move(callback); }

  // Calls back once everything written so far is with the kernel, or has failed.
  void when_flushed(std::move_only_function<void()> callback) {
    held_back_ = false;
    flush();
    if (!flushing_) return callback();
    when_flushed_ = std::move(callback);
  }

 private:
  static constexpr size_t kLarge = 32 << 10;  // above it a system call costs less than the copy
  static constexpr size_t kKept = 1 << 10;

  // An assignment would keep the memory.
  static void let_go(std::string& buffer) { std::string().swap(buffer); }

  template <typename Handler, typename Buffers>
  void start_write(Handler handler, const Buffers& buffers) {
    const size_t size = asio::buffer_size(buffers);
    if (failure_) return complete(std::move(handler), failure_, 0);
    if (size >= kLarge && !flushing_ && pending_.empty()) {
      writing_since_ = std::chrono::steady_clock::now();
      next_.async_write_some(buffers,
                             [this, handler = std::move(handler)](error_code error, size_t n) mutable {
                               writing_since_.reset();
                               handler(error, n);
                             });
      return;
    }
    const size_t before = pending_.size();
    pending_.resize(before + size);
    asio::buffer_copy(asio::buffer(pending_.data() + before, size), buffers);
    if (flushing_ && pending_.size() >= kLarge) {
      waiting_ = [this, handler = std::move(handler), size](error_code error) mutable {
        complete(std::move(handler), error, error ? 0 : size);
      };
      return;
    }
    if (!held_back_ || pending_.size() >= kLarge) flush();
    complete(std::move(handler), {}, size);
  }

  template <typename Handler>
  void complete(Handler handler, error_code error, size_t size) {
    asio::post(get_executor(), beast::bind_front_handler(std::move(handler), error, size));
  }

  void flush() {
    if (flushing_ || pending_.empty() || failure_) return;
    flying_.swap(pending_);
    // Mostly the kernel takes all of it at once.
    error_code error;
    if (!next_.non_blocking()) (void)next_.non_blocking(true, error);
    flown_ = next_.write_some(asio::buffer(flying_), error);
    if (error && error != asio::error::would_block) failure_ = error;
    if (failure_ || flown_ == flying_.size()) return landed();
    flushing_ = true;
    fly();
  }

  // Piece by piece: a peer that reads slowly must be seen to read.
  void fly() {
    writing_since_ = std::chrono::steady_clock::now();
    next_.async_write_some(asio::buffer(flying_) + flown_,
                           [this, keep = owner_.lock()](error_code error, size_t n) {
                             flown_ += n;
                             if (error || flown_ == flying_.size()) return flushed(error);
                             if (on_progress_) on_progress_();
                             fly();
                           });
  }

  // Nothing is under way any more. An idle connection keeps little.
  void landed() {
    if (flying_.capacity() > kKept) let_go(flying_);
    if (failure_ || (pending_.empty() && pending_.capacity() > kKept)) let_go(pending_);
    flying_.clear();
    flown_ = 0;
    if (on_progress_) on_progress_();
  }

  void flushed(error_code error) {
    flushing_ = false;
    writing_since_.reset();
    if (error) failure_ = error;
    landed();
    if (auto waiting = std::exchange(waiting_, nullptr)) waiting(error);
    if (!held_back_ || pending_.size() >= kLarge) flush();
    if (!flushing_) {
      if (auto callback = std::exchange(when_flushed_, nullptr)) callback();
    }
  }

  Transport next_;
  std::weak_ptr<void> owner_;
  std::string pending_, flying_;
  size_t flown_ = 0;  // of flying_: with the kernel already
  bool held_back_ = false;
  bool flushing_ = false;
  error_code failure_;
  std::move_only_function<void(error_code)> waiting_;
  std::move_only_function<void()> when_flushed_, on_progress_;
  SteadyTime last_read_ = std::chrono::steady_clock::now();
  std::optional<SteadyTime> writing_since_;
};

// Found by Beast when a WebSocket has ended: what is still in the buffer (the close frame) goes out first.
template <typename Handler>
void async_teardown(beast::role_type role, CoalescingStream& stream, Handler&& handler) {
  stream.when_flushed([role, &stream, handler = std::forward<Handler>(handler)]() mutable {
    using beast::websocket::async_teardown;
    async_teardown(role, stream.next_layer(), std::move(handler));
  });
}

inline void teardown(beast::role_type role, CoalescingStream& stream, error_code& error) {
  beast::websocket::teardown(role, stream.next_layer(), error);
}

}  // namespace wherry::net

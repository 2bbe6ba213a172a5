// One accepted connection: the HTTP request, then a WebSocket. Included by listener.cc only (see stream.h).
#pragma once

#include <algorithm>
#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "net/client_address.h"
#include "net/listener.h"
#include "net/stream.h"

namespace wherry::net {

namespace http = beast::http;
namespace websocket = beast::websocket;

// Thread: everything on the one thread of its executor. Ends by finish(), which calls `on_finished` once.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `peer`: the address at the other end.
  Connection(ConnectionId id, Transport transport, std::string peer, const ListenerOptions& options,
             ConnectionHandler& handler, std::function<void(ConnectionId)> on_finished)
      : id_(id),
        peer_(std::move(peer)),
        options_(options),
        handler_(handler),
        on_finished_(std::move(on_finished)),
        socket_(CoalescingStream(std::move(transport))) {}

  void start() {
    stream().set_owner(weak_from_this());
    stream().on_progress([this] { report(); });
    deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.header_ms);
    buffer_.max_size(options_.header_bytes_max + 1024);
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(options_.header_bytes_max));
    http::async_read_header(
        stream(), buffer_, *parser_,
        [self = shared_from_this()](error_code error, size_t) { self->on_request(error); });
  }

  // Whether it became a WebSocket; it may be closing by now.
  bool upgraded() const { return state_ == State::kOpen || state_ == State::kClosing; }

  // Takes bytes and/or the end; they go out with flush().
  void send(const Outgoing& outgoing) {
    if (state_ != State::kOpen || close_wanted_) return;
    if (!outgoing.bytes.empty()) {
      if (stream().unsent() + outgoing.bytes.size() > options_.queue_bytes_max) return finish();
      stream().hold_back();
      stream().append(frame_header(outgoing.bytes.size()), outgoing.bytes);
      taken_bytes_ += outgoing.bytes.size();
    }
    if (outgoing.close) want_close(outgoing.close_code, outgoing.close_reason);
  }

  void flush() {
    if (state_ != State::kOpen) return;
    stream().release();
    if (close_wanted_ && state_ == State::kOpen) begin_close();  // unless writing has failed
  }

  void resume() {
    if (state_ != State::kOpen || !paused_) return;
    paused_ = false;
    read();
  }

  // Looks after all that hangs on time; called several times per timeout.
  void sweep(SteadyTime now) {
    if (deadline_ && now >= *deadline_) return finish();
    const auto since = [now](SteadyTime time) {
      return std::chrono::duration_cast<std::chrono::milliseconds>(now - time).count();
    };
    const auto writing = stream().writing_since();
    if (writing && since(*writing) >= options_.write_stall_ms) return finish();
    // While reading is paused the peer cannot be heard.
    if (state_ == State::kRequest || paused_) return;
    const auto silent = since(stream().last_read());
    if (silent >= options_.silence_ms) {
      if (state_ != State::kOpen) return finish();
      want_close(4408, "silent");
      return begin_close();
    }
    if (state_ != State::kOpen || pinging_ || silent < options_.ping_ms ||
        since(last_ping_) < options_.ping_ms) {
      return;
    }
    pinging_ = true;
    last_ping_ = now;
    socket_.async_ping({}, [self = shared_from_this()](error_code) { self->pinging_ = false; });
  }

  void finish() {
    if (state_ == State::kFinished) return;
    state_ = State::kFinished;
    const auto self = shared_from_this();  // on_finished_ drops the listener's reference
    error_code ignored;
    stream().next_layer().close(ignored);
    if (events_) events_->closed();
    events_.reset();
    on_finished_(id_);
  }

 private:
  enum class State { kRequest, kAnswering, kOpen, kClosing, kFinished };

  CoalescingStream& stream() { return socket_.next_layer(); }

  void on_request(error_code error) {
    if (state_ == State::kFinished) return;
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return answer({431, "the request is too large\n"});
    }
    if (error == http::error::end_of_stream || error == http::error::partial_message) return finish();
    if (error && error.category() == error_code(http::error::bad_method).category()) {
      return answer({400, "malformed request\n"});
    }
    if (error) return finish();

    const auto& request = parser_->get();
    const std::string_view method(request.method_string().data(), request.method_string().size());
    const std::string_view target(request.target().data(), request.target().size());
    Request facts;
    facts.method = method;
    facts.target = target;
    const auto host = request[http::field::host];
    facts.host = {host.data(), host.size()};
    facts.upgrade = websocket::is_upgrade(request);
    // Bytes after the request come from someone who did not wait for the answer: no WebSocket client does.
    facts.body = parser_->chunked() || parser_->content_length().value_or(0) > 0 ||
                 (facts.upgrade && buffer_.size() > 0);
    for (const auto field : {http::field::host, http::field::sec_websocket_key,
                             http::field::sec_websocket_version, http::field::upgrade}) {
      facts.repeated |= request.count(field) > 1;
    }
    const auto [first, last] = request.equal_range(http::field::origin);
    for (auto origin = first; origin != last; ++origin) {
      facts.origins.emplace_back(origin->value().data(), origin->value().size());
    }
    Verdict verdict = judge(facts, options_.origins);
    if (verdict.status == 404 && !facts.upgrade) {
      if (auto page = page_for(facts)) return answer_now_or_later(*std::move(page), method == "HEAD");
    }
    if (verdict.status != 101) return answer(verdict);
    upgrade(std::move(verdict.text), address());
  }

  // Of the client, by what the request says.
  std::string address() const {
    std::vector<std::string_view> forwarded;
    const auto [from, to] = parser_->get().equal_range("X-Forwarded-For");
    for (auto field = from; field != to; ++field)
      forwarded.emplace_back(field->value().data(), field->value().size());
    return client_address(peer_, forwarded, options_.proxies);
  }

  std::optional<Page> page_for(const Request& request) const {
    if (!options_.pages || (request.method != "GET" && request.method != "HEAD")) return std::nullopt;
    const auto header = [this](http::field field) {
      const auto value = parser_->get()[field];
      return std::string_view(value.data(), value.size());
    };
    const size_t path = std::min(request.target.find('?'), request.target.size());
    return options_.pages({.target = request.target.substr(0, path),
                           .host = header(http::field::host),
                           .accept_encoding = header(http::field::accept_encoding),
                           .if_none_match = header(http::field::if_none_match),
                           .query = request.target.substr(std::min(path + 1, request.target.size())),
                           .authorization = header(http::field::authorization),
                           .origin = request.origins.empty()       ? std::string_view()
                                     : request.origins.size() == 1 ? request.origins.front()
                                                                   : "null",
                           .address = address()});
  }

  // The deadline for the request holds for a page that is made elsewhere, too.
  void answer_now_or_later(Page page, bool head_alone) {
    if (!page.later) return answer(std::move(page), head_alone);
    state_ = State::kAnswering;
    page.later([weak = weak_from_this(), executor = socket_.get_executor(), head_alone](Page made) {
      asio::post(executor, [weak, head_alone, made = std::move(made)]() mutable {
        const auto self = weak.lock();
        if (self && self->state_ == State::kAnswering) self->answer(std::move(made), head_alone);
      });
    });
  }

  void answer(const Verdict& verdict) {
    answer({verdict.status, "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n",
            std::make_shared<const std::string>(verdict.text)},
           false);
  }

  void answer(Page page, bool head_alone) {
    state_ = State::kAnswering;
    static const auto kNothing = std::make_shared<const std::string>();
    if (!page.body) page.body = kNothing;
    const auto reason = http::obsolete_reason(static_cast<http::status>(page.status));
    response_ = cat("HTTP/1.1 ", page.status, ' ', std::string_view(reason.data(), reason.size()), "\r\n",
                    page.headers,
                    page.status == 304 ? std::string() : cat("Content-Length: ", page.body->size(), "\r\n"),
                    "Connection: close\r\n\r\n");
    response_body_ = head_alone ? kNothing : std::move(page.body);
    const std::array<asio::const_buffer, 2> both = {asio::buffer(response_), asio::buffer(*response_body_)};
    asio::async_write(stream(), both,
                      [self = shared_from_this()](error_code error, size_t) { self->linger(error); });
  }

  // Lets the peer read the answer before the connection goes.
  void linger(error_code error) {
    if (error || state_ == State::kFinished) return finish();
    deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.close_ms);
    async_teardown(beast::role_type::server, stream(),
                   [self = shared_from_this()](error_code) { self->finish(); });
  }

  void upgrade(std::string workspace, std::string address) {
    state_ = State::kAnswering;
    // Time is watched by sweep(), which knows when reading is paused.
    socket_.set_option(websocket::stream_base::timeout{websocket::stream_base::none(),
                                                       websocket::stream_base::none(), false});
    socket_.auto_fragment(false);
    socket_.binary(true);
    socket_.read_message_max(options_.message_bytes_max);
    socket_.async_accept(parser_->get(), [self = shared_from_this(), workspace = std::move(workspace),
                                          address = std::move(address)](error_code error) mutable {
      self->on_upgraded(error, std::move(workspace), std::move(address));
    });
  }

  void on_upgraded(error_code error, std::string workspace, std::string address) {
    if (state_ == State::kFinished) return;
    if (error) return linger({});  // Beast has written the refusal
    parser_.reset();
    buffer_ = beast::flat_buffer();
    deadline_.reset();
    state_ = State::kOpen;
    events_ = handler_.opened(id_, std::move(workspace), std::move(address));
    read();
  }

  void read() {
    socket_.async_read(buffer_,
                       [self = shared_from_this()](error_code error, size_t) { self->on_read(error); });
  }

  void on_read(error_code error) {
    // While closing, the close operation reads on its own and ends the connection.
    if (state_ != State::kOpen) return;
    if (error) return finish();
    if (!close_wanted_ && !socket_.got_binary()) want_close(1002, "binary messages only");
    if (!close_wanted_) {
      const auto data = buffer_.data();
      std::string message(static_cast<const char*>(data.data()), data.size());
      paused_ = events_->message(std::move(message)) == Reading::kPause;
    }
    buffer_.consume(buffer_.size());
    if (buffer_.capacity() > kBufferKept) buffer_ = beast::flat_buffer();
    if (close_wanted_) return begin_close();
    if (!paused_) read();
  }

  void want_close(uint16_t code, const std::string& reason) {
    close_wanted_.emplace(code, std::string_view(reason).substr(0, 123));
  }

  // RFC 6455, section 5.2: a whole binary message, unmasked as those of servers are.
  std::string_view frame_header(size_t size) {
    const size_t bytes = size < 126 ? 0 : size <= 0xFFFF ? 2 : 8;
    header_[0] = static_cast<char>(0x82);
    header_[1] = static_cast<char>(bytes == 0 ? size : bytes == 2 ? 126 : 127);
    for (size_t i = 0; i < bytes; ++i) header_[2 + i] = static_cast<char>(size >> 8 * (bytes - 1 - i));
    return {header_.data(), 2 + bytes};
  }

  // What the stream holds may be headers, too: so much at least is gone.
  void report() {
    if (state_ != State::kOpen) return;
    if (stream().failed()) return finish();  // perhaps nobody reads, who would notice
    const size_t gone = taken_bytes_ - std::min(taken_bytes_, stream().unsent());
    if (gone < reported_bytes_ + kSentStep) return;
    events_->sent(gone - reported_bytes_);
    reported_bytes_ = gone;
  }

  void begin_close() {
    state_ = State::kClosing;
    stream().release();
    deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.close_ms);
    socket_.async_close({static_cast<websocket::close_code>(close_wanted_->first), close_wanted_->second},
                        [self = shared_from_this()](error_code) { self->finish(); });
  }

  static constexpr size_t kBufferKept = 64 << 10;

  const ConnectionId id_;
  const std::string peer_;
  const ListenerOptions& options_;
  ConnectionHandler& handler_;
  const std::function<void(ConnectionId)> on_finished_;
  websocket::stream<CoalescingStream> socket_;
  State state_ = State::kRequest;
  std::optional<SteadyTime> deadline_;  // when to give up, whatever happens
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  std::string response_;
  std::shared_ptr<const std::string> response_body_;
  std::unique_ptr<ConnectionEvents> events_;
  std::array<char, 10> header_{};
  size_t taken_bytes_ = 0, reported_bytes_ = 0;  // in all
  std::optional<std::pair<uint16_t, std::string>> close_wanted_;
  bool paused_ = false;
  bool pinging_ = false;
  SteadyTime last_ping_{};
};

}  // namespace wherry::net

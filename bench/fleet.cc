#include "bench/fleet.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>
#include <stdexcept>

#include "base/text.h"
#include "bench/basics.h"
#include "bench/stage.h"
#include "net/stream.h"
#include "net/token.h"

namespace wherry::bench {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using net::CoalescingStream;
using net::error_code;
using net::Transport;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, net::Executor>;

constexpr size_t kConnectingAtOnce = 64;
// A server takes so many connections of one address.
constexpr size_t kPerAddress = 1500;

}  // namespace

class Fleet::Impl {
 public:
  explicit Impl(uint16_t port) : port_(port) {}

  class Connection {
   public:
    Connection(Impl& fleet, size_t number, const Member& member)
        : peer(member.token, member.start, &net::fill_random),
          fleet_(fleet),
          socket_(CoalescingStream(Transport(fleet.context_.get_executor()))) {
      Transport& transport = socket_.next_layer().next_layer();
      transport.open(tcp::v4());
      const auto host = static_cast<uint32_t>(1 + number / kPerAddress);
      (void)transport.bind({asio::ip::address_v4((127u << 24) | host), 0});
      transport.async_connect(
          {asio::ip::address_v4::loopback(), fleet.port_}, [this, member](error_code error) {
            fleet_.check(error, "connect");
            error_code ignored;
            socket_.next_layer().next_layer().set_option(tcp::no_delay(true), ignored);
            socket_.binary(true);
            socket_.auto_fragment(false);
            socket_.async_handshake("127.0.0.1", "/" + member.workspace, [this](error_code failure) {
              fleet_.check(failure, "open the WebSocket");
              peer.hello(server::now());
              flush();
              read();
            });
          });
    }

    void flush() {
      peer.flush();
      for (std::string& message : peer.take_messages()) queue_.push_back(std::move(message));
      write();
    }

    Peer peer;

   private:
    void read() {
      socket_.async_read(buffer_, [this](error_code error, size_t) {
        fleet_.check(error, "read");
        const auto data = buffer_.data();
        peer.receive({static_cast<const char*>(data.data()), data.size()});
        buffer_.consume(buffer_.size());
        flush();
        read();
      });
    }

    void write() {
      if (writing_ || queue_.empty()) return;
      writing_ = true;
      socket_.async_write(asio::buffer(queue_.front()), [this](error_code error, size_t) {
        fleet_.check(error, "write");
        writing_ = false;
        queue_.pop_front();
        write();
      });
    }

    Impl& fleet_;
    websocket::stream<CoalescingStream> socket_;
    beast::flat_buffer buffer_;
    std::deque<std::string> queue_;
    bool writing_ = false;
  };

  // A benchmark whose server goes away has no result.
  void check(error_code error, const char* doing) const {
    if (error) throw std::runtime_error(cat("cannot ", doing, ": ", error.message()));
  }

  size_t add(const Member& member) {
    connections.push_back(std::make_unique<Connection>(*this, connections.size(), member));
    return connections.size() - 1;
  }

  void join(const std::vector<Member>& members) {
    for (size_t begin = 0; begin < members.size(); begin += kConnectingAtOnce) {
      const size_t first = connections.size();
      for (size_t i = begin; i < std::min(members.size(), begin + kConnectingAtOnce); ++i) add(members[i]);
      const auto all_live = [&] {
        for (size_t i = first; i < connections.size(); ++i)
          if (!connections[i]->peer.is_live()) return false;
        return true;
      };
      if (!run(60, all_live)) throw std::runtime_error("not all peers became live within a minute");
    }
  }

  bool run(double seconds, const std::function<bool()>& done) {
    const auto end =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    context_.restart();
    while (!done()) {
      if (Clock::now() >= end) return false;
      context_.run_one_until(end);
    }
    return true;
  }

  void every(double seconds, std::function<void()> tick) {
    auto timer = std::make_unique<Timer>(context_.get_executor());
    tick_on(*timer, std::chrono::steady_clock::now(), seconds, std::move(tick));
    timers_.push_back(std::move(timer));
  }

 private:
  void tick_on(Timer& timer, std::chrono::steady_clock::time_point last, double seconds,
               std::function<void()> tick) {
    const auto next =
        last + std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
    timer.expires_at(next);
    timer.async_wait([this, &timer, next, seconds, tick = std::move(tick)](error_code error) mutable {
      if (error) return;
      tick();
      tick_on(timer, next, seconds, std::move(tick));
    });
  }

  const uint16_t port_;
  asio::io_context context_{1};
  std::vector<std::unique_ptr<Timer>> timers_;

 public:
  std::vector<std::unique_ptr<Connection>> connections;  // go before their context
};

Fleet::Fleet(uint16_t port) : impl_(std::make_unique<Impl>(port)) {}
Fleet::~Fleet() = default;
void Fleet::join(const std::vector<Member>& members) {
  impl_->join(members);
}
size_t Fleet::add(const Member& member) {
  return impl_->add(member);
}
Peer& Fleet::peer(size_t i) {
  return impl_->connections[i]->peer;
}
void Fleet::flush(size_t i) {
  impl_->connections[i]->flush();
}
bool Fleet::run(double seconds, const std::function<bool()>& done) {
  return impl_->run(seconds, done);
}
void Fleet::every(double seconds, std::function<void()> tick) {
  impl_->every(seconds, std::move(tick));
}

}  // namespace wherry::bench

#include "bench/workloads/echo.h"

#include <pthread.h>
#include <ctime>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <string>
#include <thread>

#include "bench/basics.h"
#include "bench/report.h"

namespace wherry::bench {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<tcp, Executor>;

constexpr size_t kFrameBytes = 100;

// Sends each frame of one connection back, on a thread of its own, until the peer is gone.
class EchoServer {
 public:
  EchoServer() : acceptor_(context_, {asio::ip::address_v4::loopback(), 0}), socket_(Socket(context_)) {
    acceptor_.async_accept(socket_.next_layer(), [this](error_code error) {
      if (error) return;
      socket_.next_layer().set_option(tcp::no_delay(true));
      socket_.binary(true);
      socket_.async_accept([this](error_code failure) {
        if (!failure) echo();
      });
    });
    thread_ = std::thread([this] { context_.run(); });
  }
  ~EchoServer() {
    context_.stop();
    thread_.join();
  }

  tcp::endpoint endpoint() { return acceptor_.local_endpoint(); }

  // Seconds of CPU time, of its thread.
  double cpu() {
    clockid_t clock{};
    timespec time{};
    pthread_getcpuclockid(thread_.native_handle(), &clock);
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }

 private:
  void echo() {
    socket_.async_read(buffer_, [this](error_code error, size_t) {
      if (error) return;
      socket_.async_write(buffer_.data(), [this](error_code failure, size_t) {
        buffer_.consume(buffer_.size());
        if (!failure) echo();
      });
    });
  }

  asio::io_context context_{1};
  asio::basic_socket_acceptor<tcp, Executor> acceptor_;
  websocket::stream<Socket> socket_;
  beast::flat_buffer buffer_;
  std::thread thread_;
};

}  // namespace

void bare_echo(size_t in_flight, double seconds) {
  EchoServer server;
  asio::io_context context;
  websocket::stream<Socket> socket{Socket(context)};
  socket.next_layer().connect(server.endpoint());
  socket.next_layer().set_option(tcp::no_delay(true));
  socket.handshake("127.0.0.1", "/");
  socket.binary(true);

  const std::string frame(kFrameBytes, 'x');
  const auto send = [&] { socket.write(asio::buffer(frame)); };
  beast::flat_buffer buffer;
  for (size_t i = 0; i < in_flight; ++i) send();
  const double cpu = server.cpu();
  const auto begin = Clock::now();
  int64_t echoes = 0;
  for (; seconds_since(begin) < seconds; ++echoes) {
    socket.read(buffer);
    buffer.consume(buffer.size());
    send();
  }
  const auto count = static_cast<double>(echoes);
  Report()
      .text("workload", "bare echo")
      .number("in_flight", static_cast<double>(in_flight))
      .number("echoes_per_s", count / seconds_since(begin))
      .number("server_cpu_us", 1e6 * (server.cpu() - cpu) / count)
      .print();
}

}  // namespace wherry::bench

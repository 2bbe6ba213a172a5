// A plain blocking socket to a listener on this machine, for peers that do not behave.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace wherry::net {

class RawSocket {
 public:
  explicit RawSocket(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // So that a fault of the listener fails a test instead of hanging it.
    timeval patience{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawSocket() { ::close(fd_); }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  bool connected() const { return connected_; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

  // Reads until the text so far ends with `end`, or the peer closes.
  std::string read_until(std::string_view end) {
    std::string out;
    char c = 0;
    while (!out.ends_with(end) && ::recv(fd_, &c, 1, 0) == 1) out.push_back(c);
    return out;
  }
  std::string read(size_t size) {
    std::string out(size, '\0');
    const ssize_t n = ::recv(fd_, out.data(), size, MSG_WAITALL);
    out.resize(n < 0 ? 0 : static_cast<size_t>(n));
    return out;
  }
  // Everything until the peer closes.
  std::string read_all() {
    std::string out;
    char piece[4096];
    for (ssize_t n = 0; (n = ::recv(fd_, piece, sizeof piece, 0)) > 0;)
      out.append(piece, static_cast<size_t>(n));
    return out;
  }

  // Becomes a WebSocket by hand; the status line of the answer.
  std::string upgrade(std::string_view target, std::string_view more_headers = {}) {
    send(std::string("GET ")
             .append(target)
             .append(" HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
             .append(more_headers)
             .append("\r\n"));
    const std::string answer = read_until("\r\n\r\n");
    return answer.substr(0, answer.find("\r\n"));
  }

  // A masked frame (with the mask 0, which changes nothing) of at most 65,535 bytes.
  static std::string frame(int first_byte, std::string_view payload) {
    std::string out(1, static_cast<char>(first_byte));
    if (payload.size() < 126) {
      out.push_back(static_cast<char>(0x80 | payload.size()));
    } else {
      out.push_back(static_cast<char>(0x80 | 126));
      out.push_back(static_cast<char>(payload.size() >> 8));
      out.push_back(static_cast<char>(payload.size() & 255));
    }
    return out.append(4, '\0').append(payload);
  }

  // Skips what comes before a close frame; its code, or 0 when there is none.
  int read_close() {
    for (;;) {
      const std::string head = read(2);
      if (head.size() < 2) return 0;
      auto size = static_cast<size_t>(static_cast<uint8_t>(head[1]));
      if (size == 126) {
        const std::string more = read(2);
        if (more.size() < 2) return 0;
        size = static_cast<size_t>(static_cast<uint8_t>(more[0])) << 8 | static_cast<uint8_t>(more[1]);
      }
      const std::string payload = read(size);
      if ((head[0] & 15) != 8) continue;
      if (payload.size() < 2) return 0;
      return static_cast<uint8_t>(payload[0]) << 8 | static_cast<uint8_t>(payload[1]);
    }
  }

 private:
  int fd_;
  bool connected_ = false;
};

}  // namespace wherry::net

// One outgoing WebSocket connection, driven by callbacks on its own thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace wherry::net {

// ws://HOST:PORT/WORKSPACE taken apart. Refuses other schemes, user info, queries and fragments (a token
// never travels in a URL).
struct Url {
  std::string host, port, path;
  static Result<Url> parse(std::string_view url);
};

struct ClientCallbacks {
  // All are called on the connection's thread, never concurrently.
  std::function<void()> on_open;
  std::function<void(std::string message)> on_message;  // one whole binary message
  std::function<void()> on_woken = {};                  // once for all calls of wake() before it
  // Once; also when connecting failed. The code is the peer's, ours after close(), 1006 when there was none.
  std::function<void(Error reason, uint16_t close_code)> on_close;
};

// Connects in the background. Answers pings, sends its own when idle, gives up on a peer that is silent for
// `silence_ms`. Destruction cuts the connection and joins the thread: no callback starts after it has begun.
// A callback may destroy its own client.
class WebSocketClient {
 public:
  struct Options {
    int64_t connect_timeout_ms = 10'000;
    int64_t silence_ms = 30'000;
    size_t message_bytes_max = 8 << 20;
  };
  WebSocketClient(Url url, Options options, ClientCallbacks callbacks);
  ~WebSocketClient();
  // Thread-safe; in order. Messages before on_open are queued.
  void send(std::string message);
  // Thread-safe: has on_woken called, if the connection is open then, for what is better made on its thread.
  void wake();
  // Thread-safe: closes after what is queued has been sent.
  void close();
  size_t queued_bytes() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace wherry::net

// Accepts WebSockets on I/O threads of its own and hands whole messages up. Answers GET /healthz, and pages.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/limits.h"
#include "net/pages.h"
#include "net/request.h"

namespace wherry::net {

// Positive, never reused by one listener.
using ConnectionId = int64_t;

inline constexpr size_t kSentStep = 64 << 10;

// How reading goes on after a message.
enum class Reading { kGoOn, kPause };

// The upper layer's end of one connection. Thread: called on the connection's I/O thread, one call at a
// time; must not block. The listener destroys it after closed().
class ConnectionEvents {
 public:
  virtual ~ConnectionEvents() = default;
  // One whole binary message. After kPause nothing is read until Listener::resume().
  virtual Reading message(std::string bytes) = 0;
  // So many bytes handed to send() have been passed on towards the peer. Less than kSentStep is told with
  // what follows it, or never.
  virtual void sent(size_t bytes) = 0;
  // The last call: the connection is gone, whoever ended it.
  virtual void closed() = 0;
};

class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;
  // A WebSocket to this workspace (a valid name, not necessarily an existing workspace) is up. `address`: see
  // client_address(). Called on an I/O thread, concurrently for different connections; must not block.
  virtual std::unique_ptr<ConnectionEvents> opened(ConnectionId id, std::string workspace,
                                                   std::string address) = 0;
};

// Something to send, or the end of a connection, or both: the bytes come first.
struct Outgoing {
  ConnectionId id = 0;
  std::string bytes;  // one binary message; empty: none
  bool close = false;
  uint16_t close_code = 1000;
  std::string close_reason;  // cut to 123 bytes
};

struct ListenerOptions {
  std::string host = "127.0.0.1";  // an address or a name
  uint16_t port = 0;               // 0: a free one
  int threads = 1;
  OriginPolicy origins{};
  Pages pages{};                                            // none, if not given
  std::vector<std::string> proxies{};                       // addresses whose X-Forwarded-For is believed
  size_t connections_max = 20'000;                          // bounds descriptors and memory
  size_t connections_per_address = 2'000;                   // one peer must not use up all of them
  size_t message_bytes_max = limits::kMessageBytes + 1024;  // the wire adds a few bytes around a message
  size_t queue_bytes_max = 16 << 20;                        // last resort: the workspace stops far below this
  size_t header_bytes_max = 8 << 10;
  int64_t header_ms = 10'000;       // until the request has arrived whole
  int64_t ping_ms = 15'000;         // silence after which a ping is sent
  int64_t silence_ms = 30'000;      // silence after which the peer is given up
  int64_t write_stall_ms = 60'000;  // a write that has not ended by then means a peer that does not read
  int64_t close_ms = 5'000;         // how long the peer may take to answer a close
};

class Listener {
 public:
  // Takes the port: peers can connect, and wait for run(). kBusy when the port is taken, kInvalid for a host
  // that is none of this machine or a proxy that is no address. `handler` must outlive the listener.
  static Result<std::unique_ptr<Listener>> open(ListenerOptions options, ConnectionHandler& handler);
  // Calls stop().
  ~Listener();
  uint16_t port() const;
  // Starts the threads; once.
  void run();

  // All of these are thread-safe and do not block. What concerns a connection that is gone is dropped.
  // The order of messages to one connection is kept over calls from one thread.
  void send(std::vector<Outgoing> batch);
  void resume(std::vector<ConnectionId> ids);
  // Refuses new connections from now on; those that are up go on.
  void stop_accepting();
  size_t connections() const;

  // Waits until no connection is left, at most so long; false when some are.
  bool wait_until_empty(int64_t ms) const;
  // Cuts every connection, after which all closed() have been called, and joins the threads. Not to be called
  // on an I/O thread.
  void stop();

 private:
  class Impl;
  explicit Listener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry::net

// Keeps one connection to the server up: gets tokens, connects, and connects again after each end, never
// faster than Retry allows. Owns the thread on which this happens.
// Thread: any. Handler functions are called on background threads, never under a lock of the connection.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "net/client.h"
#include "protocol/messages.h"
#include "wherry/wherry.h"

namespace wherry::client {

class Connection {
 public:
  struct Handler {
    std::function<Result<std::string>()> token;
    std::function<void(std::string token)> opened;  // say hello
    std::function<void(std::string message)> received;
    std::function<void()> woken;
    std::function<std::optional<protocol::Bye>()> closed;  // with what the server said before
    std::function<void(const ConnectionStatus&)> changed;
  };
  Connection(net::Url url, Handler handler);
  ~Connection();

  void start();
  void stop();
  // For good; when it returns, nothing is called any more. Not to be called by a handler.
  void end();
  // Dropped when no connection is up.
  void send(std::string message);
  // Has `woken` called soon, on the thread that sends. Nothing happens when no connection is up.
  void wake();
  // The server said welcome.
  void welcomed();
  // Ends this connection; `reason` is what status() tells. `for_good`: until start().
  void drop(Error reason, bool for_good);
  ConnectionStatus status() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry::client

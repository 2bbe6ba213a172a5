// Many peers, each on a WebSocket of its own, all on the calling thread: the load on a server.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/peer.h"

namespace wherry::bench {

class Fleet {
 public:
  // `port` on 127.0.0.1.
  explicit Fleet(uint16_t port);
  ~Fleet();

  struct Member {
    std::string workspace, token;
    Start start = Start::head();
  };
  // Connects and returns once all are live; so many at once, that the server's backlog holds them.
  void join(const std::vector<Member>& members);
  // Begins to connect one more, and returns its number. What it has to say waits until it is welcome.
  size_t add(const Member& member);
  Peer& peer(size_t i);

  // Sends what the peer has to say.
  void flush(size_t i);
  // Lets messages come and go until `done`, which is asked after each event, or until the seconds are over:
  // false.
  bool run(double seconds, const std::function<bool()>& done = [] { return false; });
  // Called on the fleet's thread about so often, while it runs.
  void every(double seconds, std::function<void()> tick);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry::bench

// Where workers put what goes to connections. Thread-safe, never blocks. Tests put another in its place.
#pragma once

#include <vector>

#include "net/listener.h"

namespace wherry::server {

class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual void send(std::vector<net::Outgoing> batch) = 0;
  virtual void resume(std::vector<net::ConnectionId> ids) = 0;
};

}  // namespace wherry::server

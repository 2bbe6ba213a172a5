// Waiting for the network, for commands that end when it has done its part.
#pragma once

#include <chrono>
#include <functional>

#include "base/error.h"
#include "wherry/wherry.h"

namespace wherry::cli {

// Watches a database that is connecting, and says when there is no point in waiting any longer.
class Patience {
 public:
  explicit Patience(std::chrono::seconds at_most) : at_most_(at_most) {}
  // The reason to give up: the server refuses, or could not be reached for all the time.
  Result<> check(const Database& database);

 private:
  using Clock = std::chrono::steady_clock;
  std::chrono::seconds at_most_;
  Clock::time_point reached_ = Clock::now();
};

}  // namespace wherry::cli

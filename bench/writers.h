// Peers of a fleet who keep so many commands under way, each its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "bench/basics.h"
#include "bench/fleet.h"

namespace wherry::bench {

struct Command {
  std::string name, data;
};

class Writers {
 public:
  struct Load {
    size_t writers = 1, window = 1;                          // peers 0 … writers - 1 of the fleet
    int64_t commands = std::numeric_limits<int64_t>::max();  // in all; then they fall silent
    std::function<Command(size_t writer)> next;
  };
  // `fleet` must have the peers, and outlive this.
  Writers(Fleet& fleet, Load load);
  ~Writers();
  Writers(const Writers&) = delete;  // the peers refer to it
  Writers& operator=(const Writers&) = delete;

  // Fills the windows. What is answered is followed by the next command while the fleet runs.
  void begin();
  int64_t answered() const { return answered_; }
  // From push to answer, in milliseconds, since the last call.
  std::vector<double> take_latencies() { return std::exchange(latencies_, {}); }

 private:
  void push(size_t writer);

  Fleet& fleet_;
  const Load load_;
  std::vector<std::deque<Clock::time_point>> pushed_;
  std::vector<double> latencies_;
  int64_t issued_ = 0, answered_ = 0;
};

}  // namespace wherry::bench

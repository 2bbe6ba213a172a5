// Shows how far long work is, on stderr: a bar on a terminal, else a line now and then.
// Thread: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace wherry::cli {

class Progress {
 public:
  // `what`: "importing"; `unit`: "lines".
  Progress(std::string what, std::string unit);
  // Takes the bar off the terminal again.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  // `total` 0: unknown. Cheap enough to call for every step.
  void show(int64_t done, int64_t total);

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_, unit_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point next_;
};

}  // namespace wherry::cli

// SIGTERM and SIGINT as something to wait for. Made before the program's other threads, which inherit that
// these signals are blocked.
#pragma once

#include <chrono>
#include <csignal>
#include <optional>
#include <string_view>

namespace wherry::cli {

class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  // The name of the signal that came.
  std::string_view wait() const;
  std::optional<std::string_view> wait_for(std::chrono::milliseconds at_most) const;

 private:
  sigset_t set_, before_;
};

}  // namespace wherry::cli

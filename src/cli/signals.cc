#include "cli/signals.h"

#include <ctime>

namespace wherry::cli {

namespace {

std::string_view name_of(int signal) {
  return signal == SIGINT ? "SIGINT" : "SIGTERM";
}

}  // namespace

Signals::Signals() {
  ::sigemptyset(&set_);
  ::sigaddset(&set_, SIGINT);
  ::sigaddset(&set_, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
}

Signals::~Signals() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::string_view Signals::wait() const {
  int signal = 0;
  while (::sigwait(&set_, &signal) != 0) {
  }
  return name_of(signal);
}

std::optional<std::string_view> Signals::wait_for(std::chrono::milliseconds at_most) const {
  const std::timespec time{.tv_sec = at_most.count() / 1000, .tv_nsec = (at_most.count() % 1000) * 1'000'000};
  const int signal = ::sigtimedwait(&set_, nullptr, &time);
  if (signal < 0) return std::nullopt;
  return name_of(signal);
}

}  // namespace wherry::cli

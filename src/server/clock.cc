#include "server/clock.h"

#include <atomic>
#include <chrono>

namespace wherry::server {

Millis now() {
  static std::atomic<int64_t> latest = 0;
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  const int64_t read = std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
  int64_t known = latest.load(std::memory_order_relaxed);
  while (known < read && !latest.compare_exchange_weak(known, read, std::memory_order_relaxed)) {
  }
  return {known < read ? read : known};
}

}  // namespace wherry::server

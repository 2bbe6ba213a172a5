// Counts the connections of a listener, in all and per address, and knows when none is left. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace wherry::net {

class Census {
 public:
  Census(size_t total_max, size_t per_address_max)
      : total_max_(total_max), per_address_max_(per_address_max) {}

  // False when there is no room; otherwise leave() must follow.
  bool enter(const std::string& address) {
    const std::lock_guard lock(mutex_);
    if (total_ >= total_max_) return false;
    size_t& here = per_address_[address];
    if (here >= per_address_max_) return false;
    ++here;
    ++total_;
    return true;
  }

  void leave(const std::string& address) {
    const std::lock_guard lock(mutex_);
    const auto found = per_address_.find(address);
    if (--found->second == 0) per_address_.erase(found);
    if (--total_ == 0) empty_.notify_all();
  }

  size_t total() const {
    const std::lock_guard lock(mutex_);
    return total_;
  }

  bool wait_until_empty(int64_t ms) const {
    std::unique_lock lock(mutex_);
    return empty_.wait_for(lock, std::chrono::milliseconds(ms), [this] { return total_ == 0; });
  }

 private:
  const size_t total_max_, per_address_max_;
  mutable std::mutex mutex_;
  mutable std::condition_variable empty_;
  size_t total_ = 0;
  std::unordered_map<std::string, size_t> per_address_;
};

}  // namespace wherry::net

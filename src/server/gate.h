// How much waits for one workspace, and whose reading is paused because of it. Thread-safe.
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "net/listener.h"

namespace wherry::server {

class Gate {
 public:
  // A message holds a command or more; windows bound how many.
  static constexpr size_t kMessages = limits::kWorkspaceQueueCommands;
  static constexpr size_t kBytes = 64 << 20;

  // Counts a message; kPause when the connection must wait for release().
  net::Reading admit(net::ConnectionId id, size_t bytes) {
    const std::lock_guard lock(mutex_);
    ++messages_;
    bytes_ += bytes;
    if (messages_ <= kMessages && bytes_ <= kBytes) return net::Reading::kGoOn;
    paused_.push_back(id);
    return net::Reading::kPause;
  }

  // What was admitted has been dealt with; the connections that may be read again.
  std::vector<net::ConnectionId> release(size_t messages, size_t bytes) {
    const std::lock_guard lock(mutex_);
    messages_ -= messages;
    bytes_ -= bytes;
    if (messages_ > kMessages / 2 || bytes_ > kBytes / 2) return {};
    return std::exchange(paused_, {});
  }

 private:
  std::mutex mutex_;
  size_t messages_ = 0;
  size_t bytes_ = 0;
  std::vector<net::ConnectionId> paused_;
};

}  // namespace wherry::server

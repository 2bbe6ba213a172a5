// Lets a tool watch the messages of a running sync: `wherry tap FILE`. Whoever connects to the Unix socket
// FILE.tap, which only the file's owner may open, gets each message as a line of JSON; tokens are left out.
// A watcher never slows the sync: what it does not read in time is dropped, and it is told how much.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace wherry::client {

enum class Direction { kSent, kReceived };

// Thread: any.
class Tap {
 public:
  // `path` is that of the replica's file. Takes the place of a socket that a dead process left.
  static Result<std::unique_ptr<Tap>> listen(const std::string& path);
  ~Tap();
  // Costs next to nothing while nobody watches.
  void publish(Direction direction, std::string_view message);

 private:
  class Impl;
  explicit Tap(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Calls `each` with every line until it returns false (true at the end) or the sync ends. kNotFound: no sync
// of this file runs.
Result<> follow_tap(const std::string& path, const std::function<bool(std::string_view line)>& each);

}  // namespace wherry::client

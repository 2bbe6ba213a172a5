// Counts refused tokens per address, and says which addresses are turned away for a while: a device with a
// dead token, or somebody who guesses, must not cost the server a signature check per attempt without end.
// A token that is accepted clears its address, so that a busy office outlives one bad device behind the same
// NAT; whoever has one good token could say hello as often as he likes anyway.
// Thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/time.h"

namespace wherry::server {

class RefusedTokens {
 public:
  // So many within the time turn an address away. A device that shows a dead token every second stays below,
  // and so does an office whose hundred devices, but one, come back from an outage with tokens that have
  // expired; a flood is there at once.
  static constexpr int kMost = 100;
  static constexpr Millis kWithin{60'000};
  // As long as a replica waits at most between two attempts: an honest one loses one.
  static constexpr Millis kTurnedAway{30'000};
  // Less than 2 MiB. While the table is full, addresses that are not in it are not counted: one who has so
  // many addresses would stay below kMost on each of them.
  static constexpr size_t kAddresses = 8192;

  // `clock` is thread-safe and never goes back.
  explicit RefusedTokens(std::function<Millis()> clock) : clock_(std::move(clock)) {}

  // True when this was the refusal that turns the address away.
  bool refused(const std::string& address);
  void accepted(const std::string& address);
  // How long the address is still turned away; 0: it is not.
  Millis retry_after(const std::string& address) const;

  size_t addresses() const;

 private:
  struct Entry {
    int count = 0;
    Millis until;  // of the count, or of being turned away
  };
  bool make_room(Millis now);

  const std::function<Millis()> clock_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  Millis full_until_;  // no entry ends before
};

}  // namespace wherry::server

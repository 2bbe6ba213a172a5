// When to connect again after a connection ended: exponential back-off with jitter, so that the replicas of
// a restarted server do not return all at once, and never sooner than the server asked.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace wherry::client {

class Retry {
 public:
  static constexpr Millis kLeast{500};
  static constexpr Millis kMost{30'000};
  // A session that was welcomed and lasted this long counts as a success.
  static constexpr Millis kProven{2'000};

  // `asked`: what the server's `bye` said: 0 = at once. `lasted`: since the welcome; nothing: none came.
  // `random` is uniform over 64 bits.
  Millis delay_after(std::optional<Millis> asked, std::optional<Millis> lasted, uint64_t random);
  int64_t attempts() const { return attempts_; }
  void reset() { attempts_ = 0; }

 private:
  int64_t attempts_ = 0;  // ended in a row without success
};

}  // namespace wherry::client

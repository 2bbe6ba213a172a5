// Stamps, and the public time types.
#pragma once

#include "wherry/time.h"  // IWYU pragma: export

namespace wherry {

// When a command counts as written, for last write wins: 47 bits of milliseconds, 16 bits of counter.
struct Stamp {
  int64_t bits = 0;
  auto operator<=>(const Stamp&) const = default;

  static constexpr int kCounterBits = 16;
  static Stamp at(Millis time) { return {time.count << kCounterBits}; }
  Millis time() const { return {bits >> kCounterBits}; }
  Stamp next() const { return {bits + 1}; }
};

}  // namespace wherry

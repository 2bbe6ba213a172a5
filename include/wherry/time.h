// Times and the positions of the log, as types that cannot be mixed up.
#pragma once

#include <compare>
#include <cstdint>

namespace wherry {

// Milliseconds since 1970 UTC.
struct Millis {
  int64_t count = 0;
  auto operator<=>(const Millis&) const = default;
};
inline Millis operator+(Millis a, Millis b) {
  return {a.count + b.count};
}
inline Millis operator-(Millis a, Millis b) {
  return {a.count - b.count};
}

// The place of a command in the log of its workspace: 1, 2, 3, …; 0 is before the first.
struct Seq {
  int64_t number = 0;
  auto operator<=>(const Seq&) const = default;
};

}  // namespace wherry

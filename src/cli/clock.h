// The wall clock, read here and handed to the core.
#pragma once

#include <chrono>

#include "base/time.h"

namespace wherry::cli {

inline Millis now() {
  return {std::chrono::duration_cast<std::chrono::milliseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

}  // namespace wherry::cli

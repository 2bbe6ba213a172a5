// What every benchmark needs: errors that end it, and a watch.
#pragma once

#include <chrono>
#include <stdexcept>
#include <type_traits>

#include "base/error.h"

namespace wherry::bench {

// The value; a benchmark that meets an error has no result.
template <class T>
T expect(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace wherry::bench

// What a target uses to say that an invariant is broken: the process stops, and the fuzzer keeps the input.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace wherry::fuzz {

[[noreturn]] void stop(const char* file, int line, const std::string& why);

// The value, or the end: for what must not fail whatever the input is.
template <typename T>
T must(Result<T> result, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!result) stop(file, line, result.error().text());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace wherry::fuzz

// CHECK(condition, pieces…): the pieces (text and integers) say more.
#define CHECK(condition, ...)                                                                               \
  do {                                                                                                      \
    if (!(condition))                                                                                       \
      ::wherry::fuzz::stop(__FILE__, __LINE__, ::wherry::cat(#condition __VA_OPT__(, ": ", ) __VA_ARGS__)); \
  } while (false)

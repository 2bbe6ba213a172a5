// Takes the fuzzer's bytes apart, from the front. Behind the end there are only zeros, so that a target needs
// no checks; `empty()` ends its loops.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wherry::fuzz {

class Input {
 public:
  Input(const uint8_t* data, size_t size) : left_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return left_.empty(); }
  uint8_t byte();
  uint16_t word();             // two bytes
  size_t below(size_t bound);  // one byte; `bound` at most 256
  std::string_view take(size_t most);
  std::string_view counted();  // a byte that says how many follow
  std::string_view line();     // up to a newline, which is taken too
  std::string_view rest() { return take(left_.size()); }

  template <typename T, size_t n>
  const T& pick(const std::array<T, n>& choices) {
    return choices[below(n)];
  }

 private:
  std::string_view left_;
};

}  // namespace wherry::fuzz

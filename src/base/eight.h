// Text looked at eight bytes at a time.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace wherry {

// The eight bytes from there on, which must exist, in the machine's order.
inline uint64_t eight_at(std::string_view text, size_t at) {
  uint64_t eight = 0;
  std::memcpy(&eight, text.data() + at, sizeof eight);
  return eight;
}

// Eight times the same byte.
constexpr uint64_t eight_of(uint8_t byte) {
  return uint64_t{0x0101010101010101} * byte;
}

// Whether one of the eight bytes is below `bound`, which is at most 128.
constexpr bool any_below(uint64_t eight, uint8_t bound) {
  return ((eight - eight_of(bound)) & ~eight & eight_of(0x80)) != 0;
}

constexpr bool any_is(uint64_t eight, char byte) {
  return any_below(eight ^ eight_of(static_cast<uint8_t>(byte)), 1);
}

}  // namespace wherry

#include "fuzz/input.h"

#include <algorithm>

namespace wherry::fuzz {

uint8_t Input::byte() {
  const std::string_view one = take(1);
  return one.empty() ? 0 : static_cast<uint8_t>(one[0]);
}

uint16_t Input::word() {
  const unsigned low = byte();
  return static_cast<uint16_t>(low | static_cast<unsigned>(byte()) << 8);
}

size_t Input::below(size_t bound) {
  return byte() % bound;
}

std::string_view Input::take(size_t most) {
  const std::string_view taken = left_.substr(0, most);
  left_.remove_prefix(taken.size());
  return taken;
}

std::string_view Input::counted() {
  return take(byte());
}

std::string_view Input::line() {
  const size_t end = std::min(left_.find('\n'), left_.size());
  const std::string_view taken = take(end);
  (void)take(1);
  return taken;
}

}  // namespace wherry::fuzz

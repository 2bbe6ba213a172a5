// UUIDs: commands, replicas and most rows are named by them. The text form is the canonical 36 characters
// in lower case. Source: RFC 9562.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"

namespace wherry {

struct Uuid {
  std::array<uint8_t, 16> bytes{};
  auto operator<=>(const Uuid&) const = default;

  std::string text() const;
  std::string_view raw() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  static std::optional<Uuid> parse(std::string_view text);  // canonical lower-case form only
  static Uuid from_raw(std::string_view sixteen_bytes);
};

// Fills the span with unpredictable bytes. Given to the core from outside.
using Entropy = std::function<void(std::span<uint8_t>)>;

// Makes version 7 ids that sort in the order they were made, also within one millisecond and when the
// clock steps back.
class UuidMaker {
 public:
  explicit UuidMaker(Entropy entropy) : entropy_(std::move(entropy)) {}
  Uuid make(Millis now);

 private:
  Entropy entropy_;
  int64_t last_ms_ = 0;
  uint16_t counter_ = 0;  // 12 bits
};

}  // namespace wherry

#include "base/id.h"

#include <algorithm>

namespace wherry {

namespace {

constexpr std::array<size_t, 16> kDigits = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
constexpr uint8_t kNoDigit = 0xFF;
constexpr std::array<uint8_t, 256> kValues = [] {
  std::array<uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (size_t i = 0; i < 10; ++i) values['0' + i] = static_cast<uint8_t>(i);
  for (size_t i = 0; i < 6; ++i) values['a' + i] = static_cast<uint8_t>(10 + i);
  return values;
}();

}  // namespace

std::string Uuid::text() const {
  std::string text(36, '-');
  for (size_t i = 0; i < bytes.size(); ++i) {
    text[kDigits[i]] = "0123456789abcdef"[bytes[i] >> 4];
    text[kDigits[i] + 1] = "0123456789abcdef"[bytes[i] & 0xF];
  }
  return text;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
    return std::nullopt;
  Uuid uuid;
  uint8_t all = 0;
  for (size_t i = 0; i < uuid.bytes.size(); ++i) {
    const uint8_t high = kValues[static_cast<uint8_t>(text[kDigits[i]])];
    const uint8_t low = kValues[static_cast<uint8_t>(text[kDigits[i] + 1])];
    all |= high | low;
    uuid.bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return all > 0xF ? std::nullopt : std::optional(uuid);
}

Uuid Uuid::from_raw(std::string_view sixteen_bytes) {
  Uuid uuid;
  std::copy_n(sixteen_bytes.begin(), std::min<size_t>(16, sixteen_bytes.size()), uuid.bytes.begin());
  return uuid;
}

Uuid UuidMaker::make(Millis now) {
  Uuid uuid;
  entropy_(std::span(uuid.bytes));
  if (now.count > last_ms_) {
    last_ms_ = now.count;
    counter_ = static_cast<uint16_t>((uuid.bytes[6] << 8 | uuid.bytes[7]) & 0x7FF);  // room to count up
  } else if (++counter_ > 0xFFF) {
    counter_ = 0;
    ++last_ms_;
  }
  for (size_t i = 0; i < 6; ++i) uuid.bytes[i] = static_cast<uint8_t>(last_ms_ >> (40 - 8 * i));
  uuid.bytes[6] = static_cast<uint8_t>(0x70 | counter_ >> 8);
  uuid.bytes[7] = static_cast<uint8_t>(counter_);
  uuid.bytes[8] = static_cast<uint8_t>(0x80 | (uuid.bytes[8] & 0x3F));
  return uuid;
}

}  // namespace wherry

#include "base/id.h"

#include <algorithm>

#include "base/text.h"

namespace wherry {

std::string Uuid::text() const {
  const std::string hex = to_hex(raw());
  return cat(hex.substr(0, 8), '-', hex.substr(8, 4), '-', hex.substr(12, 4), '-', hex.substr(16, 4), '-',
             hex.substr(20));
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid uuid;
  size_t digit = 0;
  for (size_t i = 0; i < 36; ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return std::nullopt;
      continue;
    }
    int value = 0;
    if (c >= '0' && c <= '9')
      value = c - '0';
    else if (c >= 'a' && c <= 'f')
      value = c - 'a' + 10;
    else
      return std::nullopt;
    uuid.bytes[digit / 2] = static_cast<uint8_t>(uuid.bytes[digit / 2] << 4 | value);
    ++digit;
  }
  return uuid;
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

// Numbers that are mostly small: seven bits to a byte, the lowest first; all bytes but the last have the
// highest bit set.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/msgpack.h"

namespace wherry::protocol {

// `number` is below 2^63.
inline void write_varint(std::string& out, uint64_t number) {
  for (; number >= 0x80; number >>= 7) out.push_back(static_cast<char>(number | 0x80));
  out.push_back(static_cast<char>(number));
}

// Errors: kProtocol when it goes on beyond 63 bits or the end.
inline Result<uint64_t> read_varint(msgpack::Reader& in) {
  uint64_t number = 0;
  for (int shift = 0; shift < 63; shift += 7) {
    TRY_ASSIGN(const std::string_view byte, in.raw(1));
    const auto bits = static_cast<uint8_t>(byte[0]);
    number |= uint64_t{bits & 0x7Fu} << shift;
    if (bits < 0x80) return number;
  }
  return fail(ErrorCode::kProtocol, "malformed message: a number is too long");
}

}  // namespace wherry::protocol

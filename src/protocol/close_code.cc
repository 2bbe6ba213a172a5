#include <algorithm>

#include "protocol/codec.h"

namespace wherry::protocol {

namespace {

constexpr CloseReason kReasons[] = {
#define WHERRY_CLOSE(code, close_code, meaning) {code, close_code, meaning},
#include "protocol/close_codes.def"
#undef WHERRY_CLOSE
};

constexpr uint16_t kInternalError = 1011;

}  // namespace

std::span<const CloseReason> close_reasons() {
  return kReasons;
}

uint16_t close_code(std::string_view code) {
  for (const CloseReason& reason : kReasons)
    if (reason.code == code) return reason.close_code;
  return kInternalError;
}

ErrorCode error_code(std::string_view code) {
  const ErrorCode error = code_from_text(code);
  if (code_text(error) == code) return error;
  const bool known = std::ranges::any_of(kReasons, [&](const CloseReason& r) { return r.code == code; });
  return known ? ErrorCode::kUnavailable : error;
}

}  // namespace wherry::protocol

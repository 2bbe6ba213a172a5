#include "base/error.h"

#include "base/text.h"

namespace wherry {

namespace {

struct Entry {
  ErrorCode code;
  std::string_view text;
  Advice advice;
  std::string_view meaning;
};

constexpr Entry kEntries[] = {
#define WHERRY_ERROR(name, text, advice, meaning) {ErrorCode::name, text, Advice::advice, meaning},
#include "wherry/errors.def"
#undef WHERRY_ERROR
};

const Entry& entry(ErrorCode code) {
  return kEntries[static_cast<size_t>(code)];
}

}  // namespace

std::string_view code_text(ErrorCode code) {
  return entry(code).text;
}
std::string_view meaning(ErrorCode code) {
  return entry(code).meaning;
}
Advice advice(ErrorCode code) {
  return entry(code).advice;
}

ErrorCode code_from_text(std::string_view text) {
  for (const Entry& e : kEntries)
    if (e.text == text) return e.code;
  return ErrorCode::kInternal;
}

std::string Error::text() const {
  return cat(code_text(code), ": ", message);
}

}  // namespace wherry

// The one error idiom: every function that can fail returns Result<T>; bad input never asserts.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace wherry {

// What whoever sees the error should do next.
enum class Advice { kRetry, kSignIn, kFixInput, kResync, kUpgrade, kReport };

enum class ErrorCode {
#define WHERRY_ERROR(name, text, advice, meaning) name,
#include "wherry/errors.def"
#undef WHERRY_ERROR
};

std::string_view code_text(ErrorCode code);
std::string_view meaning(ErrorCode code);
Advice advice(ErrorCode code);
// The code whose text is `text`; kInternal when there is none.
ErrorCode code_from_text(std::string_view text);

struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // what happened, with the names and values concerned; holds no secret

  // "code: message", for people.
  std::string text() const;
};

template <typename T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace wherry

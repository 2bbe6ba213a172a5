// The TYPE of a `-- param:` annotation.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "bundle/bundle.h"

namespace wherry {

// Why a type is not understood, and the cure.
struct TypeMistake {
  std::string problem;
  std::string cure;
};

// Reads one type from the front of `text` and shortens `text` by it.
std::expected<ParamType, TypeMistake> parse_param_type(std::string_view& text);

// As it is written in an annotation: "text(1..200)".
std::string type_text(const ParamType& type);

// The bounds of a bare `int`, `real`, `text` and `scalar`.
inline constexpr int64_t kDefaultTextMost = 10'000;
inline constexpr int64_t kIdMost = 200;

}  // namespace wherry

// Reading JSON that comes from outside, and writing it again in one canonical form.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "base/value.h"

namespace wherry::json {

// Parses; nothing when the text is not valid JSON. The element lives until the next call on this thread.
std::optional<simdjson::dom::element> parse(std::string_view text);

// Appends the element minified: members in their order, integers in decimal, reals with every bit, strings
// with the fewest escapes. False when it nests deeper than limits::kJsonDepth or a text holds NUL or is not
// UTF-8.
bool write(simdjson::dom::element element, std::string& out);

// A scalar as SQL sees it: text, integer, real, true and false as 1 and 0, null as NULL.
// Nothing for arrays, objects and integers beyond 64 bits.
std::optional<Value> scalar(simdjson::dom::element element);

bool is_clean_text(std::string_view text);

}  // namespace wherry::json

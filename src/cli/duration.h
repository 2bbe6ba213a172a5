// "90s", "15m", "1h", "7d".
#pragma once

#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace wherry::cli {

// kInvalid unless it is a whole number of one of the units, above zero and at most ten years.
Result<Millis> parse_duration(std::string_view text);

}  // namespace wherry::cli

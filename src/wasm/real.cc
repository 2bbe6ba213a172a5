// base/real.h with the numbers of JavaScript, which are the same and are there already.
#include "base/real.h"

#include <cmath>

#include "wasm/host.h"

namespace wherry {

std::string shortest_text(double real) {
  char buffer[32];
  return {buffer, static_cast<size_t>(wherry_real_text(real, buffer))};
}

std::optional<double> parse_decimal(std::string_view text) {
  const double real = wherry_real_of(text.data(), static_cast<int32_t>(text.size()));
  return std::isfinite(real) ? std::optional(real) : std::nullopt;
}

}  // namespace wherry

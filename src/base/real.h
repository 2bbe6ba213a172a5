// Reals as text, and back: the same text and the same real on every machine.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wherry {

// The fewest digits that name the number, in the shorter of fixed and scientific notation, as std::to_chars
// has them.
std::string shortest_text(double real);

// The length of the decimal number that the text begins with, 0 if it begins with none: -1.5e+3, without +
// before it and with a digit on either side of its point.
size_t decimal_prefix(std::string_view text);

// The real nearest to a decimal number, which is the whole text; nothing beyond the greatest one.
std::optional<double> parse_decimal(std::string_view text);

}  // namespace wherry

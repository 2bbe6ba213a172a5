#include "base/real.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace wherry {

size_t decimal_prefix(std::string_view text) {
  const auto digits_end = [&](size_t from) {
    const size_t end = text.find_first_not_of("0123456789", from);
    return end == std::string_view::npos ? text.size() : end;
  };
  const size_t whole = text.starts_with('-') ? 1 : 0;
  size_t end = digits_end(whole);
  if (end == whole) return 0;
  if (text.substr(end).starts_with('.') && digits_end(end + 1) > end + 1) end = digits_end(end + 1);
  if (end == text.size() || (text[end] != 'e' && text[end] != 'E')) return end;
  const bool is_signed = end + 1 < text.size() && (text[end + 1] == '+' || text[end + 1] == '-');
  const size_t exponent = end + 1 + is_signed;
  return exponent < text.size() && digits_end(exponent) > exponent ? digits_end(exponent) : end;
}

// In WebAssembly the host converts (wasm/real.cc): its library has one of the two, and that with tables of
// 100 KB.
#ifndef __wasm__

std::string shortest_text(double real) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, real).ptr};
}

std::optional<double> parse_decimal(std::string_view text) {
  double real = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), real);
  // Too near to zero counts as out of range, too.
  if (error == std::errc::result_out_of_range) real = std::strtod(std::string(text).c_str(), nullptr);
  return std::isfinite(real) ? std::optional(real) : std::nullopt;
}

#endif

}  // namespace wherry

// Building and taking apart small strings.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace wherry {

namespace detail {
inline void append(std::string& out, std::string_view piece) {
  out.append(piece);
}
inline void append(std::string& out, char piece) {
  out.push_back(piece);
}
template <typename T>
  requires(std::integral<T> && !std::same_as<T, char> && !std::same_as<T, bool>)
void append(std::string& out, T piece) {
  out.append(std::to_string(piece));
}
inline size_t size_of(std::string_view piece) {
  return piece.size();
}
template <std::integral T>
size_t size_of(T) {
  return 1;
}
}  // namespace detail

// The pieces (text and integers) one after another.
template <typename... Pieces>
std::string cat(const Pieces&... pieces) {
  std::string out;
  out.reserve((detail::size_of(pieces) + ... + 0));
  (detail::append(out, pieces), ...);
  return out;
}

// "a, b, c"
std::string join(const std::vector<std::string>& pieces, std::string_view separator);

// An SQL identifier or string in its quotes.
std::string quote_name(std::string_view name);
std::string quote_text(std::string_view text);

std::string_view trim(std::string_view text);

// Lower-case hexadecimal of the bytes.
std::string to_hex(std::string_view bytes);

// The number of Unicode code points in valid UTF-8.
size_t count_code_points(std::string_view utf8);

// From there on, where the first character is that a JSON string holds only escaped: a quote, a backslash or
// a control character; or the end.
size_t json_clean_end(std::string_view text, size_t from);

// Standard base64 with padding; nothing when the text is not that.
std::string to_base64(std::string_view bytes);
bool from_base64(std::string_view text, std::string& bytes);

}  // namespace wherry

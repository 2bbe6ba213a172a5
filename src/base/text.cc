#include "base/text.h"

#include <array>
#include <bit>
#include <cstdint>

#include "base/eight.h"

namespace wherry {

namespace {

std::string quote(std::string_view text, char mark) {
  std::string out(1, mark);
  for (char c : text) {
    if (c == mark) out.push_back(mark);
    out.push_back(c);
  }
  out.push_back(mark);
  return out;
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool needs_escape(char c) {
  return static_cast<uint8_t>(c) < 0x20 || c == '"' || c == '\\';
}

}  // namespace

std::string join(const std::vector<std::string>& pieces, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (i > 0) out.append(separator);
    out.append(pieces[i]);
  }
  return out;
}

std::string quote_name(std::string_view name) {
  return quote(name, '"');
}
std::string quote_text(std::string_view text) {
  return quote(text, '\'');
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string to_hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

size_t json_clean_end(std::string_view text, size_t from) {
  while (from + 8 <= text.size()) {
    const uint64_t eight = eight_at(text, from);
    if (any_below(eight, 0x20) || any_is(eight, '"') || any_is(eight, '\\')) break;
    from += 8;
  }
  while (from < text.size() && !needs_escape(text[from])) ++from;
  return from;
}

size_t count_code_points(std::string_view utf8) {
  size_t following = 0;  // bytes that go on with a code point: their first bits are 10
  size_t i = 0;
  for (; i + 8 <= utf8.size(); i += 8) {
    const uint64_t eight = eight_at(utf8, i);
    following += static_cast<size_t>(std::popcount(eight >> 7 & ~(eight >> 6) & eight_of(1)));
  }
  for (; i < utf8.size(); ++i)
    if ((static_cast<uint8_t>(utf8[i]) & 0xC0) == 0x80) ++following;
  return utf8.size() - following;
}

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) group = group << 8 | (j < left ? static_cast<uint8_t>(bytes[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j) out.push_back(j <= left ? kBase64[group >> (18 - 6 * j) & 63] : '=');
  }
  return out;
}

bool from_base64(std::string_view text, std::string& bytes) {
  static constexpr auto kValues = [] {
    std::array<int8_t, 256> values{};
    values.fill(-1);
    for (size_t i = 0; i < 64; ++i) values[static_cast<uint8_t>(kBase64[i])] = static_cast<int8_t>(i);
    return values;
  }();
  bytes.clear();
  if (text.size() % 4 != 0) return false;
  for (size_t i = 0; i < text.size(); i += 4) {
    uint32_t group = 0;
    size_t padding = 0;
    for (size_t j = 0; j < 4; ++j) {
      const char c = text[i + j];
      if (c == '=' && i + 4 == text.size() && j >= 2) {
        ++padding;
        group <<= 6;
        continue;
      }
      const int8_t value = kValues[static_cast<uint8_t>(c)];
      if (value < 0 || padding > 0) return false;
      group = group << 6 | static_cast<uint32_t>(value);
    }
    for (size_t j = 0; j < 3 - padding; ++j) bytes.push_back(static_cast<char>(group >> (16 - 8 * j) & 255));
    const uint32_t unused = padding == 2 ? 0xFFFF : padding == 1 ? 0xFF : 0;
    if ((group & unused) != 0) return false;  // one text per value
  }
  return true;
}

}  // namespace wherry

#include "base/value.h"

#include <algorithm>
#include <bit>

#include "base/eight.h"
#include "base/real.h"
#include "base/text.h"

namespace wherry {

namespace {

std::string real_text(double real) {
  std::string text = shortest_text(real);
  if (text.find_first_of(".eni") == std::string::npos) text += ".0";
  return text;
}

bool needs_escape(uint64_t eight) {
  return any_below(eight, 0x20) || any_is(eight, '"') || any_is(eight, '\\');
}

}  // namespace

bool Value::operator==(const Value& other) const {
  if (const double* a = real())
    if (const double* b = other.real()) return std::bit_cast<uint64_t>(*a) == std::bit_cast<uint64_t>(*b);
  return data_ == other.data_;
}

std::string to_sql(const Value& value) {
  if (const int64_t* i = value.integer()) return std::to_string(*i);
  if (const double* r = value.real()) {
    if (*r > 1.7976931348623157e308) return "9e999";
    if (*r < -1.7976931348623157e308) return "-9e999";
    return real_text(*r);
  }
  if (const std::string* t = value.text()) return quote_text(*t);
  if (const Blob* b = value.blob()) return cat("x'", to_hex(b->bytes), "'");
  return "NULL";
}

std::string json_quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  out.push_back('"');
  size_t clean = 0;  // from here on nothing needed an escape, and nothing is written yet
  for (size_t i = 0; i < text.size(); ++i) {
    while (i + 8 <= text.size() && !needs_escape(eight_at(text, i))) i += 8;
    if (i == text.size()) break;
    const char c = text[i];
    if (static_cast<uint8_t>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, clean, i - clean);
    clean = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += cat("\\u00", to_hex(std::string_view(&c, 1)));
    }
  }
  out.append(text, clean);
  out.push_back('"');
  return out;
}

std::string to_json(const Value& value) {
  if (const int64_t* i = value.integer()) return std::to_string(*i);
  if (const double* r = value.real()) {
    if (*r > 1.7976931348623157e308) return "9e999";
    if (*r < -1.7976931348623157e308) return "-9e999";
    return real_text(*r);
  }
  if (const std::string* t = value.text()) return json_quote(*t);
  if (const Blob* b = value.blob()) return json_quote(to_base64(b->bytes));
  return "null";
}

}  // namespace wherry

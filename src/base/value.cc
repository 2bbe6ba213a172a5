#include "base/value.h"

#include <algorithm>
#include <bit>

#include "base/real.h"
#include "base/text.h"

namespace wherry {

namespace {

std::string real_text(double real) {
  std::string text = shortest_text(real);
  if (text.find_first_of(".eni") == std::string::npos) text += ".0";
  return text;
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
  for (size_t i = 0;; ++i) {
    const size_t end = json_clean_end(text, i);
    out.append(text, i, end - i);
    if (end == text.size()) break;
    i = end;
    const char c = text[i];
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

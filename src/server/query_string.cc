#include "server/query_string.h"

#include <charconv>

#include "base/msgpack.h"
#include "base/text.h"

namespace wherry::server {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> decode_percent(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  for (const char c : out)
    if (static_cast<unsigned char>(c) < 0x20) return std::nullopt;
  if (!is_valid_utf8(out)) return std::nullopt;
  return out;
}

Result<QueryString> QueryString::parse(std::string_view text) {
  QueryString query;
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.empty()) continue;
    const size_t equals = std::min(one.find('='), one.size());
    const auto name = decode_percent(one.substr(0, equals));
    const auto value = decode_percent(one.substr(std::min(equals + 1, one.size())));
    if (!name || !value) return fail(ErrorCode::kInvalid, "The query is not percent-encoded text.");
    if (!query.values_.emplace(*name, *value).second)
      return fail(ErrorCode::kInvalid, cat("`", *name, "` is there twice."));
  }
  return query;
}

std::string QueryString::text(std::string_view name) {
  const auto at = values_.find(name);
  if (at == values_.end()) return {};
  std::string value = std::move(at->second);
  values_.erase(at);
  return value;
}

Result<int64_t> QueryString::number(std::string_view name, int64_t otherwise, int64_t least, int64_t most) {
  if (values_.find(name) == values_.end()) return otherwise;
  const std::string digits = text(name);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < least || value > most)
    return fail(ErrorCode::kInvalid,
                cat("`", name, "` must be a whole number from ", least, " to ", most, "."));
  return value;
}

Result<> QueryString::all_taken() const {
  if (values_.empty()) return {};
  return fail(ErrorCode::kInvalid, cat("`", values_.begin()->first, "` is not known here."));
}

}  // namespace wherry::server

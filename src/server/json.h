// Writing JSON objects member by member.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "base/value.h"

namespace wherry::server {

class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value) { return json(name, json_quote(value)); }
  JsonObject& number(std::string_view name, int64_t value) { return json(name, std::to_string(value)); }
  JsonObject& size(std::string_view name, uint64_t value) { return json(name, std::to_string(value)); }
  JsonObject& flag(std::string_view name, bool value) { return json(name, value ? "true" : "false"); }
  // A value that is JSON already.
  JsonObject& json(std::string_view name, std::string_view value) {
    text_ += cat(text_.empty() ? "{" : ",", json_quote(name), ":", value);
    return *this;
  }
  std::string done() const { return text_.empty() ? "{}" : text_ + "}"; }

 private:
  std::string text_;
};

inline std::string json_array(const std::vector<std::string>& values) {
  return cat("[", join(values, ","), "]");
}

inline std::string json_texts(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(json_quote(text));
  return json_array(quoted);
}

}  // namespace wherry::server

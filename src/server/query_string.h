// What follows the `?` of a URL.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace wherry::server {

class QueryString {
 public:
  // Errors: kInvalid, with what is wrong: bad percent-encoding, a name twice.
  static Result<QueryString> parse(std::string_view text);

  // Takes a value out, so that all_taken() can tell what nobody asked for. Empty: it is not there.
  std::string text(std::string_view name);
  // kInvalid unless it is a whole number from `least` to `most`.
  Result<int64_t> number(std::string_view name, int64_t otherwise, int64_t least, int64_t most);
  // kInvalid with the name of a value that was not taken.
  Result<> all_taken() const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

// Nothing: not UTF-8, a control character, or a percent sign without two digits behind it.
std::optional<std::string> decode_percent(std::string_view text);

}  // namespace wherry::server

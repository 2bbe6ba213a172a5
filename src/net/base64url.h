// base64url without padding, as JSON Web Signatures use it. Source: RFC 7515 appendix C, RFC 4648 section 5.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wherry::net {

std::string to_base64url(std::string_view bytes);
// Nothing unless the text is the one canonical encoding: no padding, no other characters, no spare bits.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace wherry::net

#include "server/dev_tokens.h"

#include <string>
#include <vector>

#include "base/text.h"
#include "base/value.h"
#include "net/token.h"

namespace wherry::server {

namespace {

constexpr std::string_view kPath = "/dev/token/";
constexpr Millis kLasts{12 * 3'600'000};

net::Page page(int status, std::string body) {
  return {status, "Content-Type: application/json\r\nCache-Control: no-store\r\n",
          std::make_shared<const std::string>(std::move(body))};
}

net::Page refusal(int status, std::string_view why) {
  return page(status, cat("{\"error\":", json_quote(why), "}\n"));
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = std::min(text.find(at), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

bool names_this_machine(std::string_view host) {
  if (host.starts_with('[')) {
    host = host.substr(1, std::min(host.find(']'), host.size()) - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  // A name may begin with 127., too: an address has only digits and dots.
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

std::optional<net::Page> dev_token(const net::PageRequest& request, std::string_view secret, Millis now) {
  if (!request.target.starts_with(kPath)) return std::nullopt;
  if (!names_this_machine(request.host))
    return refusal(403, "development tokens are for pages of this machine");
  const std::vector<std::string> parts = split(request.target.substr(kPath.size()), '/');
  if (parts.size() < 2 || parts.size() > 3)
    return refusal(404, "ask for /dev/token/WORKSPACE/USER or /dev/token/WORKSPACE/USER/ROLE,ROLE");
  const net::TokenClaims claims{
      .user_id = parts[1],
      .workspace = parts[0],
      .roles = parts.size() == 3 ? split(parts[2], ',') : std::vector<std::string>{},
      .expires = now + kLasts};
  const std::string token = net::make_token(claims, secret);
  if (const auto sound = net::verify_token(token, secret, claims.workspace, now); !sound)
    return refusal(400, sound.error().message);
  return page(200, cat("{\"token\":", json_quote(token), "}\n"));
}

}  // namespace wherry::server

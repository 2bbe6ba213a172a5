#include "server/inspector_access.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "net/request.h"
#include "net/token.h"
#include "net/workspace_name.h"
#include "server/dev_tokens.h"
#include "server/json.h"
#include "server/log.h"

namespace wherry::server {

namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kRole = "admin";

net::Page page(int status, std::string body) {
  return {.status = status,
          .headers =
              "Content-Type: application/json\r\nCache-Control: no-store\r\nX-Content-Type-Options: "
              "nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\n",
          .body = std::make_shared<const std::string>(std::move(body))};
}

net::Page unauthorized(std::string_view why) {
  net::Page answer = inspector_error(401, "unauthorized", why);
  answer.headers += "WWW-Authenticate: Bearer realm=\"wherry\"\r\n";
  return answer;
}

// Browsers say where a request comes from when it is not a plain one of the page's own server.
bool is_foreign(const net::PageRequest& request) {
  return !request.origin.empty() && !net::is_of_host(request.origin, request.host);
}

}  // namespace

net::Page inspector_answer(std::string body) {
  return page(200, std::move(body));
}

net::Page inspector_error(int status, std::string_view code, std::string_view message) {
  const std::string error = JsonObject().text("code", code).text("message", message).done();
  return page(status, JsonObject().json("error", error).done() + "\n");
}

std::expected<std::optional<std::string>, net::Page> InspectorAccess::admit(
    const net::PageRequest& request, std::optional<std::string_view> workspace, Millis now) const {
  if (is_foreign(request))
    return std::unexpected(inspector_error(403, "unauthorized", "Pages of other origins may not look here."));
  if (dev_) {
    if (names_this_machine(request.host)) return std::nullopt;
    return std::unexpected(
        inspector_error(403, "unauthorized", "In development the inspector is for pages of this machine."));
  }
  if (const Millis wait = tokens_.retry_after(request.address); wait.count > 0) {
    net::Page answer = inspector_error(429, "backoff", "Too many tokens from this address were refused.");
    answer.headers += cat("Retry-After: ", (wait.count + 999) / 1000, "\r\n");
    return std::unexpected(std::move(answer));
  }
  if (!request.authorization.starts_with(kBearer))
    return std::unexpected(unauthorized("Show a token with the role `admin`: Authorization: Bearer TOKEN."));
  const std::string_view token = trim(request.authorization.substr(kBearer.size()));
  auto claims =
      workspace ? net::verify_token(token, secret_, *workspace, now) : net::verify_token(token, secret_, now);
  if (!claims) {
    const bool is_name = workspace && net::is_workspace_name(*workspace);
    log_refused_token(is_name ? std::string(*workspace) : "of the inspector", claims.error(), now);
    if (!request.address.empty() && tokens_.refused(request.address)) log_turned_away(request.address);
    return std::unexpected(unauthorized(claims.error().message));
  }
  if (!request.address.empty()) tokens_.accepted(request.address);
  if (std::ranges::find(claims->roles, kRole) == claims->roles.end())
    return std::unexpected(
        inspector_error(403, "unauthorized", "The inspector is for tokens with the role `admin`."));
  return std::move(claims->workspace);
}

}  // namespace wherry::server

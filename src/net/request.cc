#include "net/request.h"

#include <algorithm>

#include "net/workspace_name.h"

namespace wherry::net {
namespace {

bool is_loopback_origin(std::string_view origin) {
  if (origin.starts_with("http://")) {
    origin.remove_prefix(7);
  } else if (origin.starts_with("https://")) {
    origin.remove_prefix(8);
  } else {
    return false;
  }
  for (std::string_view host : {"localhost", "127.0.0.1", "[::1]"}) {
    if (!origin.starts_with(host)) continue;
    const std::string_view rest = origin.substr(host.size());
    if (rest.empty()) return true;
    return rest.size() > 1 && rest.size() <= 6 && rest.front() == ':' &&
           std::all_of(rest.begin() + 1, rest.end(), [](char c) { return c >= '0' && c <= '9'; });
  }
  return false;
}

bool is_allowed(std::string_view origin, std::string_view host, const OriginPolicy& policy) {
  if (policy.same_host && is_of_host(origin, host)) return true;
  return std::find(policy.allowed.begin(), policy.allowed.end(), origin) != policy.allowed.end() ||
         (policy.loopback && is_loopback_origin(origin));
}

}  // namespace

bool is_of_host(std::string_view origin, std::string_view host) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (origin.starts_with(scheme) && origin.substr(scheme.size()) == host) return true;
  return false;
}

Verdict judge(const Request& request, const OriginPolicy& policy) {
  if (request.repeated || request.body) return {400, "malformed request\n"};
  const bool is_page = !request.upgrade && !request.target.starts_with("/healthz");
  if (!is_page && request.target.find('?') != request.target.npos) {
    return {400, "no queries: a token travels in the first message, never in the URL\n"};
  }
  if (!request.upgrade) {
    if (request.method == "GET" && request.target == "/healthz") return {200, "ok\n"};
    return {404, "not found; this is a Wherry server, connect with a Wherry client\n"};
  }
  if (request.method != "GET") return {400, "malformed request\n"};
  if (request.origins.size() > 1) return {403, "more than one Origin\n"};
  if (request.origins.size() == 1 && !is_allowed(request.origins.front(), request.host, policy)) {
    return {403, "this Origin is not allowed\n"};
  }
  if (request.target.find('%') != request.target.npos)
    return {400, "no percent-encoding in a workspace's name\n"};
  if (!request.target.starts_with('/') || !is_workspace_name(request.target.substr(1))) {
    return {404, "no such workspace\n"};
  }
  return {101, std::string(request.target.substr(1))};
}

}  // namespace wherry::net

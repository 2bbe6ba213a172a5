#include <algorithm>

#include "base/text.h"
#include "net/client.h"
#include "net/workspace_name.h"

namespace wherry::net {
namespace {

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5) return false;
  int number = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + (c - '0');
  }
  return number >= 1 && number <= 65535;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_';
}

bool is_address_character(char c) {
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' || c == '.';
}

}  // namespace

Result<Url> Url::parse(std::string_view url) {
  // A refused URL may hold a token or a password, so no message repeats it.
  const auto refuse = [](std::string_view why) {
    return fail(ErrorCode::kInvalid, cat("The URL ", why, "; expected ws://HOST:PORT/WORKSPACE."));
  };
  constexpr std::string_view kScheme = "ws://";
  if (url.starts_with("wss://")) return refuse("asks for TLS, which is not supported yet");
  if (!url.starts_with(kScheme)) return refuse("does not begin with ws://");
  url.remove_prefix(kScheme.size());
  if (url.find('?') != url.npos) return refuse("holds a query (a token never travels in a URL)");
  if (url.find('#') != url.npos) return refuse("holds a fragment");
  if (url.find('@') != url.npos) return refuse("holds user information");

  const size_t slash = url.find('/');
  if (slash == url.npos) return refuse("names no workspace");
  std::string_view authority = url.substr(0, slash);
  const std::string_view workspace = url.substr(slash + 1);
  if (!is_workspace_name(workspace)) return refuse("names no valid workspace");

  Url out;
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == authority.npos) return refuse("has no valid host");
    out.host = authority.substr(1, end - 1);
    if (!std::all_of(out.host.begin(), out.host.end(), is_address_character))
      return refuse("has no valid host");
    authority.remove_prefix(end + 1);
  } else {
    const size_t colon = authority.find(':');
    out.host = authority.substr(0, colon);
    if (!std::all_of(out.host.begin(), out.host.end(), is_host_character)) return refuse("has no valid host");
    authority.remove_prefix(std::min(authority.size(), out.host.size()));
  }
  if (out.host.empty() || out.host.size() > 255) return refuse("has no valid host");
  if (authority.empty()) {
    out.port = "80";
  } else {
    if (authority.front() != ':' || !is_port(authority.substr(1))) return refuse("has no valid port");
    out.port = authority.substr(1);
  }
  out.path = cat('/', workspace);
  return out;
}

}  // namespace wherry::net

// What becomes of an HTTP request: a WebSocket to a workspace, the health page, or a refusal. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wherry::net {

// What of a request matters.
struct Request {
  std::string_view method{};
  std::string_view target{};
  bool upgrade = false;   // asks for a WebSocket
  bool body = false;      // announces a body
  bool repeated = false;  // repeats a header that may occur once
  std::string_view host{};
  std::vector<std::string_view> origins{};  // the Origin headers
};

struct OriginPolicy {
  std::vector<std::string> allowed{};  // exact, e.g. "https://chat.example.org"
  bool loopback = false;               // any origin on this machine, for development
  bool same_host = false;              // pages of the host that the request names: of this very server
};

struct Verdict {
  int status = 101;    // of HTTP; 101: upgrade
  std::string text{};  // of the answer, or the workspace's name when 101
};

// Whether a page of this server itself asks, by the Host that it asked for.
bool is_of_host(std::string_view origin, std::string_view host);

// Native clients send no Origin; a browser always does, and it must be allowed.
Verdict judge(const Request& request, const OriginPolicy& policy);

}  // namespace wherry::net

// What a listener answers to plain GET and HEAD requests other than for /healthz: pages, and whatever else an
// HTTP client may fetch. Thread: called on I/O threads, concurrently; must not block.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace wherry::net {

struct PageRequest {
  std::string_view target;  // "/", "/assets/app.js"; no query
  std::string_view host;    // as sent, perhaps with a port
  std::string_view accept_encoding;
  std::string_view if_none_match;
};

struct Page {
  int status = 200;
  std::string headers;  // whole lines, each ended by CR LF; no Content-Length
  std::shared_ptr<const std::string> body;
};

// Nothing: there is no such page.
using Pages = std::function<std::optional<Page>(const PageRequest& request)>;

}  // namespace wherry::net

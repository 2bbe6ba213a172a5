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
  std::string_view target{};  // "/", "/assets/app.js"; no query
  std::string_view host{};    // as sent, perhaps with a port
  std::string_view accept_encoding{};
  std::string_view if_none_match{};
  std::string_view query{};          // what follows the `?`, as sent
  std::string_view authorization{};  // the header
  std::string_view origin{};         // "null" if there is more than one
  std::string address{};             // see client_address()
};

struct Page {
  int status = 200;
  std::string headers{};  // whole lines, each ended by CR LF; no Content-Length
  std::shared_ptr<const std::string> body{};
  // If set, the page is made elsewhere: called at once, with what takes it then, on any thread, at most once.
  std::function<void(std::function<void(Page)> take)> later{};
};

// Nothing: there is no such page.
using Pages = std::function<std::optional<Page>(const PageRequest& request)>;

}  // namespace wherry::net

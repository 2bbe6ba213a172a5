// DATA/serve.json: where the server of a data folder listens, for commands that must go through it.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace wherry::cli {

struct RunningServer {
  std::string host;
  uint16_t port = 0;

  std::string authority() const;  // "127.0.0.1:8080", "[::1]:8080"
};

Result<> write_running_server(const std::string& data, const RunningServer& server);
Result<RunningServer> read_running_server(const std::string& data);  // kNotFound, kInvalid
void remove_running_server(const std::string& data);

// "HOST:PORT"; an IPv6 host in brackets. kInvalid.
Result<RunningServer> parse_authority(std::string_view text);
bool is_loopback(std::string_view host);

}  // namespace wherry::cli

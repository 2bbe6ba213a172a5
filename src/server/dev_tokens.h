// Tokens for whoever asks, while an app is being developed: GET /dev/token/WORKSPACE/USER or …/USER/ROLE,ROLE
// answers {"token": "…"}. Only pages of this machine may ask: the request must name it as its host, which
// keeps pages out that reach it by another name.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "net/pages.h"

namespace wherry::server {

// Nothing: the request is for something else. `secret` is that of the data folder.
std::optional<net::Page> dev_token(const net::PageRequest& request, std::string_view secret, Millis now);

// Whether a Host header, with or without a port, names this machine.
bool names_this_machine(std::string_view host);

}  // namespace wherry::server

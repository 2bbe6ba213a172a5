// Which address a connection counts for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wherry::net {

// What counts as one address: an IPv4 address, or the /64 of IPv6 that one site owns, e.g.
// "2001:db8:0:7::/64". Empty if `ip` is not an address.
std::string address_key(std::string_view ip);

// The key of the client that is connected through `peer`. Of a proxy that is the last address in its
// X-Forwarded-For headers (`forwarded`) that is no proxy; what others write there is not believed. Empty: the
// proxy does not say, and anybody may be behind it.
std::string client_address(std::string_view peer, const std::vector<std::string_view>& forwarded,
                           const std::vector<std::string>& proxies);

}  // namespace wherry::net

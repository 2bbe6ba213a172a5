#include "net/client_address.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <optional>

#include "base/text.h"

namespace wherry::net {
namespace {

namespace ip = boost::asio::ip;

// A listener on IPv6 shows IPv4 peers as ::ffff:a.b.c.d.
std::optional<ip::address> parse(std::string_view text) {
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(text), error);
  if (error) return {};
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

std::string key_of(const ip::address& address) {
  if (address.is_v4()) return address.to_string();
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), uint8_t{0});
  return cat(ip::address_v6(bytes).to_string(), "/64");
}

bool is_one_of(const ip::address& address, const std::vector<std::string>& proxies) {
  return std::ranges::any_of(proxies, [&](const std::string& proxy) { return parse(proxy) == address; });
}

}  // namespace

std::string address_key(std::string_view ip) {
  const auto address = parse(ip);
  return address ? key_of(*address) : std::string();
}

std::string client_address(std::string_view peer, const std::vector<std::string_view>& forwarded,
                           const std::vector<std::string>& proxies) {
  const auto address = parse(peer);
  if (!address) return {};
  if (!is_one_of(*address, proxies)) return key_of(*address);
  for (auto header = forwarded.rbegin(); header != forwarded.rend(); ++header) {
    for (std::string_view rest = *header; !rest.empty();) {
      const size_t comma = rest.rfind(',');
      const auto hop = parse(trim(comma == rest.npos ? rest : rest.substr(comma + 1)));
      if (!hop) return {};
      if (!is_one_of(*hop, proxies)) return key_of(*hop);
      rest = comma == rest.npos ? std::string_view() : rest.substr(0, comma);
    }
  }
  return {};
}

}  // namespace wherry::net

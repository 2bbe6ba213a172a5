#include "net/client_address.h"

#include <gtest/gtest.h>

namespace wherry::net {
namespace {

const std::vector<std::string> kProxies = {"127.0.0.1", "::1", "10.0.0.2"};

TEST(ClientAddress, IsAnIpv4AddressOrTheSiteOfAnIpv6Address) {
  EXPECT_EQ(address_key("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address_key("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address_key("2001:db8:0:7::1"), "2001:db8:0:7::/64");
  EXPECT_EQ(address_key("2001:db8:0:7:ffff::2"), "2001:db8:0:7::/64");
  EXPECT_EQ(address_key("2001:db8:0:8::1"), "2001:db8:0:8::/64");
  for (const char* bad : {"", "x", "192.0.2", "192.0.2.1:80", "unknown"}) EXPECT_EQ(address_key(bad), "");
}

TEST(ClientAddress, OfAStrangerIsHisOwnWhateverHeWrites) {
  EXPECT_EQ(client_address("192.0.2.1", {}, kProxies), "192.0.2.1");
  EXPECT_EQ(client_address("192.0.2.1", {"198.51.100.7"}, kProxies), "192.0.2.1");
  EXPECT_EQ(client_address("127.0.0.2", {"198.51.100.7"}, kProxies), "127.0.0.2");
  EXPECT_EQ(client_address("127.0.0.1", {"198.51.100.7"}, {}), "127.0.0.1");
}

TEST(ClientAddress, OfAProxyIsTheLastOneThatIsNoProxy) {
  EXPECT_EQ(client_address("127.0.0.1", {"198.51.100.7"}, kProxies), "198.51.100.7");
  EXPECT_EQ(client_address("::ffff:127.0.0.1", {"198.51.100.7"}, kProxies), "198.51.100.7");
  EXPECT_EQ(client_address("127.0.0.1", {"203.0.113.1, 198.51.100.7 ,10.0.0.2"}, kProxies), "198.51.100.7");
  EXPECT_EQ(client_address("127.0.0.1", {"203.0.113.1", "198.51.100.7"}, kProxies), "198.51.100.7");
  EXPECT_EQ(client_address("::1", {"198.51.100.7", "10.0.0.2"}, kProxies), "198.51.100.7");
  EXPECT_EQ(client_address("::1", {"2001:db8:0:7::1"}, kProxies), "2001:db8:0:7::/64");
}

TEST(ClientAddress, IsUnknownWhenAProxyDoesNotSay) {
  EXPECT_EQ(client_address("127.0.0.1", {}, kProxies), "");
  EXPECT_EQ(client_address("127.0.0.1", {""}, kProxies), "");
  EXPECT_EQ(client_address("127.0.0.1", {"10.0.0.2, 127.0.0.1"}, kProxies), "");
  EXPECT_EQ(client_address("127.0.0.1", {"198.51.100.7, unknown"}, kProxies), "");
  EXPECT_EQ(client_address("127.0.0.1", {","}, kProxies), "");
}

}  // namespace
}  // namespace wherry::net

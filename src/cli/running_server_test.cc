#include "cli/running_server.h"

#include <gtest/gtest.h>

namespace wherry::cli {
namespace {

TEST(Authority, IsHostAndPort) {
  const auto plain = parse_authority("127.0.0.1:0");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "127.0.0.1");
  EXPECT_EQ(plain->port, 0);
  const auto six = parse_authority("[::1]:8080");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->authority(), "[::1]:8080");
}

TEST(Authority, RefusesEverythingElse) {
  for (const char* text :
       {"", "host", ":80", "host:", "host:x", "host:80x", "host:70000", "host:-1", "::1:80", "[]:1"})
    EXPECT_FALSE(parse_authority(text)) << text;
}

TEST(Authority, KnowsLoopback) {
  EXPECT_TRUE(is_loopback("127.0.0.1"));
  EXPECT_TRUE(is_loopback("::1"));
  EXPECT_TRUE(is_loopback("localhost"));
  EXPECT_FALSE(is_loopback("0.0.0.0"));
  EXPECT_FALSE(is_loopback("192.168.0.1"));
}

}  // namespace
}  // namespace wherry::cli

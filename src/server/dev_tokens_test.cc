#include "server/dev_tokens.h"

#include <gtest/gtest.h>

#include "net/token.h"

namespace wherry::server {
namespace {

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";
constexpr Millis kNow{1'800'000'000'000};

std::optional<net::Page> ask(std::string_view target, std::string_view host = "localhost:8080") {
  return dev_token({.target = target, .host = host, .accept_encoding = {}, .if_none_match = {}}, kSecret,
                   kNow);
}

TEST(DevToken, SpeaksForWhoeverIsNamed) {
  const auto page = ask("/dev/token/team/ann/admin,import");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200);
  const std::string& body = *page->body;
  ASSERT_TRUE(body.starts_with("{\"token\":\""));
  const std::string token = body.substr(10, body.find('"', 10) - 10);
  const auto claims = net::verify_token(token, kSecret, "team", kNow);
  ASSERT_TRUE(claims) << claims.error().text();
  EXPECT_EQ(claims->user_id, "ann");
  EXPECT_EQ(claims->roles, (std::vector<std::string>{"admin", "import"}));
}

TEST(DevToken, IsForPagesOfThisMachine) {
  for (const char* host : {"localhost", "127.0.0.1:8080", "[::1]:8080"})
    EXPECT_EQ(ask("/dev/token/team/ann", host)->status, 200) << host;
  for (const char* host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                           "127.evil.example:8080", "", "10.0.0.1:8080"})
    EXPECT_EQ(ask("/dev/token/team/ann", host)->status, 403) << host;
}

TEST(DevToken, SaysHowToAsk) {
  EXPECT_FALSE(ask("/"));
  EXPECT_EQ(ask("/dev/token/team")->status, 404);
  EXPECT_EQ(ask("/dev/token/team/ann/admin/more")->status, 404);
}

}  // namespace
}  // namespace wherry::server

#include "server/inspector_access.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "net/token.h"

namespace wherry::server {
namespace {

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";
constexpr Millis kNow{1'800'000'000'000};

struct InspectorAccessTest : testing::Test {
  InspectorAccess access(bool dev) { return {std::string(kSecret), dev, tokens}; }
  static std::string token(const std::string& workspace, std::vector<std::string> roles,
                           Millis expires = kNow + Millis{60'000}) {
    return cat("Bearer ", net::make_token({"ann", workspace, std::move(roles), expires}, kSecret));
  }
  // The status of the refusal; 0: admitted.
  int status(const std::string& authorization, std::optional<std::string_view> workspace = "team") {
    const auto admitted = access(false).admit(
        {.host = "wherry.example", .authorization = authorization, .address = "192.0.2.1"}, workspace, kNow);
    return admitted ? 0 : admitted.error().status;
  }
  int dev_status(std::string_view host, std::string_view origin = {}) {
    const auto admitted = access(true).admit({.host = host, .origin = origin}, "team", kNow);
    return admitted ? 0 : admitted.error().status;
  }

  RefusedTokens tokens{[] { return Millis{1}; }};
};

TEST_F(InspectorAccessTest, IsForAdminsOfTheWorkspace) {
  EXPECT_EQ(status(token("team", {"admin"})), 0);
  EXPECT_EQ(status(token("team", {"writer", "admin"})), 0);
  EXPECT_EQ(status(""), 401);
  EXPECT_EQ(status("Basic YTpi"), 401);
  EXPECT_EQ(status("Bearer nonsense"), 401);
  EXPECT_EQ(status(token("other", {"admin"})), 401);
  EXPECT_EQ(status(token("team", {"admin"}, kNow)), 401);
  EXPECT_EQ(status(token("team", {})), 403);
  EXPECT_EQ(status(token("team", {"administrator", "Admin"})), 403);
}

TEST_F(InspectorAccessTest, AnAdminSeesOnlyHisWorkspaceInTheList) {
  const std::string mine = token("team", {"admin"});
  const auto admitted =
      access(false).admit({.host = "wherry.example", .authorization = mine}, std::nullopt, kNow);
  ASSERT_TRUE(admitted);
  EXPECT_EQ(*admitted, "team");
  EXPECT_EQ(status("", std::nullopt), 401);
  EXPECT_EQ(status(token("team", {}), std::nullopt), 403);
}

TEST_F(InspectorAccessTest, RefusalsAreJsonAndNameNoSecret) {
  const auto refused = access(false).admit({.host = "wherry.example"}, "team", kNow);
  ASSERT_FALSE(refused);
  const net::Page& page = refused.error();
  EXPECT_TRUE(page.body->starts_with(R"({"error":{"code":"unauthorized","message":")")) << *page.body;
  EXPECT_NE(page.headers.find("WWW-Authenticate: Bearer"), std::string::npos);
  EXPECT_NE(page.headers.find("Content-Type: application/json"), std::string::npos);
}

TEST_F(InspectorAccessTest, WhoGuessesIsTurnedAway) {
  for (int i = 0; i < RefusedTokens::kMost; ++i) EXPECT_EQ(status("Bearer nonsense"), 401);
  EXPECT_EQ(status("Bearer nonsense"), 429);
  EXPECT_EQ(status(token("team", {"admin"})), 429);
}

TEST_F(InspectorAccessTest, InDevelopmentItIsForPagesOfThisMachine) {
  for (const char* host : {"localhost:8080", "127.0.0.1", "[::1]:8080"})
    EXPECT_EQ(dev_status(host), 0) << host;
  for (const char* host : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example"})
    EXPECT_EQ(dev_status(host), 403) << host;
  EXPECT_EQ(dev_status("localhost:8080", "http://localhost:8080"), 0);
  for (const char* origin : {"http://localhost:9999", "https://evil.example", "null"})
    EXPECT_EQ(dev_status("localhost:8080", origin), 403) << origin;
}

TEST_F(InspectorAccessTest, PagesOfOtherOriginsAreRefusedWithATokenToo) {
  const std::string mine = token("team", {"admin"});
  const auto admitted = access(false).admit(
      {.host = "wherry.example", .authorization = mine, .origin = "https://evil.example"}, "team", kNow);
  ASSERT_FALSE(admitted);
  EXPECT_EQ(admitted.error().status, 403);
}

}  // namespace
}  // namespace wherry::server

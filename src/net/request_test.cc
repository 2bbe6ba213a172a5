#include "net/request.h"

#include <gtest/gtest.h>

namespace wherry::net {
namespace {

Request upgrade(std::string_view target) {
  Request request;
  request.method = "GET";
  request.target = target;
  request.upgrade = true;
  return request;
}

TEST(Request, UpgradesToAWorkspace) {
  const auto verdict = judge(upgrade("/Team_1.a-b"), {});
  EXPECT_EQ(verdict.status, 101);
  EXPECT_EQ(verdict.text, "Team_1.a-b");
}

TEST(Request, ServesTheHealthPageAndNothingElse) {
  Request request = upgrade("/healthz");
  request.upgrade = false;
  EXPECT_EQ(judge(request, {}).status, 200);
  EXPECT_EQ(judge(request, {}).text, "ok\n");
  request.target = "/team";
  EXPECT_EQ(judge(request, {}).status, 404);
  request.target = "/healthz";
  request.method = "POST";
  EXPECT_EQ(judge(request, {}).status, 404);
}

TEST(Request, RefusesOddNames) {
  EXPECT_EQ(judge(upgrade("/w?token=x"), {}).status, 400);
  EXPECT_EQ(judge(upgrade("/w?"), {}).status, 400);
  EXPECT_EQ(judge(upgrade("/%77"), {}).status, 400);
  for (const char* target : {"/", "", "w", "/a/b", "/w/", "//w", "/../w", "/.w", "/-w", "/w;x", "/w#x",
                             "/w\\x", "/\xc3\xa4", "http://h/w", "*"}) {
    EXPECT_EQ(judge(upgrade(target), {}).status, 404) << target;
  }
  EXPECT_EQ(judge(upgrade("/" + std::string(64, 'w')), {}).status, 101);
  EXPECT_EQ(judge(upgrade("/" + std::string(65, 'w')), {}).status, 404);
}

TEST(Request, RefusesBodiesAndRepeatedHeaders) {
  Request request = upgrade("/w");
  request.body = true;
  EXPECT_EQ(judge(request, {}).status, 400);
  request.body = false;
  request.repeated = true;
  EXPECT_EQ(judge(request, {}).status, 400);
  request.repeated = false;
  request.method = "POST";
  EXPECT_EQ(judge(request, {}).status, 400);
}

TEST(Request, LetsOnlyAllowedOriginsIn) {
  const auto status = [](std::vector<std::string_view> origins, const OriginPolicy& policy) {
    Request request = upgrade("/w");
    request.origins = std::move(origins);
    return judge(request, policy).status;
  };
  const OriginPolicy none;
  const OriginPolicy one{.allowed = {"https://chat.example.org"}, .loopback = false};
  const OriginPolicy dev{.allowed = {}, .loopback = true};
  EXPECT_EQ(status({}, none), 101);
  EXPECT_EQ(status({"https://chat.example.org"}, none), 403);
  EXPECT_EQ(status({"https://chat.example.org"}, one), 101);
  EXPECT_EQ(status({"https://chat.example.org", "https://chat.example.org"}, one), 403);
  for (const char* origin : {"", "null", "https://chat.example.org.evil.net", "http://chat.example.org",
                             "https://chat.example.org:8443", "http://localhost"}) {
    EXPECT_EQ(status({origin}, one), 403) << origin;
  }
  for (const char* origin :
       {"http://localhost", "http://localhost:5173", "https://127.0.0.1:1", "http://[::1]:80"}) {
    EXPECT_EQ(status({origin}, dev), 101) << origin;
  }
  for (const char* origin : {"http://localhost.evil.net", "http://localhost:", "http://localhost:80@evil.net",
                             "http://127.0.0.12", "http://evil.net", "ftp://localhost", "null"}) {
    EXPECT_EQ(status({origin}, dev), 403) << origin;
  }
}

}  // namespace
}  // namespace wherry::net

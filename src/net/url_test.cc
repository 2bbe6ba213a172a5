#include <gtest/gtest.h>

#include "net/client.h"

namespace wherry::net {
namespace {

TEST(Url, IsTakenApart) {
  const auto url = Url::parse("ws://example.org:8080/team-1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "example.org");
  EXPECT_EQ(url->port, "8080");
  EXPECT_EQ(url->path, "/team-1");
  EXPECT_EQ(Url::parse("ws://localhost/w")->port, "80");
  EXPECT_EQ(Url::parse("ws://[::1]:7/w")->host, "::1");
  EXPECT_EQ(Url::parse("ws://[::1]:7/w")->port, "7");
}

TEST(Url, RefusesWhatIsNoWorkspaceUrl) {
  for (const char* bad : {"",
                          "ws://",
                          "http://h/w",
                          "wss://h/w",
                          "WS://h/w",
                          "ws://h",
                          "ws://h/",
                          "ws://h/a/b",
                          "ws://h/w/",
                          "ws:///w",
                          "ws://:80/w",
                          "ws://h:/w",
                          "ws://h:0/w",
                          "ws://h:65536/w",
                          "ws://h:99999999999/w",
                          "ws://h:8x/w",
                          "ws://h:-1/w",
                          "ws://ann:pw@h/w",
                          "ws://h/w?token=x",
                          "ws://h/w#x",
                          "ws://h/%2e%2e",
                          "ws://h/..",
                          "ws://h/w w",
                          "ws://h\n/w",
                          "ws://[::1/w",
                          "ws://[]/w",
                          "ws://[x]/w",
                          "ws://[::1]x/w",
                          "ws://h h/w",
                          " ws://h/w",
                          "ws://h:80:80/w"}) {
    const auto url = Url::parse(bad);
    EXPECT_FALSE(url) << bad;
    EXPECT_TRUE(url || url.error().code == ErrorCode::kInvalid) << bad;
  }
}

TEST(Url, AnErrorRepeatsNoSecret) {
  EXPECT_EQ(Url::parse("ws://h/w?token=sesame").error().message.find("sesame"), std::string::npos);
  EXPECT_EQ(Url::parse("ws://ann:sesame@h/w").error().message.find("sesame"), std::string::npos);
}

}  // namespace
}  // namespace wherry::net

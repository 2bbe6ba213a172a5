#include "client/auth_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "client/test_folder.h"

namespace wherry::client {
namespace {

TEST(AuthFile, ComesBackAndOnlyItsOwnerMayReadIt) {
  const TestFolder folder;
  const std::string path = folder.file("a.db");
  ASSERT_TRUE(write_auth(path, {"ws://127.0.0.1:1/w", "first"}));
  ASSERT_TRUE(write_auth(path, {"ws://127.0.0.1:1/w", "sec\"ret"}));
  const auto auth = read_auth(path);
  ASSERT_TRUE(auth) << auth.error().text();
  EXPECT_EQ(auth->url, "ws://127.0.0.1:1/w");
  EXPECT_EQ(auth->token, "sec\"ret");
  struct stat info{};
  ASSERT_EQ(::stat((path + ".auth").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_FALSE(std::filesystem::exists(path + ".auth.new"));
}

TEST(AuthFile, SaysWhatIsMissingOrMalformed) {
  const TestFolder folder;
  const std::string path = folder.file("a.db");
  EXPECT_EQ(read_auth(path).error().code, ErrorCode::kNotFound);
  for (const char* text : {"", "{", "[]", R"({"url": "ws://h/w"})", R"({"url": 1, "token": "t"})"}) {
    std::ofstream(path + ".auth") << text;
    const auto auth = read_auth(path);
    ASSERT_FALSE(auth) << text;
    EXPECT_EQ(auth.error().code, ErrorCode::kInvalid) << text;
  }
}

}  // namespace
}  // namespace wherry::client

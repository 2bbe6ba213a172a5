#include "client/tap.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <thread>
#include <vector>

#include "client/test_folder.h"
#include "protocol/codec.h"

namespace wherry::client {
namespace {

std::string some_message() {
  return protocol::encode(protocol::ErrorMessage{.code = "limit", .message = "too much"},
                          protocol::Compression::kPlain);
}

// Watches until `count` lines have come or the tap ends; publishes until the watcher has them.
std::vector<std::string> watch(Tap& tap, const std::string& path, size_t count) {
  auto watching = std::async(std::launch::async, [&] {
    std::vector<std::string> lines;
    const auto ended = follow_tap(path, [&](std::string_view line) {
      lines.emplace_back(line);
      return lines.size() < count;
    });
    EXPECT_TRUE(ended) << ended.error().text();
    return lines;
  });
  while (watching.wait_for(std::chrono::milliseconds(5)) != std::future_status::ready)
    tap.publish(Direction::kReceived, some_message());
  return watching.get();
}

TEST(Tap, ShowsMessagesAsJsonToItsOwnerOnly) {
  const TestFolder folder;
  const std::string path = folder.file("a.db");
  auto tap = Tap::listen(path);
  ASSERT_TRUE(tap) << tap.error().text();
  struct stat info{};
  ASSERT_EQ(::stat((path + ".tap").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const auto lines = watch(**tap, path, 2);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NE(lines[0].find(R"("direction":"received")"), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find("too much"), std::string::npos) << lines[0];
}

TEST(Tap, WorksForPathsLongerThanASocketAddress) {
  const TestFolder folder;
  const std::string deep = folder.file(std::string(120, 'd'));
  std::filesystem::create_directory(deep);
  auto tap = Tap::listen(deep + "/a.db");
  ASSERT_TRUE(tap) << tap.error().text();
  EXPECT_EQ(watch(**tap, deep + "/a.db", 1).size(), 1U);
}

TEST(Tap, SaysSoWhenNoSyncRuns) {
  const TestFolder folder;
  const auto nobody = follow_tap(folder.file("a.db"), [](std::string_view) { return true; });
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, ErrorCode::kNotFound);
}

TEST(Tap, TakesThePlaceOfADeadSocketAndEndsItsWatchersWithIt) {
  const TestFolder folder;
  const std::string path = folder.file("a.db");
  std::filesystem::create_symlink(folder.file("nowhere"), path + ".tap");
  auto tap = Tap::listen(path);
  ASSERT_TRUE(tap) << tap.error().text();
  std::promise<void> first_line;
  std::thread watcher([&] {
    bool first = true;
    (void)follow_tap(path, [&](std::string_view) {
      if (std::exchange(first, false)) first_line.set_value();
      return true;
    });
  });
  auto seen = first_line.get_future();
  while (seen.wait_for(std::chrono::milliseconds(5)) != std::future_status::ready)
    (*tap)->publish(Direction::kSent, some_message());
  tap->reset();
  watcher.join();
  EXPECT_FALSE(std::filesystem::exists(path + ".tap"));
}

}  // namespace
}  // namespace wherry::client

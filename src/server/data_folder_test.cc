#include "server/data_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/text.h"

namespace wherry::server {
namespace {

namespace fs = std::filesystem;

struct DataFolderTest : testing::Test {
  DataFolderTest() {
    std::string pattern = (fs::temp_directory_path() / "wherry-data-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    folder = root + "/data";
  }
  ~DataFolderTest() override { fs::remove_all(root); }

  static void write(const std::string& path, std::string_view text) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
  }

  std::string root, folder;
};

TEST_F(DataFolderTest, IsMadeOnceAndKeepsItsSecret) {
  EXPECT_EQ(DataFolder::open(folder, false).error().code, ErrorCode::kNotFound);
  std::string secret;
  {
    const auto data = DataFolder::open(folder, true);
    ASSERT_TRUE(data) << data.error().text();
    secret = (*data)->secret();
    EXPECT_EQ(secret.size(), 64u);
  }
  const auto again = DataFolder::open(folder, false);
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ((*again)->secret(), secret);
  EXPECT_EQ((*DataFolder::open(folder, true))->secret(), secret);
  struct stat status{};
  ASSERT_EQ(::stat((folder + "/secret").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_NE((*DataFolder::open(root + "/other", true))->secret(), secret);
}

TEST_F(DataFolderTest, MapsNamesToFilesThatNamesDoNotChoose) {
  const auto data = *DataFolder::open(folder, true);
  const auto made = data->create_workspace("team", 42);
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_EQ(made->created_at, 42);
  EXPECT_EQ(made->path.find("team"), std::string::npos);
  EXPECT_TRUE(made->path.starts_with(folder + "/workspaces/"));
  EXPECT_EQ(data->find("team")->path, made->path);
  EXPECT_EQ(data->find("Team").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(data->create_workspace("team", 43).error().code, ErrorCode::kExists);
  ASSERT_TRUE(data->create_workspace("Another.one", 44));
  const auto list = *data->list();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].name, "Another.one");
  EXPECT_EQ(list[1].name, "team");
}

TEST_F(DataFolderTest, RefusesOddNames) {
  const auto data = *DataFolder::open(folder, true);
  for (const std::string& name :
       {std::string(), std::string(".."), std::string("."), std::string("a/b"), std::string("../x"),
        std::string("-a"), std::string("_a"), std::string("a b"), std::string("\xc3\xa4"),
        std::string("a\0b", 3), std::string("a\n"), std::string(65, 'a')}) {
    EXPECT_EQ(data->create_workspace(name, 0).error().code, ErrorCode::kInvalid) << name;
    EXPECT_EQ(data->find(name).error().code, ErrorCode::kNotFound) << name;
  }
  EXPECT_TRUE(data->create_workspace(std::string(64, 'a'), 0));
}

TEST_F(DataFolderTest, IsServedByOneAtATime) {
  const auto first = *DataFolder::open(folder, true);
  ASSERT_TRUE(first->lock());
  EXPECT_TRUE(first->lock());
  {
    const auto second = *DataFolder::open(folder, false);
    const auto locked = second->lock();
    ASSERT_FALSE(locked);
    EXPECT_EQ(locked.error().code, ErrorCode::kBusy);
    EXPECT_NE(locked.error().message.find(cat("Process ", ::getpid())), std::string::npos)
        << locked.error().message;
    // Beside a server, workspaces can be made and listed.
    EXPECT_TRUE(second->create_workspace("new", 1));
    EXPECT_TRUE(first->find("new"));
  }
  EXPECT_FALSE((*DataFolder::open(folder, false))->lock());
}

TEST_F(DataFolderTest, TheLockEndsWithItsHolder) {
  ASSERT_TRUE((*DataFolder::open(folder, true))->lock());
  EXPECT_TRUE((*DataFolder::open(folder, false))->lock());
}

TEST_F(DataFolderTest, LeavesForeignFoldersAlone) {
  write(folder + "/letters.txt", "dear");
  EXPECT_EQ(DataFolder::open(folder, true).error().code, ErrorCode::kInvalid);
  EXPECT_FALSE(fs::exists(folder + "/secret"));
}

TEST_F(DataFolderTest, CompletesAnInterruptedCreation) {
  ASSERT_TRUE(DataFolder::open(folder, true));
  fs::remove(folder + "/wherry.json");
  EXPECT_EQ(DataFolder::open(folder, false).error().code, ErrorCode::kNotFound);
  write(folder + "/secret", "half");
  const auto data = DataFolder::open(folder, true);
  ASSERT_TRUE(data) << data.error().text();
  EXPECT_EQ((*data)->secret().size(), 64u);
}

TEST_F(DataFolderTest, SeveralMayMakeItAtOnce) {
  std::vector<std::string> secrets(8);
  std::vector<std::thread> threads;
  for (std::string& secret : secrets) {
    threads.emplace_back([&] {
      const auto data = DataFolder::open(folder, true);
      secret = data ? (*data)->secret() : data.error().text();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& secret : secrets) EXPECT_EQ(secret, secrets[0]);
  EXPECT_EQ(secrets[0].size(), 64u);
}

TEST_F(DataFolderTest, RefusesABadSecret) {
  ASSERT_TRUE(DataFolder::open(folder, true));
  ::chmod((folder + "/secret").c_str(), 0644);
  EXPECT_EQ(DataFolder::open(folder, false).error().code, ErrorCode::kInvalid);
  ::chmod((folder + "/secret").c_str(), 0600);
  write(folder + "/secret", "short");
  EXPECT_EQ(DataFolder::open(folder, false).error().code, ErrorCode::kCorrupt);
  fs::remove(folder + "/secret");
  EXPECT_EQ(DataFolder::open(folder, true).error().code, ErrorCode::kCorrupt);
}

TEST_F(DataFolderTest, RefusesAnotherFormat) {
  ASSERT_TRUE(DataFolder::open(folder, true));
  write(folder + "/wherry.json", "{\"wherry_data_folder\": 2}\n");
  EXPECT_EQ(DataFolder::open(folder, false).error().code, ErrorCode::kVersion);
}

TEST_F(DataFolderTest, ReadsTheFilesOfABundle) {
  const std::string bundle = root + "/bundle";
  EXPECT_EQ(read_bundle_folder(bundle).error().code, ErrorCode::kNotFound);
  write(bundle + "/commands/channel.sql", "SELECT 1");
  EXPECT_EQ(read_bundle_folder(bundle).error().code, ErrorCode::kNotFound);
  write(bundle + "/app.toml", "name = \"x\"");
  write(bundle + "/initial.jsonl", "{}");
  write(bundle + "/README.md", "not part of it");
  write(bundle + "/import/tool.sql", "nor this");
  write(bundle + "/commands/.hidden.sql", "nor this");
  write(bundle + "/commands/notes.txt", "nor this");
  write(bundle + "/commands/deep/message.sql", "SELECT 2");
  write(bundle + "/migrations/0001_start.sql", "CREATE TABLE t(a)");
  const auto files = read_bundle_folder(bundle);
  ASSERT_TRUE(files) << files.error().text();
  std::vector<std::string> names;
  for (const BundleFile& file : *files) names.push_back(file.name);
  EXPECT_EQ(names, (std::vector<std::string>{"app.toml", "commands/channel.sql", "commands/deep/message.sql",
                                             "initial.jsonl", "migrations/0001_start.sql"}));
  EXPECT_EQ((*files)[1].text, "SELECT 1");
}

TEST_F(DataFolderTest, RefusesABundleThatIsTooLarge) {
  const std::string bundle = root + "/bundle";
  write(bundle + "/app.toml", "");
  write(bundle + "/commands/big.sql", std::string((4 << 20) + 1, ' '));
  EXPECT_EQ(read_bundle_folder(bundle).error().code, ErrorCode::kLimit);
  fs::remove(bundle + "/commands/big.sql");
  for (int i = 0; i < 2001; ++i) write(cat(bundle, "/commands/", i, ".sql"), "");
  EXPECT_EQ(read_bundle_folder(bundle).error().code, ErrorCode::kLimit);
}

TEST_F(DataFolderTest, FollowsNoCircleOfLinks) {
  const std::string bundle = root + "/bundle";
  write(bundle + "/app.toml", "");
  write(bundle + "/commands/a.sql", "");
  fs::create_directory_symlink(bundle + "/commands", bundle + "/commands/again");
  EXPECT_EQ(read_bundle_folder(bundle)->size(), 2u);
}

}  // namespace
}  // namespace wherry::server

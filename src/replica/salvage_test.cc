// A damaged file is noticed before anything of it is shown, and replaced by one that still knows what its
// user did.
#include "replica/salvage.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "replica/fake_server_for_test.h"
#include "replica/replica.h"
#include "sqlite/database.h"

namespace wherry {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using protocol::GrantedScope;

namespace fs = std::filesystem;

constexpr size_t kPage = 4096;
constexpr int kCommands = 200;

const std::vector<GrantedScope> kScopes = {{1, "workspace", false, false}};

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class Salvage : public ::testing::Test {
 protected:
  // Rows from the server, a long queue, and one command that was rejected.
  Salvage() {
    std::vector<protocol::RowItem> rows;
    for (int n = 0; n < 300; ++n)
      rows.push_back(put("items", 1, {"i" + std::to_string(n), std::string(100, 't'), int64_t{0}, "[]"}));
    device_.connect(kScopes, batch(1));
    must(device_.say(chunk(1, 1, rows, true, true)));
    for (int n = 1; n <= kCommands; ++n)
      EXPECT_EQ(
          device_.exec("item.title",
                       R"({"id":"i)" + std::to_string(n) + R"(","title":")" + std::string(50, 'n') + R"("})",
                       id_of(n)),
          "");
    must(device_.say(batch(2, {}, {rejected(id_of(1), 2, "entity_locked")})));
    options_.path = device_.path().string();
    must(device_.replica->checkpoint());
    device_.close();
    whole_ = read(device_.path());
  }

  std::set<std::string> list() {
    std::set<std::string> ids;
    for (const OwnCommand& command : must(device_.replica->commands())) ids.insert(command.id);
    return ids;
  }
  size_t page_of_rows() const { return whole_.find(std::string(100, 't')) / kPage; }
  void damage(size_t page) {
    std::string bytes = whole_;
    bytes[page * kPage + 2000] ^= 4;
    write(device_.path(), bytes);
  }
  // Opens and reads everything: the error of what came first, if there was one.
  std::optional<ErrorCode> look() {
    auto replica = Replica::open(options_);
    if (!replica) return replica.error().code;
    for (const char* table : {"items", "wherry_commands", "wherry_rows", "wherry_base"}) {
      const auto rows = (*replica)->query(std::string("SELECT * FROM ") + table);
      if (!rows) return rows.error().code;
    }
    return std::nullopt;
  }

  Device device_;
  ReplicaOptions options_;
  std::string whole_;
};

TEST_F(Salvage, WhateverPageIsDamagedTheRestOfTheListIsKept) {
  int found = 0, in_the_list = 0;
  for (size_t page = 0; page < whole_.size() / kPage; ++page) {
    damage(page);
    const auto error = look();
    if (!error) continue;  // a page that holds nothing, or that only writing needs
    EXPECT_EQ(*error, ErrorCode::kCorrupt);
    ++found;
    const Salvaged salvaged = must(Replica::salvage(options_));
    device_.open();
    const std::set<std::string> kept = list();
    device_.close();
    EXPECT_EQ(static_cast<size_t>(salvaged.commands), kept.size());
    if (kept.size() == kCommands) continue;
    EXPECT_FALSE(salvaged.complete);
    // Only what was on that page is gone.
    ++in_the_list;
    const std::string lost = whole_.substr(page * kPage, kPage);
    for (int n = 1; n <= kCommands; ++n) {
      const bool was_there = lost.find(id_of(n)) != std::string::npos;
      EXPECT_TRUE(kept.contains(id_of(n)) || was_there) << n << " page " << page;
    }
  }
  EXPECT_GT(found, 20);
  EXPECT_GT(in_the_list, 3);
}

// A long command lies on several pages, and beside others on the first of them.
TEST_F(Salvage, ALongCommandThatIsDamagedTakesNoOtherWithIt) {
  device_.open();
  for (int n = 500; n < 520; ++n)
    EXPECT_EQ(device_.exec("note.add",
                           R"({"id":"n)" + std::to_string(n) + R"(","body":")" +
                               std::string(n % 4 == 0 ? 9'000 : 1, 'l') + R"("})",
                           id_of(n)),
              "");
  must(device_.replica->checkpoint());
  device_.close();
  whole_ = read(device_.path());
  int hit = 0;
  for (size_t page = 0; page < whole_.size() / kPage; ++page) {
    const std::string lost = whole_.substr(page * kPage, kPage);
    if (lost.find(std::string(1'000, 'l')) == std::string::npos || lost.find(id_of(500)) != std::string::npos)
      continue;
    damage(page);
    if (!look()) continue;  // not of the list
    must(Replica::salvage(options_));
    device_.open();
    const std::set<std::string> kept = list();
    device_.close();
    for (int n = 500; n < 520; ++n)
      EXPECT_TRUE(kept.contains(id_of(n)) || n % 4 == 0 || lost.find(id_of(n)) != std::string::npos)
          << n << " page " << page;
    hit += kept.size() == kCommands + 20 - 1;
  }
  EXPECT_GT(hit, 5);
}

// Also by a query that cannot even be prepared, for its index is damaged.
TEST_F(Salvage, AFileThatAQueryFindsDamagedIsNotOpenedAgain) {
  int found = 0;
  for (size_t page = 0; page < whole_.size() / kPage; ++page) {
    damage(page);
    fs::remove(device_.path().string() + "-suspect");
    {
      const auto replica = Replica::open(options_);
      if (!replica) continue;
      const auto answer = (*replica)->query("SELECT count(*) FROM notes_fts WHERE notes_fts MATCH 'x'");
      if (answer) continue;
      EXPECT_EQ(answer.error().code, ErrorCode::kCorrupt) << answer.error().text();
    }
    ++found;
    EXPECT_EQ(Replica::open(options_).error().code, ErrorCode::kCorrupt) << page;
  }
  EXPECT_GT(found, 1);
}

TEST_F(Salvage, TheNewFileGoesOnWithTheQueue) {
  damage(page_of_rows());
  ASSERT_EQ(look(), ErrorCode::kCorrupt);
  must(Replica::salvage(options_));
  device_.open();
  EXPECT_EQ(device_.state_of(id_of(1)), "rejected:entity_locked");
  EXPECT_EQ(device_.state_of(id_of(2)), "pending");
  EXPECT_EQ(device_.replica->status().user_id, "ann");
  device_.welcome.replica_id = id_of(999);
  device_.welcome.received = 0;
  device_.connect(kScopes, batch(3));
  std::vector<std::string> pushed;
  for (const auto& push : device_.heard_of<protocol::Push>())
    for (const auto& command : push.commands) pushed.push_back(command.id);
  ASSERT_EQ(pushed.size(), static_cast<size_t>(kCommands - 1));
  EXPECT_EQ(pushed.front(), id_of(2));
  EXPECT_EQ(pushed.back(), id_of(kCommands));
  must(device_.say(chunk(1, 3, {put("items", 1, {"i2", "old", int64_t{0}, "[]"})}, true, true)));
  EXPECT_EQ(device_.ask("SELECT title FROM items"), std::string(50, 'n'));
}

TEST_F(Salvage, ItMayBeInterruptedAnywhere) {
  damage(page_of_rows());
  must(Replica::salvage(options_));
  const fs::path waiting = device_.path().string() + "-salvage";
  const std::string queue = read(waiting);
  ASSERT_FALSE(queue.empty());
  // Before the damaged file was deleted: it is found damaged again.
  damage(page_of_rows());
  EXPECT_EQ(look(), ErrorCode::kCorrupt);
  must(Replica::salvage(options_));
  // After the commands were taken in, before their file was deleted.
  device_.open();
  EXPECT_FALSE(fs::exists(waiting));
  device_.close();
  write(waiting, queue);
  device_.open();
  EXPECT_EQ(must(device_.replica->commands()).size(), size_t{kCommands});
  EXPECT_FALSE(fs::exists(waiting));
}

TEST_F(Salvage, FilesOfOthersAreLeftAlone) {
  fs::remove(device_.path());
  {
    auto other = must(sqlite::Database::open(options_.path, sqlite::Access::kReadWriteCreate));
    must(other->execute("CREATE TABLE t(x)"));
  }
  for (const std::string& bytes : {read(device_.path()), std::string("a letter to my aunt"), std::string()}) {
    write(device_.path(), bytes);
    EXPECT_EQ(Replica::salvage(options_).error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(read(device_.path()), bytes);
  }
}

}  // namespace
}  // namespace wherry

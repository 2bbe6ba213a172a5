#include "sqlite/wal_buffer.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.h"
#include "sqlite/page_vfs.h"

namespace wherry::sqlite {
namespace {

// A file that notes what is written to it.
struct Recorder {
  sqlite3_file base{&kMethods};
  std::vector<std::pair<sqlite3_int64, std::string>> writes;
  int answer = SQLITE_OK;

  static int write(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) {
    auto* self = reinterpret_cast<Recorder*>(file);
    self->writes.emplace_back(offset,
                              std::string(static_cast<const char*>(from), static_cast<size_t>(amount)));
    return self->answer;
  }
  static const sqlite3_io_methods kMethods;
};
const sqlite3_io_methods Recorder::kMethods = [] {
  sqlite3_io_methods methods{};
  methods.iVersion = 1;
  methods.xWrite = &Recorder::write;
  return methods;
}();

std::string header(char size_after) {
  std::string bytes(24, 'h');
  bytes.replace(4, 4, std::string("\0\0\0", 3) + size_after);
  return bytes;
}

class WalBufferTest : public testing::Test {
 protected:
  int write(const std::string& bytes) {
    const int code = buffer.write(&file.base, bytes.data(), static_cast<int>(bytes.size()), at);
    at += static_cast<sqlite3_int64>(bytes.size());
    return code;
  }
  int frame(char size_after, char content) {
    const int code = write(header(size_after));
    return code != SQLITE_OK ? code : write(std::string(4096, content));
  }

  Recorder file;
  WalBuffer buffer;
  sqlite3_int64 at = 0;
};

TEST_F(WalBufferTest, ATransactionIsOneWriteThatEndsWithItsLastFrame) {
  write(std::string(32, 'w'));
  frame(0, 'a');
  frame(0, 'b');
  EXPECT_TRUE(file.writes.empty());
  frame(9, 'c');
  ASSERT_EQ(file.writes.size(), 1u);
  EXPECT_EQ(file.writes[0].first, 0);
  EXPECT_EQ(file.writes[0].second.size(), 32u + 3 * 4120);
  frame(9, 'd');
  ASSERT_EQ(file.writes.size(), 2u);
  EXPECT_EQ(file.writes[1].first, 32 + 3 * 4120);
  EXPECT_EQ(file.writes[1].second, header(9) + std::string(4096, 'd'));
}

TEST_F(WalBufferTest, WhatIsLargeGoesOutInPiecesBelowTheLimitOfOneWrite) {
  for (int i = 0; i < 100; ++i) frame(i == 99 ? 1 : 0, static_cast<char>(i));
  std::string all;
  for (const auto& [offset, bytes] : file.writes) {
    EXPECT_EQ(offset, static_cast<sqlite3_int64>(all.size()));
    EXPECT_LE(bytes.size(), 64u << 10);
    all += bytes;
  }
  EXPECT_EQ(all.size(), 100u * 4120);
  EXPECT_LE(file.writes.size(), 8u);
}

TEST_F(WalBufferTest, WhatDoesNotAppendIsWrittenAtOnceBehindWhatWasGathered) {
  frame(0, 'a');
  at = 0;
  write(header(0));
  ASSERT_EQ(file.writes.size(), 2u);
  EXPECT_EQ(file.writes[0].second.size(), 4120u);
  EXPECT_EQ(file.writes[1], std::pair(sqlite3_int64{0}, header(0)));
  EXPECT_EQ(buffer.flush(&file.base), SQLITE_OK);
  EXPECT_EQ(file.writes.size(), 2u);
}

TEST_F(WalBufferTest, TheLastFrameGoesOutAlsoWhenItsPageFindsNoRoomBesideItsHeader) {
  write(std::string(100, 'w'));
  for (int i = 0; i < 15; ++i) frame(0, 'a');  // room is left for a header, and not for its page
  frame(2, 'z');
  std::string all;
  for (const auto& [offset, bytes] : file.writes) all += bytes;
  EXPECT_EQ(all.size(), 100u + 16 * 4120);
}

TEST_F(WalBufferTest, AFailureIsToldAndTakesTheTransactionWithIt) {
  frame(0, 'a');
  file.answer = SQLITE_FULL;
  EXPECT_EQ(frame(3, 'b'), SQLITE_FULL);
  file.answer = SQLITE_OK;
  file.writes.clear();
  at = 0;
  EXPECT_EQ(frame(3, 'c'), SQLITE_OK);
  std::string all;
  for (const auto& [offset, bytes] : file.writes) all += bytes;
  EXPECT_EQ(all, header(3) + std::string(4096, 'c'));
}

// Another process reads what is committed, synced or not, and the own connection what is not yet committed.
TEST(WalThroughTheVfs, IsReadByOthersAsSoonAsItIsCommitted) {
  const std::string path = std::filesystem::path(testing::TempDir()) / "wal_buffer_test.db";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  const auto db = *Database::open(path, Access::kReadWriteCreate, *page_vfs(""));
  ASSERT_TRUE(db->execute("PRAGMA journal_mode = WAL; PRAGMA cache_size = 10; CREATE TABLE t(x)"));
  const auto other = *Database::open(path, Access::kReadOnly);
  for (const char* synchronous : {"NORMAL", "FULL"}) {
    ASSERT_TRUE(db->execute(cat("PRAGMA synchronous = ", synchronous)));
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(db->execute("BEGIN"));
      // More than the cache holds: pages go to the log, and are read from there, before the commit.
      ASSERT_TRUE(
          db->execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) "
                      "INSERT INTO t SELECT randomblob(1500) FROM n"));
      ASSERT_TRUE(db->execute("UPDATE t SET x = x || 'y' WHERE rowid % 7 = 0"));
      ASSERT_TRUE(db->execute(i % 4 == 3 ? "ROLLBACK" : "COMMIT"));
      EXPECT_EQ(*other->value("SELECT count(*) FROM t"), *db->value("SELECT count(*) FROM t"));
    }
  }
  EXPECT_EQ(other->value("SELECT count(*) FROM t"), Value(int64_t{2 * 15 * 60}));
  EXPECT_EQ(other->value("PRAGMA integrity_check"), Value("ok"));
}

// A page that went to the log before its transaction ended, and changed again, is overwritten there; then
// SQLite writes the headers behind it anew, that of the last frame last.
TEST(WalThroughTheVfs, HoldsEveryCommitWhenTheProcessIsKilledBehindIt) {
  const std::filesystem::path folder = testing::TempDir();
  const std::string path = folder / "wal_killed_test.db", copy = folder / "wal_killed_copy.db";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  const auto db = *Database::open(path, Access::kReadWriteCreate, *page_vfs(""));
  ASSERT_TRUE(
      db->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = 10;"
                  "CREATE TABLE t(x)"));
  for (int commits = 1; commits <= 10; ++commits) {
    ASSERT_TRUE(
        db->execute("BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) "
                    "INSERT INTO t SELECT randomblob(1500) FROM n;"
                    "UPDATE t SET x = x || 'y' WHERE rowid % 7 = 0; COMMIT"));
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(copy + suffix);
    for (const char* suffix : {"", "-wal"}) std::filesystem::copy_file(path + suffix, copy + suffix);
    const auto found = *Database::open(copy, Access::kReadWrite);
    EXPECT_EQ(*found->value("SELECT count(*) FROM t"), Value(int64_t{60} * commits));
  }
}

}  // namespace
}  // namespace wherry::sqlite

#include "sqlite/page_vfs.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.h"
#include "sqlite/database.h"
#include "sqlite/vfs_files.h"

namespace wherry::sqlite {
namespace {

namespace fs = std::filesystem;

// Fills a table with an index, deletes all that carries the marker, and counts the files that still hold it.
int remains(const std::string& vfs, int databases) {
  int found = 0;
  for (int n = 0; n < databases; ++n) {
    std::mt19937 random(static_cast<uint32_t>(n));
    const fs::path path = fs::temp_directory_path() / cat("wherry-scrub-", getpid(), "-", n, ".db");
    fs::remove(path);
    {
      auto db = *Database::open(path.string(), Access::kReadWriteCreate, vfs);
      EXPECT_TRUE(
          db->execute("PRAGMA secure_delete = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
                      "CREATE TABLE t(k TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID; CREATE INDEX i ON t(v);"));
      for (int i = 0; i < 1500; ++i) {
        const bool marked = random() % 2 == 0;
        EXPECT_TRUE(db->run(
            "INSERT OR IGNORE INTO t VALUES(?, ?)",
            {Value(cat(random() % 100000)),
             Value(cat(random() % 1000, marked ? "zzmarker" : "plain", std::string(random() % 60, 'x')))}));
      }
      EXPECT_TRUE(db->execute("DELETE FROM t WHERE v LIKE '%zzmarker%'; PRAGMA wal_checkpoint(TRUNCATE);"));
      EXPECT_EQ(**db->value("PRAGMA integrity_check"), Value("ok"));
      EXPECT_GT(*(*db->value("SELECT count(*) FROM t"))->integer(), 100);
    }
    std::ifstream in(path, std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    found += bytes.str().find("zzmarker") != std::string::npos;
    fs::remove(path);
  }
  return found;
}

TEST(PageVfs, LeavesNoDeletedByteWhereSecureDeleteAloneDoes) {
  EXPECT_GT(remains("", 40), 0) << "SQLite clears its pages by itself now: the shim may go";
  EXPECT_EQ(remains(*page_vfs(""), 40), 0);
}

TEST(PageVfs, LeavesOtherPagesAlone) {
  unsigned char page[512] = {1, 2, 3};
  page[400] = 7;
  scrub_page(page, sizeof page, false);
  EXPECT_EQ(page[400], 7);
  EXPECT_EQ(*page_vfs(""), *page_vfs(""));
  EXPECT_FALSE(page_vfs("no such vfs"));
}

class Sealed : public ::testing::Test {
 protected:
  Sealed() {
    fs::remove(path_);
    auto db = open();
    reserve_seals(*db);
    EXPECT_TRUE(db->execute("BEGIN; CREATE TABLE t(v)"));
    for (int i = 0; i < 500; ++i)
      EXPECT_TRUE(db->run("INSERT INTO t VALUES(?)",
                          {Value(std::string(static_cast<size_t>(100 + i % 50 * 100), 'a'))}));
    EXPECT_TRUE(db->execute("COMMIT"));
    EXPECT_TRUE(has_seals(*db));
  }
  ~Sealed() override { fs::remove(path_); }

  std::unique_ptr<Database> open() { return *Database::open(path_, Access::kReadWriteCreate, *page_vfs("")); }
  // Reads every page that holds something.
  static Result<std::optional<Value>> sum(Database& db) {
    return db.value("SELECT sum(length(v || 'x')) FROM t");
  }
  std::string bytes() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void replace(const std::string& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }
  void write_wal(const std::string& bytes) const { std::ofstream(path_ + "-wal", std::ios::binary) << bytes; }

  // As a process leaves it that is killed: the file as it was, and a WAL.
  struct Killed {
    std::string file, wal;
  };
  Killed kill_after(const char* sql) {
    auto db = open();
    EXPECT_TRUE(db->execute(cat("PRAGMA journal_mode = WAL; ", sql)));
    std::ifstream in(path_ + "-wal", std::ios::binary);
    return {bytes(), {std::istreambuf_iterator<char>(in), {}}};
  }

  const std::string path_ = (fs::temp_directory_path() / cat("wherry-seal-", getpid(), ".db")).string();
};

TEST_F(Sealed, AnyFlippedBitIsFound) {
  const std::string whole = bytes();
  std::mt19937 random(1);
  for (int n = 0; n < 300; ++n) {
    std::string damaged = whole;
    // Page 1 beyond the header, where other checks come first, and all the others.
    const size_t at = 100 + random() % (whole.size() - 100);
    damaged[at] = static_cast<char>(damaged[at] ^ 1 << random() % 8);
    replace(damaged);
    const auto opened = Database::open(path_, Access::kReadWriteCreate, *page_vfs(""));
    const auto answer = opened ? sum(**opened) : std::unexpected(opened.error());
    ASSERT_FALSE(answer) << "at " << at;
    EXPECT_EQ(answer.error().code, ErrorCode::kCorrupt) << answer.error().text();
  }
  replace(whole);
  EXPECT_TRUE(sum(*open()));
}

TEST_F(Sealed, MisplacedAndLostPagesAreFound) {
  const std::string whole = bytes();
  std::string swapped = whole;
  std::swap_ranges(swapped.begin() + 4 * 4096, swapped.begin() + 5 * 4096, swapped.begin() + 9 * 4096);
  for (const std::string& damaged : {swapped, whole.substr(0, whole.size() / 2)}) {
    replace(damaged);
    EXPECT_EQ(sum(*open()).error().code, ErrorCode::kCorrupt);
  }
}

// A page that is left in part gets zeros behind it, and so no seal, when the file grows again.
TEST_F(Sealed, APageThatTheFileEndsInIsFoundOnceTheFileHasGrown) {
  const Killed killed = kill_after("INSERT INTO t VALUES(printf('%.*c', 9000, 'n'))");
  for (const size_t left : {100U, 2048U, 4000U}) {
    replace(killed.file.substr(0, killed.file.size() - 4096 + left));
    write_wal(killed.wal);
    auto db = open();
    ASSERT_TRUE(db->execute("PRAGMA wal_checkpoint(TRUNCATE)"));
    ASSERT_GT(bytes().size(), killed.file.size());
    EXPECT_EQ(sum(*db).error().code, ErrorCode::kCorrupt) << left;
    db.reset();
    replace(killed.file.substr(0, killed.file.size() - 4096 + left));
    ASSERT_TRUE(grow_file(path_, "", static_cast<int64_t>(killed.file.size() / 4096), 4096));
    ASSERT_EQ(bytes().size(), killed.file.size());
    EXPECT_EQ(sum(*open()).error().code, ErrorCode::kCorrupt) << left;
  }
}

TEST_F(Sealed, OtherProgramsMayCheckpoint) {
  const Killed killed = kill_after("UPDATE t SET v = v || 'b'; INSERT INTO t VALUES('new')");
  const auto expected = *sum(*open());
  replace(killed.file);
  write_wal(killed.wal);
  {
    auto plain = *Database::open(path_, Access::kReadWriteCreate);
    ASSERT_EQ(*sum(*plain), expected);
    ASSERT_TRUE(plain->execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  }
  EXPECT_EQ(*sum(*open()), expected);
}

}  // namespace
}  // namespace wherry::sqlite

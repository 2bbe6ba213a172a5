#include "sqlite/free_pages.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/text.h"
#include "sqlite/page_vfs.h"

namespace wherry::sqlite {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kRows = 300;

class FreePages : public ::testing::Test {
 protected:
  FreePages() {
    fs::remove(path_);
    db_ = *Database::open(path_, Access::kReadWriteCreate, *page_vfs(""));
    run("PRAGMA secure_delete = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
    run(kBlankTable);
    run("CREATE TABLE other(v); CREATE TABLE t(k INTEGER PRIMARY KEY, v TEXT)");
    for (int64_t k = 0; k < kRows; ++k)
      EXPECT_TRUE(db_->run("INSERT INTO t VALUES(?, ?)",
                           {Value(2 * k), Value(cat("marker", std::string(100, 'x')))}));
  }
  ~FreePages() override {
    db_.reset();
    fs::remove(path_);
  }

  void run(std::string_view sql) { ASSERT_TRUE(db_->execute(sql)) << sql; }
  int64_t number(std::string_view sql) { return *(*db_->value(sql))->integer(); }

  bool file_holds_marker() {
    run("PRAGMA wal_checkpoint(TRUNCATE)");
    std::ifstream in(path_, std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    return bytes.str().find("marker") != std::string::npos;
  }

  // Rows move to pages of the free list as their tree grows, and back as a savepoint is rolled back; then all
  // are deleted.
  void leave_copies() {
    run("INSERT INTO other VALUES(zeroblob(400000)); DELETE FROM other");
    run("BEGIN; SAVEPOINT s");
    for (int64_t k = 0; k < kRows; ++k)
      ASSERT_TRUE(db_->run("INSERT INTO t VALUES(?, ?)", {Value(2 * k + 1), Value(std::string(100, 'y'))}));
    run("ROLLBACK TO s; RELEASE s; COMMIT");
    run("DELETE FROM t");
  }

  const std::string path_ = (fs::temp_directory_path() / cat("wherry-free-", getpid(), ".db")).string();
  std::unique_ptr<Database> db_;
};

TEST_F(FreePages, AreBlankWhereSecureDeleteLeavesCopies) {
  leave_copies();
  EXPECT_TRUE(file_holds_marker()) << "SQLite blanks them by itself now: this may go";
  run("BEGIN");
  ASSERT_TRUE(blank_free_pages(*db_));
  run("COMMIT");
  EXPECT_FALSE(file_holds_marker());
  EXPECT_EQ(**db_->value("PRAGMA integrity_check"), Value("ok"));
  EXPECT_EQ(number("SELECT count(*) FROM wherry_blank"), 0);
}

TEST_F(FreePages, DoNotBecomeMore) {
  leave_copies();
  const auto blank = [&] {
    run("BEGIN");
    ASSERT_TRUE(blank_free_pages(*db_));
    run("COMMIT");
  };
  blank();
  const int64_t pages = number("PRAGMA page_count");
  for (int i = 0; i < 50; ++i) blank();
  EXPECT_EQ(number("PRAGMA page_count"), pages);
}

TEST_F(FreePages, MayBeNone) {
  ASSERT_EQ(number("PRAGMA freelist_count"), 0);
  run("BEGIN");
  ASSERT_TRUE(blank_free_pages(*db_));
  run("COMMIT");
  EXPECT_EQ(number("PRAGMA freelist_count"), 0);
}

}  // namespace
}  // namespace wherry::sqlite

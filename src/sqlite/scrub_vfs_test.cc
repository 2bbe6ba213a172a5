#include "sqlite/scrub_vfs.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.h"
#include "sqlite/database.h"

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

TEST(ScrubVfs, LeavesNoDeletedByteWhereSecureDeleteAloneDoes) {
  EXPECT_GT(remains("", 40), 0) << "SQLite clears its pages by itself now: the shim may go";
  EXPECT_EQ(remains(*scrubbing_vfs(""), 40), 0);
}

TEST(ScrubVfs, LeavesOtherPagesAlone) {
  unsigned char page[512] = {1, 2, 3};
  page[400] = 7;
  scrub_page(page, sizeof page, false);
  EXPECT_EQ(page[400], 7);
  EXPECT_EQ(*scrubbing_vfs(""), *scrubbing_vfs(""));
  EXPECT_FALSE(scrubbing_vfs("no such vfs"));
}

}  // namespace
}  // namespace wherry::sqlite

#include "sqlite/free_pages.h"

#include <algorithm>

#include "sqlite/page_vfs.h"

namespace wherry::sqlite {

namespace {

// A row takes at most this many, far below the size that SQLite allows.
constexpr int64_t kPagesPerRow = 4096;
// Of a page of such a row: the number of the next one, and the seal.
constexpr int64_t kNotContent = 4 + kSeal;

Result<int64_t> pragma(Database& db, std::string_view text) {
  TRY_ASSIGN(const std::optional<Value> value, db.value(text));
  return *value->integer();
}

}  // namespace

// Taken once more by a row that fills them with zeros, and freed again.
Result<> blank_free_pages(Database& db) {
  TRY_ASSIGN(const int64_t page, pragma(db, "PRAGMA page_size"));
  while (true) {
    TRY_ASSIGN(const int64_t free, pragma(db, "PRAGMA freelist_count"));
    if (free == 0) break;
    TRY(db.run("INSERT INTO wherry_blank(bytes) VALUES(zeroblob(?1))",
               {Value(std::min(free, kPagesPerRow) * (page - kNotContent))}));
  }
  return db.run("DELETE FROM wherry_blank");
}

}  // namespace wherry::sqlite

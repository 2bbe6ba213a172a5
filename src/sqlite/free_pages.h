// What secure_delete does not reach: pages of the free list that are not blank.
#pragma once

#include "sqlite/database.h"

namespace wherry::sqlite {

// An empty table that blank_free_pages() fills and empties again.
inline constexpr std::string_view kBlankTable =
    "CREATE TABLE wherry_blank(n INTEGER PRIMARY KEY, bytes BLOB NOT NULL);";

// Overwrites every free page of the main database, within the open transaction. secure_delete does so when a
// page is freed, but SQLite does not remember what a free page held when it takes one: after ROLLBACK TO it
// is free again, and holds what was written to it meanwhile, such as rows that moved there when a tree was
// balanced. Writes each of them. Requires: secure_delete is on, kBlankTable exists.
Result<> blank_free_pages(Database& db);

}  // namespace wherry::sqlite

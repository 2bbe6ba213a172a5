// A VFS over another that takes care of the pages of a database file. It *scrubs*: no deleted byte stays.
// `PRAGMA secure_delete` overwrites what is deleted, but when SQLite moves cells to a neighbouring page it
// leaves the old copies in the gap between a page's cell pointers and its cells, and nothing overwrites
// those; the gap of each b-tree page is cleared on its way into the file. And it *seals*: each page carries a
// hash of its content and number, so that bit rot and misplaced pages are found when they are read
// (SQLITE_CORRUPT) instead of being taken for data. And it gathers the small writes to the write-ahead log
// (wal_buffer.h). Source: the page layout of SQLite's file format.
//
// The seal is in the last kSeal bytes of a page, which the file's header must reserve. In memory and in the
// WAL, whose frames have checksums of their own, it is zero; a page with a zero seal in the file was brought
// there by another program's checkpoint, and is taken as it is, unless all of it is zero. Requires in files
// with seals: PRAGMA secure_delete is ON, else SQLite may leave holes and read them again.
#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"
#include "sqlite/database.h"

namespace wherry::sqlite {

constexpr int kSeal = 8;

// The name of the shim over the VFS `base` (empty: the default one); registered at the first call.
Result<std::string> page_vfs(const std::string& base);

// Reserves the place for seals in a file that has no page yet.
void reserve_seals(Database& db);
// Whether the file's pages have that place.
bool has_seals(Database& db);

// Clears the gap if the bytes are a b-tree page; `first` says that it is page 1, which begins with the
// file's header.
void scrub_page(unsigned char* page, size_t size, bool first);

}  // namespace wherry::sqlite

// A VFS that lets no deleted byte stay in a database file. `PRAGMA secure_delete` overwrites what is deleted,
// but when SQLite moves cells to a neighbouring page it leaves the old copies in the gap between a page's
// cell pointers and its cells, and nothing overwrites those. This shim clears the gap of each b-tree page on
// its way into the file. Source: the b-tree page layout of SQLite's file format.
#pragma once

#include <string>

#include "base/error.h"

namespace wherry::sqlite {

// The name of the shim over the VFS `base` (empty: the default one); registered at the first call.
Result<std::string> scrubbing_vfs(const std::string& base);

// Clears the gap if the bytes are a b-tree page; `first` says that it is page 1, which begins with the
// file's header.
void scrub_page(unsigned char* page, size_t size, bool first);

}  // namespace wherry::sqlite

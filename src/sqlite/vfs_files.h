// Whole files through a VFS of SQLite, wherever it keeps them. `vfs`: its name, empty for the default.
// Errors: kInvalid (no such VFS), kIo, kFull.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace wherry::sqlite {

Result<bool> file_exists(const std::string& path, const std::string& vfs);
// The first bytes of the file, at most `most`; fewer when it is shorter.
Result<std::string> file_start(const std::string& path, const std::string& vfs, int most);
// Makes a small file if there is none; durable when it returns. To SQLite's own VFS an empty one would not
// exist.
Result<> touch_file(const std::string& path, const std::string& vfs);
Result<> write_start(const std::string& path, const std::string& vfs, const std::string& bytes);
// Lets a file of pages grow to so many of them, with zeros. A page that it ends in, cut off, becomes zeros,
// too.
Result<> grow_file(const std::string& path, const std::string& vfs, int64_t pages, int64_t page);
Result<int64_t> file_size(const std::string& path, const std::string& vfs);
// Durable when it returns. An older file `to` is replaced.
Result<> copy_file(const std::string& from, const std::string& to, const std::string& vfs);
// Durable when it returns; nothing when there is no such file.
Result<> remove_file(const std::string& path, const std::string& vfs);

}  // namespace wherry::sqlite

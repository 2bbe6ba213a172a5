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
// Makes an empty file if there is none.
Result<> touch_file(const std::string& path, const std::string& vfs);
Result<> write_start(const std::string& path, const std::string& vfs, const std::string& bytes);
// Adds zeros until it is that long, in bytes.
Result<> grow_file(const std::string& path, const std::string& vfs, int64_t size);
Result<int64_t> file_size(const std::string& path, const std::string& vfs);
// Durable when it returns. An older file `to` is replaced.
Result<> copy_file(const std::string& from, const std::string& to, const std::string& vfs);
// Durable when it returns; nothing when there is no such file.
Result<> remove_file(const std::string& path, const std::string& vfs);

}  // namespace wherry::sqlite

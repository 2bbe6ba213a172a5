// Small files, written so that they survive a power loss.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace wherry::server {

// kIo or kFull out of errno, with what was being done.
Error system_error(std::string_view doing, const std::string& path, int error_number);

// kNotFound, kIo, kLimit when it is larger than `bytes_max`.
Result<std::string> read_file(const std::string& path, size_t bytes_max);
// Makes a file that must not exist (kExists) and makes its bytes durable; the name is durable after
// sync_path().
Result<> write_new_file(const std::string& path, std::string_view bytes, unsigned mode);
// Makes a file or a folder's list of names durable.
Result<> sync_path(const std::string& path);

// An exclusive lock on a file (made when missing), held until destruction or the end of the process.
class FileLock {
 public:
  // kBusy, with what the holder wrote into the file, when another process has it.
  static Result<FileLock> take(const std::string& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();
  // Leaves a note for whoever finds the lock taken.
  Result<> write_note(std::string_view note);

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace wherry::server

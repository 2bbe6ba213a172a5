#include "sqlite/vfs_files.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include <sqlite3.h>

#include "base/text.h"

namespace wherry::sqlite {

namespace {

// SQLite's own VFS writes less than 128 KiB at once.
constexpr sqlite3_int64 kBlock = 64 << 10;

Result<sqlite3_vfs*> find(const std::string& name) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(name.empty() ? nullptr : name.c_str());
  if (vfs == nullptr) return fail(ErrorCode::kInvalid, cat("there is no VFS named ", name));
  return vfs;
}

class File {
 public:
  // A type of file without locks. Its permissions are those of the database whose name its own begins with.
  static constexpr int kType = SQLITE_OPEN_MAIN_JOURNAL;

  static Result<File> open(const std::string& path, const std::string& vfs_name, int flags) {
    TRY_ASSIGN(sqlite3_vfs * vfs, find(vfs_name));
    File file(path, static_cast<size_t>(vfs->szOsFile));
    if (vfs->xOpen(vfs, file.name_.get(), file.get(), flags | kType, nullptr) != SQLITE_OK)
      return fail(ErrorCode::kIo, cat("cannot open ", path));
    return file;
  }
  ~File() {
    if (!memory_.empty() && get()->pMethods != nullptr) get()->pMethods->xClose(get());
  }
  File(File&& other) noexcept = default;
  File& operator=(File&& other) = delete;

  sqlite3_file* get() { return reinterpret_cast<sqlite3_file*>(memory_.data()); }
  const sqlite3_io_methods* operator->() { return get()->pMethods; }

 private:
  File(const std::string& path, size_t bytes)
      : memory_(bytes / sizeof(std::max_align_t) + 1),
        name_(sqlite3_create_filename(path.c_str(), "", "", 0, nullptr), sqlite3_free_filename) {}
  std::vector<std::max_align_t> memory_;
  // A VFS may look for URI parameters behind the name and keep the pointer.
  std::unique_ptr<const char, void (*)(const char*)> name_;
};

std::unexpected<Error> failed(int code, const char* doing, const std::string& path) {
  return fail((code & 0xFF) == SQLITE_FULL ? ErrorCode::kFull : ErrorCode::kIo,
              cat("cannot ", doing, " ", path));
}

}  // namespace

Result<bool> file_exists(const std::string& path, const std::string& name) {
  TRY_ASSIGN(sqlite3_vfs * vfs, find(name));
  int found = 0;
  if (vfs->xAccess(vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &found) != SQLITE_OK)
    return fail(ErrorCode::kIo, cat("cannot look for ", path));
  return found != 0;
}

Result<std::string> file_start(const std::string& path, const std::string& vfs, int most) {
  TRY_ASSIGN(File file, File::open(path, vfs, SQLITE_OPEN_READONLY));
  sqlite3_int64 size = 0;
  std::string bytes;
  int code = file->xFileSize(file.get(), &size);
  if (code == SQLITE_OK) {
    bytes.resize(static_cast<size_t>(std::min<sqlite3_int64>(size, most)));
    if (!bytes.empty()) code = file->xRead(file.get(), bytes.data(), static_cast<int>(bytes.size()), 0);
  }
  if (code != SQLITE_OK) return failed(code, "read", path);
  return bytes;
}

Result<> touch_file(const std::string& path, const std::string& vfs) {
  TRY_ASSIGN(File file, File::open(path, vfs, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  int code = file->xWrite(file.get(), "\n", 1, 0);
  if (code == SQLITE_OK) code = file->xSync(file.get(), SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK) return failed(code, "write", path);
  return {};
}

Result<> write_start(const std::string& path, const std::string& vfs, const std::string& bytes) {
  TRY_ASSIGN(File file, File::open(path, vfs, SQLITE_OPEN_READWRITE));
  if (const int code = file->xWrite(file.get(), bytes.data(), static_cast<int>(bytes.size()), 0);
      code != SQLITE_OK)
    return failed(code, "write", path);
  return {};
}

Result<> grow_file(const std::string& path, const std::string& vfs, int64_t pages, int64_t page) {
  TRY_ASSIGN(const int64_t size, file_size(path, vfs));
  if (size >= pages * page) return {};
  TRY_ASSIGN(File file, File::open(path, vfs, SQLITE_OPEN_READWRITE));
  int code = file->xTruncate(file.get(), size / page * page);
  if (code == SQLITE_OK) code = file->xWrite(file.get(), "", 1, pages * page - 1);
  if (code != SQLITE_OK) return failed(code, "write", path);
  return {};
}

Result<int64_t> file_size(const std::string& path, const std::string& vfs) {
  TRY_ASSIGN(File file, File::open(path, vfs, SQLITE_OPEN_READONLY));
  sqlite3_int64 size = 0;
  if (const int code = file->xFileSize(file.get(), &size); code != SQLITE_OK)
    return failed(code, "measure", path);
  return size;
}

Result<> copy_file(const std::string& from, const std::string& to, const std::string& vfs) {
  TRY(remove_file(to, vfs));
  TRY_ASSIGN(File source, File::open(from, vfs, SQLITE_OPEN_READONLY));
  TRY_ASSIGN(File target, File::open(to, vfs, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  sqlite3_int64 size = 0;
  int code = source->xFileSize(source.get(), &size);
  std::string block;
  for (sqlite3_int64 at = 0; code == SQLITE_OK && at < size; at += kBlock) {
    block.resize(static_cast<size_t>(std::min(kBlock, size - at)));
    code = source->xRead(source.get(), block.data(), static_cast<int>(block.size()), at);
    if (code == SQLITE_OK)
      code = target->xWrite(target.get(), block.data(), static_cast<int>(block.size()), at);
  }
  if (code == SQLITE_OK) code = target->xSync(target.get(), SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK) return failed(code, "copy", from);
  return {};
}

Result<> remove_file(const std::string& path, const std::string& name) {
  TRY_ASSIGN(sqlite3_vfs * vfs, find(name));
  const int code = vfs->xDelete(vfs, path.c_str(), 1);
  if (code == SQLITE_OK || code == SQLITE_IOERR_DELETE_NOENT) return {};
  return failed(code, "delete", path);
}

}  // namespace wherry::sqlite

#include "server/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace wherry::server {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  bool valid() const { return number_ >= 0; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// False on error, with errno.
bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace

Error system_error(std::string_view doing, const std::string& path, int error_number) {
  const ErrorCode code = error_number == ENOSPC || error_number == EDQUOT ? ErrorCode::kFull
                         : error_number == ENOENT                         ? ErrorCode::kNotFound
                                                                          : ErrorCode::kIo;
  return {code, cat("Cannot ", doing, ' ', path, ": ", std::generic_category().message(error_number), '.')};
}

Result<std::string> read_file(const std::string& path, size_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return std::unexpected(system_error("read", path, errno));
  std::string out;
  char piece[16 << 10];
  for (;;) {
    const ssize_t n = ::read(file.number(), piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(system_error("read", path, errno));
    if (n == 0) return out;
    if (out.size() + static_cast<size_t>(n) > bytes_max) {
      return fail(ErrorCode::kLimit, cat(path, " is larger than ", bytes_max, " bytes."));
    }
    out.append(piece, static_cast<size_t>(n));
  }
}

Result<> write_new_file(const std::string& path, std::string_view bytes, unsigned mode) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file.valid()) {
    if (errno == EEXIST) return fail(ErrorCode::kExists, cat(path, " exists already."));
    return std::unexpected(system_error("create", path, errno));
  }
  if (!write_all(file.number(), bytes) || ::fsync(file.number()) != 0) {
    const int number = errno;
    ::unlink(path.c_str());
    return std::unexpected(system_error("write", path, number));
  }
  return {};
}

Result<> sync_path(const std::string& path) {
  const Descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened.valid() || ::fsync(opened.number()) != 0)
    return std::unexpected(system_error("sync", path, errno));
  return {};
}

Result<FileLock> FileLock::take(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) return std::unexpected(system_error("open", path, errno));
  while (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return std::unexpected(system_error("lock", path, errno));
    char note[200];
    const ssize_t n = ::pread(file.number(), note, sizeof note, 0);
    return fail(ErrorCode::kBusy, std::string(note, static_cast<size_t>(std::max<ssize_t>(n, 0))));
  }
  return FileLock(file.release());
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}
FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<> FileLock::write_note(std::string_view note) {
  if (::ftruncate(descriptor_, 0) != 0 || ::pwrite(descriptor_, note.data(), note.size(), 0) < 0) {
    return std::unexpected(system_error("write", "the lock file", errno));
  }
  return {};
}

}  // namespace wherry::server

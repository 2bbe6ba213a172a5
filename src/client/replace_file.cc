#include "client/replace_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/text.h"

namespace wherry::client {

namespace {

Error io_error(std::string_view doing, const std::string& path) {
  return {ErrorCode::kIo, cat("cannot ", doing, " ", path, ": ", std::strerror(errno))};
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

Result<> replace_file(const std::string& path, std::string_view text) {
  const std::string temporary = path + ".new";
  ::unlink(temporary.c_str());  // one left by a crash may have another mode
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return std::unexpected(io_error("write", temporary));
  const bool written = write_all(fd, text) && ::fsync(fd) == 0;
  if (::close(fd) != 0 || !written) return std::unexpected(io_error("write", temporary));
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return std::unexpected(io_error("write", path));
  return {};
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    if (errno == ENOENT) return fail(ErrorCode::kNotFound, cat("there is no ", path));
    return std::unexpected(io_error("read", path));
  }
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

}  // namespace wherry::client

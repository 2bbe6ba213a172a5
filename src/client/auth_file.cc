#include "client/auth_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace wherry::client {

namespace {

std::string auth_path(const std::string& path) {
  return path + ".auth";
}

Error io_error(std::string_view doing, const std::string& file) {
  return {ErrorCode::kIo, cat("cannot ", doing, " ", file, ": ", std::strerror(errno))};
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

Result<Auth> read_auth(const std::string& path) {
  const std::string file = auth_path(path);
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    if (errno == ENOENT) return fail(ErrorCode::kNotFound, cat("there is no ", file));
    return std::unexpected(io_error("read", file));
  }
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("url") || !json["url"].is_string() || !json.contains("token") ||
      !json["token"].is_string())
    return fail(ErrorCode::kInvalid, cat(file, R"( is not of the form {"url": …, "token": …})"));
  return Auth{.url = json["url"].get<std::string>(), .token = json["token"].get<std::string>()};
}

Result<> write_auth(const std::string& path, const Auth& auth) {
  const std::string file = auth_path(path);
  const std::string temporary = file + ".new";
  std::string text;
  try {
    text = nlohmann::json{{"url", auth.url}, {"token", auth.token}}.dump() + "\n";
  } catch (const nlohmann::json::exception&) {
    return fail(ErrorCode::kInvalid, "the url or the token is not valid UTF-8");
  }
  ::unlink(temporary.c_str());  // one left by a crash may have another owner's mode
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return std::unexpected(io_error("write", temporary));
  const bool written = write_all(fd, text) && ::fsync(fd) == 0;
  if (::close(fd) != 0 || !written) return std::unexpected(io_error("write", temporary));
  if (std::rename(temporary.c_str(), file.c_str()) != 0) return std::unexpected(io_error("write", file));
  return {};
}

}  // namespace wherry::client

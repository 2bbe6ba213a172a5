#include "client/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/text.h"

namespace wherry::client {

namespace {

Error system_error(ErrorCode code, std::string_view doing, const std::string& path) {
  return {code, cat("cannot ", doing, " ", path, ": ", std::strerror(errno))};
}

// An address holds 107 bytes of path; a longer one is reached through a descriptor of its folder, which
// must stay open until the address has been used.
struct Address {
  sockaddr_un address{};
  Descriptor folder;
};

Result<Address> address_of(const std::string& path) {
  Address out;
  out.address.sun_family = AF_UNIX;
  std::string name = path;
  if (name.size() >= sizeof out.address.sun_path) {
    const std::filesystem::path whole(path);
    const std::string folder = whole.has_parent_path() ? whole.parent_path().string() : ".";
    out.folder = Descriptor(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (out.folder.get() < 0) return std::unexpected(system_error(ErrorCode::kNotFound, "open", folder));
    name = cat("/proc/self/fd/", out.folder.get(), "/", whole.filename().string());
  }
  if (name.size() >= sizeof out.address.sun_path)
    return fail(ErrorCode::kInvalid, cat("the file's name is too long for a socket: ", path));
  std::memcpy(out.address.sun_path, name.data(), name.size());
  return out;
}

Result<Descriptor> new_socket(int flags) {
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (fd.get() < 0) return fail(ErrorCode::kIo, cat("cannot make a socket: ", std::strerror(errno)));
  return fd;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Descriptor> listen_at(const std::string& path) {
  TRY_ASSIGN(const Address address, address_of(path));
  TRY_ASSIGN(Descriptor fd, new_socket(SOCK_NONBLOCK));
  // Set before bind, so that the socket's file never has another mode.
  if (::fchmod(fd.get(), 0600) != 0) return std::unexpected(system_error(ErrorCode::kIo, "protect", path));
  ::unlink(path.c_str());
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.address), sizeof address.address) != 0 ||
      ::listen(fd.get(), 8) != 0)
    return std::unexpected(system_error(ErrorCode::kIo, "listen at", path));
  return fd;
}

Result<Descriptor> connect_to(const std::string& path) {
  TRY_ASSIGN(const Address address, address_of(path));
  TRY_ASSIGN(Descriptor fd, new_socket(0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.address), sizeof address.address) != 0) {
    const bool nobody = errno == ENOENT || errno == ECONNREFUSED;
    return std::unexpected(system_error(nobody ? ErrorCode::kNotFound : ErrorCode::kIo, "connect to", path));
  }
  return fd;
}

}  // namespace wherry::client

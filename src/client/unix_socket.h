// Unix sockets by the path of a file, however long the path is.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace wherry::client {

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

// A listening socket with mode 0600, non-blocking. kIo, kInvalid (the file's name is too long).
Result<Descriptor> listen_at(const std::string& path);
// kNotFound: nobody listens there.
Result<Descriptor> connect_to(const std::string& path);

}  // namespace wherry::client

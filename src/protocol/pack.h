// The outermost layer of messages and bodies: a byte that names the packing, then the content, plain or as a
// zstd frame without its magic number (the first four bytes, always the same); a frame of one small block,
// made with the dictionary, goes without its other headers, too. Source: RFC 8878 (Zstandard). Thread: one at
// a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "protocol/messages.h"

namespace wherry::protocol {

class Packer {
 public:
  Packer();
  ~Packer();
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;

  // Appends the packed form of `plain` to `out`: with `compression` when that is smaller, else plain.
  void pack(std::string_view plain, Compression compression, std::string& out);
  // Errors: kProtocol for a broken frame or bytes after it, kLimit beyond limits::kMessageBytes.
  Result<std::string> unpack(std::string_view packed);

  // The packer of this thread.
  static Packer& mine();

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace wherry::protocol

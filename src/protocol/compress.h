// What a sender compresses with, apart from the rest of a packer: a program that sends little may link one
// that never does, as the core for browsers does (src/wasm/no_compressor.cc).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "protocol/messages.h"

namespace wherry::protocol {

class Compressor {
 public:
  Compressor();
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  // The content as a zstd frame; empty if none was made.
  std::string frame(std::string_view plain, Compression compression);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace wherry::protocol

// In place of protocol/compress.cc. A browser sends little, and what could compress it would be more to
// download.
#include "protocol/compress.h"

namespace wherry::protocol {

struct Compressor::Contexts {};

Compressor::Compressor() = default;
Compressor::~Compressor() = default;

std::string Compressor::frame(std::string_view, Compression) {
  return {};
}

}  // namespace wherry::protocol

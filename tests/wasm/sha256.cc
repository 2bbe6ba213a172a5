// SHA-256 as Node has it, where native tests take OpenSSL's.
#include <cstdint>

#include "net/token.h"

extern "C" __attribute__((import_module("wherry_test"), import_name("sha256"))) void wherry_test_sha256(
    const void* bytes, int32_t length, void* digest);

namespace wherry::net {

std::string sha256(std::string_view bytes) {
  std::string digest(32, '\0');
  wherry_test_sha256(bytes.data(), static_cast<int32_t>(bytes.size()), digest.data());
  return digest;
}

}  // namespace wherry::net

// Hashing and randomness out of OpenSSL (declared in token.h).
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "net/token.h"

namespace wherry::net {

std::string sha256(std::string_view bytes) {
  // Fetched once: an implicit fetch per digest costs as much as hashing a short record.
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                                     &EVP_MD_CTX_free);
  std::string out(32, '\0');
  unsigned int length = 0;
  const bool done =
      algorithm != nullptr && context != nullptr &&
      EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1 &&
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
      EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(out.data()), &length) == 1;
  // SHA-256 of bytes in memory fails only when memory or the library itself is broken.
  if (!done || length != out.size()) std::abort();
  return out;
}

void fill_random(std::span<uint8_t> out) {
  // Nothing that needs unpredictable bytes may go on without them.
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) std::abort();
}

std::function<void(std::span<uint8_t>)> random_drawn_ahead() {
  struct Drawn {
    std::array<uint8_t, 4096> bytes;
    size_t used = sizeof bytes;
    ~Drawn() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  };
  return [drawn = std::make_shared<Drawn>()](std::span<uint8_t> out) {
    if (out.size() > drawn->bytes.size()) return fill_random(out);
    if (out.size() > drawn->bytes.size() - drawn->used) {
      fill_random(drawn->bytes);
      drawn->used = 0;
    }
    uint8_t* const from = drawn->bytes.data() + drawn->used;
    std::copy_n(from, out.size(), out.data());
    OPENSSL_cleanse(from, out.size());
    drawn->used += out.size();
  };
}

}  // namespace wherry::net

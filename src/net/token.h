// JSON Web Tokens, HS256: made by `wherry token`, checked at hello. Source: RFC 7515, 7519, 8725.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace wherry::net {

struct TokenClaims {
  std::string user_id;             // sub: 1..200 characters, no control characters
  std::string workspace;           // wsp
  std::vector<std::string> roles;  // roles, at most 20
  Millis expires;                  // exp (seconds in the token)
};

std::string make_token(const TokenClaims& claims, std::string_view secret);
// kUnauthorized with a reason that names no secret: bad form, another algorithm than HS256, a wrong signature
// (constant-time comparison), expired, another workspace.
Result<TokenClaims> verify_token(std::string_view token, std::string_view secret, std::string_view workspace,
                                 Millis now);
// The same for the workspace that the token is for, whichever that is.
Result<TokenClaims> verify_token(std::string_view token, std::string_view secret, Millis now);

std::string sha256(std::string_view bytes);  // 32 raw bytes, OpenSSL EVP
void fill_random(std::span<uint8_t> out);    // OpenSSL RAND_bytes
// The same for one thread, drawn ahead in larger pieces: the call costs more than the bytes. Copies share
// what was drawn.
std::function<void(std::span<uint8_t>)> random_drawn_ahead();

}  // namespace wherry::net

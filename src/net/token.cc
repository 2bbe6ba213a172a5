#include "net/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/text.h"
#include "net/base64url.h"

namespace wherry::net {
namespace {

using Json = nlohmann::json;

constexpr size_t kTokenBytes = 4096;
constexpr int kJsonDepth = 4;
constexpr size_t kRoles = 20;
constexpr size_t kUserCharacters = 200;
constexpr size_t kRoleCharacters = 100;
// How far the clock of whoever made the token may run ahead of ours.
constexpr int64_t kLeewayMs = 60'000;
constexpr int64_t kSecondsMax = int64_t{1} << 40;

std::unexpected<Error> refuse(std::string_view why) {
  return fail(ErrorCode::kUnauthorized, cat("The token ", why, "."));
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned int length = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
           reinterpret_cast<unsigned char*>(out.data()), &length) == nullptr) {
    std::abort();
  }
  out.resize(length);
  return out;
}

// A JSON object in which no name occurs twice: two readers of one token must not see different claims.
std::optional<Json> parse_object(std::string_view text) {
  bool sound = true;
  std::vector<std::set<std::string>> names;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kJsonDepth) sound = false;
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key && !names.back().insert(parsed.get<std::string>()).second)
      sound = false;
    return true;
  };
  Json json = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (!sound || !json.is_object()) return std::nullopt;
  return json;
}

bool is_name(const Json& json, size_t characters_max) {
  if (!json.is_string()) return false;
  const auto& text = json.get_ref<const std::string&>();
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !text.empty() && text.size() <= characters_max * 4 && count_code_points(text) <= characters_max &&
         std::none_of(text.begin(), text.end(), control);
}

// A NumericDate of whole seconds, in milliseconds.
std::optional<int64_t> date_ms(const Json& json) {
  if (!json.is_number_integer()) return std::nullopt;
  if (json.is_number_unsigned() && json.get<uint64_t>() > static_cast<uint64_t>(kSecondsMax))
    return std::nullopt;
  const auto seconds = json.get<int64_t>();
  if (seconds < 0 || seconds > kSecondsMax) return std::nullopt;
  return seconds * 1000;
}

// The key is always ours and the algorithm always HS256: `kid`, `jku`, `x5u` and their kin choose nothing.
Result<> check_header(const Json& header) {
  const auto alg = header.find("alg");
  if (alg == header.end() || *alg != "HS256") return refuse("is not signed with HS256");
  const auto typ = header.find("typ");
  if (typ != header.end() && *typ != "JWT") return refuse("is of another type than JWT");
  if (header.contains("crit")) return refuse("demands an extension that is not known");
  return {};
}

Result<> check_times(const Json& claims, Millis now) {
  const auto exp = claims.find("exp");
  if (exp == claims.end()) return refuse("has no expiry");
  const auto expires = date_ms(*exp);
  if (!expires) return refuse("has an expiry that is no whole number of seconds");
  if (*expires <= now.count) return refuse("has expired");
  for (const char* name : {"nbf", "iat"}) {
    const auto claim = claims.find(name);
    if (claim == claims.end()) continue;
    const auto from = date_ms(*claim);
    if (!from) return refuse(cat("has an `", std::string_view(name), "` that is no whole number of seconds"));
    if (*from > now.count + kLeewayMs) return refuse("is not valid yet");
  }
  return {};
}

Result<> check_audience(const Json& claims) {
  const auto aud = claims.find("aud");
  if (aud == claims.end() || *aud == "wherry") return {};
  if (aud->is_array() && std::find(aud->begin(), aud->end(), "wherry") != aud->end()) return {};
  return refuse("is meant for another service");
}

Result<std::vector<std::string>> read_roles(const Json& claims) {
  std::vector<std::string> roles;
  const auto claim = claims.find("roles");
  if (claim == claims.end()) return roles;
  if (!claim->is_array() || claim->size() > kRoles) return refuse("has no proper list of roles");
  for (const Json& role : *claim) {
    if (!is_name(role, kRoleCharacters)) return refuse("has no proper list of roles");
    const auto& name = role.get_ref<const std::string&>();
    if (std::find(roles.begin(), roles.end(), name) == roles.end()) roles.push_back(name);
  }
  return roles;
}

}  // namespace

std::string make_token(const TokenClaims& claims, std::string_view secret) {
  Json payload = {{"sub", claims.user_id},
                  {"wsp", claims.workspace},
                  {"roles", claims.roles},
                  {"exp", claims.expires.count / 1000}};
  const std::string body = payload.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::string signed_part =
      cat(to_base64url(R"({"alg":"HS256","typ":"JWT"})"), '.', to_base64url(body));
  return cat(signed_part, '.', to_base64url(hmac_sha256(secret, signed_part)));
}

namespace {

// `workspace`: nothing if any will do.
Result<TokenClaims> verify(std::string_view token, std::string_view secret,
                           std::optional<std::string_view> workspace, Millis now) {
  if (token.empty()) return refuse("is missing");
  if (token.size() > kTokenBytes) return refuse("is too long");
  const size_t first = token.find('.');
  const size_t second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) return refuse("is malformed");

  const auto header_text = from_base64url(token.substr(0, first));
  const auto body_text = from_base64url(token.substr(first + 1, second - first - 1));
  const auto signature = from_base64url(token.substr(second + 1));
  if (!header_text || !body_text || !signature) return refuse("is malformed");
  const auto header = parse_object(*header_text);
  if (!header) return refuse("is malformed");
  TRY(check_header(*header));

  const std::string expected = hmac_sha256(secret, token.substr(0, second));
  if (signature->size() != expected.size() ||
      CRYPTO_memcmp(signature->data(), expected.data(), expected.size()) != 0) {
    return refuse("has a wrong signature");
  }

  const auto claims = parse_object(*body_text);
  if (!claims) return refuse("is malformed");
  TRY(check_times(*claims, now));
  TRY(check_audience(*claims));
  const auto wsp = claims->find("wsp");
  if (wsp == claims->end() || !wsp->is_string() || (workspace && *wsp != *workspace)) {
    return refuse("is for another workspace");
  }
  const auto sub = claims->find("sub");
  if (sub == claims->end() || !is_name(*sub, kUserCharacters)) return refuse("names no user");
  TRY_ASSIGN(auto roles, read_roles(*claims));
  return TokenClaims{.user_id = sub->get<std::string>(),
                     .workspace = wsp->get<std::string>(),
                     .roles = std::move(roles),
                     .expires = Millis{claims->at("exp").get<int64_t>() * 1000}};
}

}  // namespace

Result<TokenClaims> verify_token(std::string_view token, std::string_view secret, std::string_view workspace,
                                 Millis now) {
  return verify(token, secret, workspace, now);
}

Result<TokenClaims> verify_token(std::string_view token, std::string_view secret, Millis now) {
  return verify(token, secret, std::nullopt, now);
}

}  // namespace wherry::net

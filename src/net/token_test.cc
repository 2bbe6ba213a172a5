#include "net/token.h"

#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include <set>

#include "base/text.h"
#include "net/base64url.h"

namespace wherry::net {
namespace {

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";
constexpr Millis kNow{1'700'000'000'000};
constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT"})";
constexpr std::string_view kClaims = R"({"sub":"ann","wsp":"demo","exp":1700000060})";

// A token with any header and payload, signed as HS256 demands.
std::string sign(std::string_view header, std::string_view payload, std::string_view secret = kSecret) {
  const std::string text = cat(to_base64url(header), '.', to_base64url(payload));
  unsigned char mac[32];
  unsigned int length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &length);
  return cat(text, '.', to_base64url({reinterpret_cast<const char*>(mac), length}));
}

Result<TokenClaims> verify(std::string_view token) {
  return verify_token(token, kSecret, "demo", kNow);
}

void expect_refused(std::string_view token, std::string_view why) {
  const auto result = verify(token);
  ASSERT_FALSE(result) << token;
  EXPECT_EQ(result.error().code, ErrorCode::kUnauthorized);
  EXPECT_NE(result.error().message.find(why), std::string::npos) << result.error().message;
  EXPECT_EQ(result.error().message.find(kSecret), std::string::npos);
}

TEST(Token, TellsItsWorkspaceIfAnyWillDo) {
  const auto claims =
      verify_token(sign(kHeader, R"({"sub":"ann","wsp":"here","exp":1700000060})"), kSecret, kNow);
  ASSERT_TRUE(claims) << claims.error().text();
  EXPECT_EQ(claims->workspace, "here");
  EXPECT_FALSE(verify_token(sign(kHeader, R"({"sub":"ann","exp":1700000060})"), kSecret, kNow));
  EXPECT_FALSE(verify_token(sign(kHeader, R"({"sub":"ann","wsp":7,"exp":1700000060})"), kSecret, kNow));
  EXPECT_FALSE(verify_token(sign(kHeader, kClaims, "another secret"), kSecret, kNow));
}

TEST(Random, DrawnAheadNeverRepeats) {
  const auto draw = random_drawn_ahead();
  const auto copy = draw;
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(16, '\0');
    (i % 2 == 0 ? draw : copy)({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
    EXPECT_TRUE(seen.insert(bytes).second);
  }
  std::string large(10'000, '\0');
  draw({reinterpret_cast<uint8_t*>(large.data()), large.size()});
  EXPECT_NE(large.substr(0, 5000), large.substr(5000));
}

TEST(Token, RoundTripsItsClaims) {
  const TokenClaims claims{"ann", "demo", {"admin", "hr"}, Millis{1'700'000'060'999}};
  const auto back = verify(make_token(claims, kSecret));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(back->user_id, "ann");
  EXPECT_EQ(back->workspace, "demo");
  EXPECT_EQ(back->roles, (std::vector<std::string>{"admin", "hr"}));
  EXPECT_EQ(back->expires, Millis{1'700'000'060'000});
}

TEST(Token, AcceptsForeignTokensOfTheSameForm) {
  EXPECT_TRUE(verify(sign(kHeader, kClaims)));
  EXPECT_TRUE(verify(sign(R"({"alg":"HS256"})", kClaims)));
  EXPECT_TRUE(verify(sign(
      kHeader,
      R"({"sub":"ann","wsp":"demo","exp":1700000060,"iat":1700000000,"nbf":1700000030,"aud":["x","wherry"]})")));
}

TEST(Token, RefusesOtherAlgorithms) {
  for (const char* header :
       {R"({"alg":"none"})", R"({"alg":"hs256"})", R"({"alg":"HS384"})", R"({"alg":"RS256"})",
        R"({"alg":["HS256"]})", R"({"typ":"JWT"})", R"({"alg":null})"}) {
    expect_refused(sign(header, kClaims), "HS256");
  }
  expect_refused(cat(to_base64url(R"({"alg":"none"})"), '.', to_base64url(kClaims), '.'), "HS256");
}

TEST(Token, RefusesATokenWithoutSignature) {
  expect_refused(cat(to_base64url(kHeader), '.', to_base64url(kClaims), '.'), "signature");
  expect_refused(cat(to_base64url(kHeader), '.', to_base64url(kClaims)), "malformed");
}

TEST(Token, RefusesAnotherKeyAndAnyChangedByte) {
  expect_refused(sign(kHeader, kClaims, "another secret"), "signature");
  expect_refused(sign(kHeader, kClaims, ""), "signature");
  const std::string good = sign(kHeader, kClaims);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verify(bad)) << i;
  }
}

TEST(Token, IgnoresKeysThatTheHeaderNames) {
  EXPECT_TRUE(verify(sign(
      R"({"alg":"HS256","kid":"../../dev/null","jku":"https://evil.example/","x5u":"https://evil.example/"})",
      kClaims)));
  expect_refused(sign(R"({"alg":"HS256","kid":"x","jwk":{"kty":"oct","k":""}})", kClaims, ""), "signature");
}

TEST(Token, RefusesCriticalExtensionsAndOtherTypes) {
  expect_refused(sign(R"({"alg":"HS256","crit":["exp"]})", kClaims), "extension");
  expect_refused(sign(R"({"alg":"HS256","crit":[]})", kClaims), "extension");
  expect_refused(sign(R"({"alg":"HS256","typ":"at+jwt"})", kClaims), "type");
  expect_refused(sign(R"({"alg":"HS256","typ":1})", kClaims), "type");
}

TEST(Token, RefusesDuplicateNames) {
  expect_refused(sign(R"({"alg":"none","alg":"HS256"})", kClaims), "malformed");
  expect_refused(sign(kHeader, R"({"sub":"bob","sub":"ann","wsp":"demo","exp":1700000060})"), "malformed");
  expect_refused(sign(kHeader, R"({"sub":"ann","wsp":"demo","exp":1700000060,"x":{"a":1,"\u0061":2}})"),
                 "malformed");
}

TEST(Token, WantsAWholeNumberAsExpiryInTheFuture) {
  const auto with = [](std::string_view exp) {
    return sign(kHeader, cat(R"({"sub":"ann","wsp":"demo","exp":)", exp, '}'));
  };
  expect_refused(sign(kHeader, R"({"sub":"ann","wsp":"demo"})"), "no expiry");
  expect_refused(with("1700000000"), "expired");
  expect_refused(with("0"), "expired");
  for (const char* exp : {"\"1700000060\"", "1700000060.5", "1e300", "null", "true", "-1",
                          "18446744073709551615", "9223372036854775807", "[1700000060]"}) {
    expect_refused(with(exp), "expiry");
  }
  EXPECT_TRUE(with("1700000001").size() > 0 && verify(with("1700000001")));
}

TEST(Token, ChecksOptionalTimes) {
  const auto with = [](std::string_view rest) {
    return sign(kHeader, cat(R"({"sub":"ann","wsp":"demo","exp":1700009999,)", rest, '}'));
  };
  expect_refused(with(R"("nbf":1700000100)"), "not valid yet");
  expect_refused(with(R"("iat":1700000100)"), "not valid yet");
  expect_refused(with(R"("nbf":"now")"), "nbf");
  expect_refused(with(R"("iat":-5)"), "iat");
}

TEST(Token, RefusesAnotherWorkspaceOrAudience) {
  expect_refused(sign(kHeader, R"({"sub":"ann","wsp":"other","exp":1700000060})"), "another workspace");
  expect_refused(sign(kHeader, R"({"sub":"ann","wsp":["demo"],"exp":1700000060})"), "another workspace");
  expect_refused(sign(kHeader, R"({"sub":"ann","exp":1700000060})"), "another workspace");
  expect_refused(sign(kHeader, R"({"sub":"ann","wsp":"demo","exp":1700000060,"aud":"mail"})"),
                 "another service");
}

TEST(Token, RefusesOddUsers) {
  const auto with = [](std::string_view sub) {
    return sign(kHeader, cat(R"({"wsp":"demo","exp":1700000060,"sub":)", sub, '}'));
  };
  const std::string longest(200, 'u');
  EXPECT_TRUE(verify(with(cat('"', longest, '"'))));
  expect_refused(with(cat('"', longest, "u\"")), "no user");
  for (const char* sub : {"\"\"", "7", "null", "\"a\\u0000b\"", "\"a\\nb\"", "\"\\u007f\""})
    expect_refused(with(sub), "no user");
  expect_refused(sign(kHeader, R"({"wsp":"demo","exp":1700000060})"), "no user");
  expect_refused(with("\"\\ud800\""), "malformed");
  expect_refused(with("\"\xff\""), "malformed");
}

TEST(Token, RefusesOddRoles) {
  const auto with = [](std::string_view roles) {
    return sign(kHeader, cat(R"({"sub":"ann","wsp":"demo","exp":1700000060,"roles":)", roles, '}'));
  };
  for (const char* roles : {"\"admin\"", "{}", "[1]", "[\"\"]", "[\"a\\u0001\"]", "[[\"admin\"]]"}) {
    expect_refused(with(roles), "roles");
  }
  std::string many = "[\"r0\"";
  for (int i = 1; i <= 20; ++i) many += cat(",\"r", i, '"');
  expect_refused(with(many + "]"), "roles");
  EXPECT_EQ(verify(with(R"(["a","b","a"])"))->roles, (std::vector<std::string>{"a", "b"}));
}

TEST(Token, RefusesMalformedText) {
  for (const char* token :
       {".", "..", "...", "a.b.c", "e30.e30.e30", "e30.e30.e30.e30", " ", "Bearer x.y.z"}) {
    EXPECT_FALSE(verify(token)) << token;
  }
  expect_refused("", "missing");
  expect_refused(sign(kHeader, kClaims) + "=", "malformed");
  expect_refused(sign(kHeader, kClaims) + ".x", "malformed");
  expect_refused(sign("[]", kClaims), "malformed");
  expect_refused(sign(kHeader, "[1]"), "malformed");
  expect_refused(sign(kHeader, cat(kClaims, "x")), "malformed");
  expect_refused(sign(kHeader, std::string(200, '[') + std::string(200, ']')), "malformed");
  expect_refused(sign(kHeader, cat(R"({"x":")", std::string(4096, 'x'), "\"}")), "too long");
}

TEST(Token, EveryTruncationIsRefused) {
  const std::string good = sign(kHeader, kClaims);
  for (size_t i = 0; i < good.size(); ++i) EXPECT_FALSE(verify(std::string_view(good).substr(0, i))) << i;
}

TEST(Base64Url, AcceptsOnlyTheCanonicalForm) {
  for (const std::string& bytes : {std::string(), std::string("f"), std::string("fo"), std::string("foo"),
                                   std::string("\xff\xfe\xfd\0x", 5)}) {
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
  }
  EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
  for (const char* bad : {"-_9", "A", "AAAAA", "+/8", "-_8=", "-_ 8", "Zh"})
    EXPECT_FALSE(from_base64url(bad)) << bad;
}

TEST(Crypto, Sha256OfAKnownText) {
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Crypto, RandomBytesDiffer) {
  uint8_t a[16] = {}, b[16] = {};
  fill_random(a);
  fill_random(b);
  EXPECT_NE(std::string(a, a + 16), std::string(b, b + 16));
}

}  // namespace
}  // namespace wherry::net

#include "base/real.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>

namespace wherry {
namespace {

TEST(Real, HasTheFewestDigitsInTheShorterNotation) {
  const std::pair<double, const char*> cases[] = {
      {0.0, "0"},
      {-0.0, "-0"},
      {1, "1"},
      {-1.5, "-1.5"},
      {0.1, "0.1"},
      {1.0 / 3, "0.3333333333333333"},
      {10000, "10000"},
      {100000, "1e+05"},
      {120000, "120000"},
      {0.001, "0.001"},
      {0.0001, "1e-04"},
      {0.00012, "0.00012"},
      {0.00012345678901234567, "0.00012345678901234567"},
      {0.000012345678901234567, "1.2345678901234568e-05"},
      {9007199254740993, "9007199254740992"},
      {1180591620717411303424.0, "1180591620717411303424"},
      {12345678901234567890123.0, "1.2345678901234568e+22"},
      {1e22, "1e+22"},
      {-1e300, "-1e+300"},
      {5e-324, "5e-324"},
      {2.2250738585072014e-308, "2.2250738585072014e-308"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
  };
  for (const auto& [real, text] : cases) EXPECT_EQ(shortest_text(real), text);
}

TEST(Real, GivesEachRealBack) {
  uint64_t bits = 0x9E3779B97F4A7C15;
  for (int i = 0; i < 20'000; ++i) {
    bits = bits * 6364136223846793005u + 1442695040888963407u;
    const auto real = std::bit_cast<double>(bits);
    if (!std::isfinite(real)) continue;
    const std::string text = shortest_text(real);
    const auto parsed = parse_decimal(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(std::bit_cast<uint64_t>(*parsed), bits) << text;
    EXPECT_EQ(decimal_prefix(text), text.size()) << text;
  }
}

TEST(Real, ReadsTheNearestUpToTheGreatest) {
  EXPECT_EQ(parse_decimal("0.1"), 0.1);
  EXPECT_EQ(parse_decimal("1E+5"), 1e5);
  EXPECT_EQ(parse_decimal("9007199254740993.0000000000000000000000001"), 9007199254740994.0);
  EXPECT_EQ(parse_decimal("1e-400"), 0.0);
  EXPECT_EQ(parse_decimal("1.7976931348623157e308"), 1.7976931348623157e308);
  EXPECT_EQ(parse_decimal("1e400"), std::nullopt);
  EXPECT_EQ(parse_decimal("-1e400"), std::nullopt);
}

TEST(Real, FindsWhereADecimalEnds) {
  const std::pair<const char*, size_t> cases[] = {
      {"", 0},     {"x", 0},   {"-", 0},     {".5", 0},   {"+1", 0},    {"inf", 0},
      {"0..1", 1}, {"12", 2},  {"1.", 1},    {"1.5)", 3}, {"-2.5x", 4}, {"1e", 1},
      {"1e+", 1},  {"1e5", 3}, {"1E-07", 5}, {"1.e5", 1}, {"1.5.2", 3}};
  for (const auto& [text, length] : cases) EXPECT_EQ(decimal_prefix(text), length) << text;
}

}  // namespace
}  // namespace wherry

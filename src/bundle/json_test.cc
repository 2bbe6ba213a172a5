#include "bundle/json.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace wherry::json {
namespace {

// The canonical text; nothing if the text is no JSON or may not be written.
std::optional<std::string> canonical(std::string_view text) {
  const auto parsed = parse(text);
  std::string out;
  if (!parsed || !write(*parsed, out)) return std::nullopt;
  return out;
}

TEST(Json, IsMinifiedInItsOrder) {
  EXPECT_EQ(canonical(" { \"b\" : [ 1 , 2.50 , [ ] , { } ] ,\t\"a\":null,\r\n\"b\":true } "),
            R"({"b":[1,2.5,[],{}],"a":null,"b":true})");
  EXPECT_EQ(canonical("false"), "false");
  EXPECT_EQ(canonical("[[],[[]]]"), "[[],[[]]]");
}

TEST(Json, KeepsEveryBitOfNumbers) {
  const std::pair<const char*, const char*> cases[] = {
      {"0", "0"},
      {"-0", "0"},
      {"-0.0", "-0.0"},
      {"1e5", "1e+05"},
      {"0.1", "0.1"},
      {"1e-400", "0.0"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"18446744073709551615", "18446744073709551615"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
  };
  for (const auto& [text, written] : cases) EXPECT_EQ(canonical(text), written) << text;
  for (const char* bad : {"01", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "--1", "0x1", "NaN", "Infinity",
                          "1 2", "-01", "18446744073709551616", "-9223372036854775809", "1e400"})
    EXPECT_FALSE(parse(bad)) << bad;
}

TEST(Json, UndoesEscapes) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
      {R"("\u0041\u00e9\u20AC\ud83d\ude00")", "A\u00e9\u20ac\U0001F600"},
      {"\"\u00e9 in UTF-8, and more than eight bytes\"", "\u00e9 in UTF-8, and more than eight bytes"},
      {R"("before\nand after it")", "before\nand after it"},
      {R"("")", ""},
  };
  for (const auto& [text, meant] : cases) {
    const auto parsed = parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->text(), meant);
  }
  for (const char* bad : {R"("\x")", R"("\u12")", R"("\u12g4")", R"("\u-123")", R"("\ud83d")", R"("\ude00")",
                          R"("\ud83d\u0041")", R"("\ud83d\ud83d")", "\"\n\"", "\"\x01\"", "\"open", "\"\\",
                          "\"\xff\"", "\"\xed\xa0\x80\"", "'a'"})
    EXPECT_FALSE(parse(bad)) << bad;
}

TEST(Json, RefusesWhatIsNotClosedOrSeparated) {
  for (const char* bad :
       {"",          " ",    "[",      "]",       "[1",       "[1,",        "[1,]",  "[,1]",
        "[1 2]",     "{",    "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}", "{1:1}",
        "{\"a\" 1}", "[1]]", "nul",    "truex",   "[}",       "{]",         "/**/1", "[1]\x01"})
    EXPECT_FALSE(parse(bad)) << bad;
}

TEST(Json, WritesNoNulAndNoDeeperThanTheLimit) {
  EXPECT_TRUE(parse(R"("\u0000")"));
  EXPECT_FALSE(canonical(R"("\u0000")"));
  EXPECT_FALSE(canonical(R"({"\u0000":1})"));
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(canonical(nested(limits::kJsonDepth)), nested(limits::kJsonDepth));
  EXPECT_FALSE(canonical(nested(limits::kJsonDepth + 1)));
  EXPECT_TRUE(parse(nested(1024)));
  EXPECT_FALSE(parse(nested(1025)));
  EXPECT_FALSE(parse(std::string(1 << 20, '[')));
}

TEST(Json, TellsTypesApart) {
  const auto parsed = parse(R"([null, true, 1, 18446744073709551615, 1.5, "x", [2, 3], {"k": 4, "l": [5]}])");
  ASSERT_TRUE(parsed);
  const auto items = parsed->items();
  ASSERT_TRUE(items);
  std::vector<Type> types;
  std::vector<std::optional<Value>> scalars;
  std::vector<std::optional<double>> numbers;
  std::string members;
  for (const Element item : *items) {
    types.push_back(item.type());
    scalars.push_back(scalar(item));
    numbers.push_back(item.number());
    if (const auto held = item.members())
      for (const Member member : *held) {
        members += member.key;
        write(member.value, members);
      }
  }
  EXPECT_EQ(types, (std::vector{Type::kNull, Type::kBool, Type::kInteger, Type::kBigInteger, Type::kReal,
                                Type::kText, Type::kList, Type::kObject}));
  EXPECT_EQ(scalars,
            (std::vector<std::optional<Value>>{Value(), Value(int64_t{1}), Value(int64_t{1}), std::nullopt,
                                               Value(1.5), Value("x"), std::nullopt, std::nullopt}));
  EXPECT_EQ(numbers,
            (std::vector<std::optional<double>>{{}, {}, 1.0, 18446744073709551616.0, 1.5, {}, {}, {}}));
  EXPECT_EQ(members, "k4l[5]");
  EXPECT_FALSE(parsed->members());
  EXPECT_FALSE(parsed->integer());
  EXPECT_FALSE(parsed->boolean());
}

}  // namespace
}  // namespace wherry::json

#include "bundle/tokens.h"

#include <gtest/gtest.h>

namespace wherry {
namespace {

TEST(Tokens, SeeThroughStringsNamesAndComments) {
  const auto tokens = tokenize(
      "SELECT 'it''s; --' AS \"a \"\"b\", [c d], x'00' -- end ;\n/* ; */ FROM t1 WHERE a>=:x AND "
      "b=@now+1.5e-3");
  std::vector<std::string> texts;
  for (const Token& t : tokens) texts.push_back(t.text);
  EXPECT_EQ(texts, (std::vector<std::string>{"SELECT", "it's; --", "AS", "a \"b", ",",    "c d", ",",
                                             "00",     "FROM",     "T1", "WHERE", "A",    ">",   "=",
                                             ":x",     "AND",      "B",  "=",     "@now", "+",   "1.5e-3"}));
  EXPECT_EQ(tokens[1].kind, Token::Kind::kText);
  EXPECT_EQ(tokens[3].kind, Token::Kind::kName);
  EXPECT_TRUE(tokens[9].names("t1"));
}

TEST(Tokens, KnowWhereTheyStand) {
  const std::string sql = "a = x'00' AND 'b' = \"c\"";
  std::vector<std::string> pieces;
  for (const Token& t : tokenize(sql)) pieces.push_back(sql.substr(t.begin, t.end - t.begin));
  EXPECT_EQ(pieces, (std::vector<std::string>{"a", "=", "x'00'", "AND", "'b'", "=", "\"c\""}));
}

TEST(Tokens, CountTheParenthesesAround) {
  const auto tokens = tokenize("a(b(c))d");
  EXPECT_EQ(tokens[1].depth, 0);
  EXPECT_EQ(tokens[2].depth, 1);
  EXPECT_EQ(tokens[4].depth, 2);
  EXPECT_EQ(tokens[6].depth, 0);
  EXPECT_EQ(behind_parenthesis(tokens, 1), 7u);
  EXPECT_EQ(behind_parenthesis(tokens, 3), 6u);
  EXPECT_EQ(behind_parenthesis(tokenize("a(b"), 1), 3u);
}

TEST(Statements, AreSplitWithTheirLines) {
  const auto statements =
      split_statements("-- first\nSELECT ';';\n\n;; /* x */\nDELETE FROM t -- last\n", 10);
  ASSERT_EQ(statements.size(), 2u);
  EXPECT_EQ(statements[0].text, "SELECT ';'");
  EXPECT_EQ(statements[0].line, 11);
  EXPECT_EQ(statements[1].text, "DELETE FROM t");
  EXPECT_EQ(statements[1].line, 14);
}

TEST(Statements, KeepTriggersWhole) {
  const auto statements = split_statements(
      "CREATE TEMP TRIGGER a AFTER INSERT ON t BEGIN UPDATE u SET x = CASE WHEN 1 THEN 2 END; DELETE FROM u; "
      "END;\n"
      "SELECT CASE WHEN 1 THEN 2 END; SELECT 3",
      1);
  ASSERT_EQ(statements.size(), 3u);
  EXPECT_TRUE(statements[0].text.ends_with("END"));
  EXPECT_EQ(statements[2].text, "SELECT 3");
}

}  // namespace
}  // namespace wherry

#include "bundle/functions.h"

#include <gtest/gtest.h>

#include "base/id.h"
#include "base/text.h"

namespace wherry {
namespace {

class Functions : public testing::Test {
 protected:
  void SetUp() override {
    context.user_id = "ann";
    context.roles = {"admin", "hr"};
    context.command_id = "01890a5d-ac96-774b-bcce-b302099a8057";
    ASSERT_TRUE(register_functions(*db, &context));
  }
  Value sql(const std::string& expression) {
    auto value = db->value("SELECT " + expression);
    if (!value) return Value("error");
    return **value;
  }

  FunctionContext context;
  std::unique_ptr<sqlite::Database> db =
      *sqlite::Database::open(":memory:", sqlite::Access::kReadWriteCreate);
};

TEST_F(Functions, RequireRefusesUnlessTheConditionIsTrue) {
  EXPECT_EQ(sql("require(2 > 1, 'wrong')"), Value(int64_t{1}));
  EXPECT_FALSE(context.refusal);
  for (const char* condition : {"0", "NULL", "'x'", "0.0", "1 > 2"}) {
    context.refusal.reset();
    EXPECT_EQ(sql(cat("require(", condition, ", 'not_author', 'Only its author')")), Value("error"));
    ASSERT_TRUE(context.refusal) << condition;
    EXPECT_EQ(context.refusal->code, "not_author");
    EXPECT_EQ(context.refusal->message, "Only its author");
  }
}

TEST_F(Functions, RejectRefusesForEachRowSelected) {
  EXPECT_TRUE(db->rows("SELECT reject('never') FROM (SELECT 1 AS a) WHERE a = 2"));
  EXPECT_FALSE(context.refusal);
  EXPECT_FALSE(db->rows("SELECT reject('often') FROM (SELECT 1 AS a) WHERE a = 1"));
  EXPECT_EQ(context.refusal->code, "often");
}

TEST_F(Functions, CodesOfWherryAndMalformedOnesAreFaultsOfTheHandler) {
  for (const char* code : {"'entity_missing'", "'Not good'", "''", "NULL", "'constraint_unique'"}) {
    EXPECT_EQ(sql(cat("require(0, ", code, ")")), Value("error"));
    EXPECT_FALSE(context.refusal) << code;
  }
}

TEST_F(Functions, LongMessagesAreCutBetweenCharacters) {
  sql("reject('long', replace(hex(zeroblob(600)), '0', 'é'))");
  ASSERT_TRUE(context.refusal);
  EXPECT_LE(context.refusal->message.size(), 1000u);
  EXPECT_TRUE(context.refusal->message.ends_with("é"));
}

TEST_F(Functions, UuidIsDerivedFromTheCommandAlone) {
  const Value one = sql("uuid(1)");
  EXPECT_EQ(one, sql("uuid(1)"));
  EXPECT_NE(one, sql("uuid(2)"));
  EXPECT_NE(one, sql("uuid('1')"));
  const auto parsed = Uuid::parse(*one.text());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->bytes[6] >> 4, 8);
  EXPECT_EQ(parsed->bytes[8] >> 6, 2);
  EXPECT_EQ(one.text()->substr(0, 13), "01890a5d-ac96");
  context.command_id = "01890a5d-ac96-774b-bcce-b302099a8058";
  EXPECT_NE(one, sql("uuid(1)"));
  context.command_id.clear();
  EXPECT_EQ(sql("uuid(1)"), Value("error"));
}

TEST_F(Functions, SetsAreSortedArraysWithoutDuplicates) {
  EXPECT_EQ(sql("set_add(NULL, 'b')"), Value("[\"b\"]"));
  EXPECT_EQ(sql("set_add('[\"b\"]', 'a')"), Value("[\"a\",\"b\"]"));
  EXPECT_EQ(sql("set_add('[ \"b\", \"\\u0061\", \"b\" ]', 'a')"), Value("[\"a\",\"b\"]"));
  EXPECT_EQ(sql("set_add('[10, 9]', 1.5)"), Value("[1.5,10,9]"));
  EXPECT_EQ(sql("set_add('[1]', NULL)"), Value("[1]"));
  EXPECT_EQ(sql("set_remove('[\"a\",\"b\"]', 'a')"), Value("[\"b\"]"));
  EXPECT_EQ(sql("set_remove('[\"a\"]', 'a')"), Value("[]"));
  EXPECT_EQ(sql("set_remove(NULL, 'a')"), Value("[]"));
  EXPECT_EQ(sql("set_has('[\"a\",1]', 'a')"), Value(int64_t{1}));
  EXPECT_EQ(sql("set_has('[\"a\",1]', '1')"), Value(int64_t{0}));
  EXPECT_EQ(sql("set_has(NULL, 'a')"), Value(int64_t{0}));
  EXPECT_EQ(sql("set_has('[1]', NULL)"), Value(int64_t{0}));
}

TEST_F(Functions, WhatIsNoSetFailsTheStatement) {
  for (const char* call : {"set_add('{}', 1)", "set_add('[[1]]', 1)", "set_add('nonsense', 1)",
                           "set_has('[null]', 1)", "set_add('[]', x'00')"})
    EXPECT_EQ(sql(call), Value("error")) << call;
}

TEST_F(Functions, RolesAndUserAreThoseOfTheCaller) {
  EXPECT_EQ(sql("has_role('hr')"), Value(int64_t{1}));
  EXPECT_EQ(sql("has_role('boss')"), Value(int64_t{0}));
  EXPECT_EQ(sql("has_role(NULL)"), Value(int64_t{0}));
  EXPECT_EQ(sql("wherry_user()"), Value("ann"));
}

TEST_F(Functions, ViewsMayAskForTheUserButNotRefuse) {
  ASSERT_TRUE(db->execute("CREATE VIEW mine AS SELECT wherry_user() AS u, has_role('hr') AS h"));
  EXPECT_EQ(**db->value("SELECT u FROM mine"), Value("ann"));
  ASSERT_TRUE(db->execute("CREATE VIEW bad AS SELECT reject('x') AS r"));
  EXPECT_FALSE(db->value("SELECT r FROM bad"));
  EXPECT_FALSE(context.refusal);
}

TEST_F(Functions, RankBetweenTakesNullAsTheEnd) {
  const std::string first = *sql("rank_between(NULL, NULL)").text();
  const std::string after = *sql(cat("rank_between('", first, "', NULL)")).text();
  EXPECT_LT(first, after);
}

TEST(Rank, LiesStrictlyBetweenAndNeverEndsInZero) {
  uint64_t seed = 42;
  const auto next = [&seed] { return seed = seed * 6364136223846793005u + 1442695040888963407u, seed >> 33; };
  std::vector<std::string> ranks = {rank_between("", "", "start")};
  for (int i = 0; i < 3000; ++i) {
    const size_t at = i % 3 == 0 ? ranks.size() : i % 3 == 1 ? 0 : next() % (ranks.size() + 1);
    const std::string a = at == 0 ? "" : ranks[at - 1], b = at == ranks.size() ? "" : ranks[at];
    const std::string made = rank_between(a, b, std::to_string(i));
    ASSERT_LT(a, made);
    if (!b.empty()) {
      ASSERT_LT(made, b);
    }
    ASSERT_NE(made.back(), '0');
    ranks.insert(ranks.begin() + static_cast<std::ptrdiff_t>(at), made);
  }
}

TEST(Rank, StaysShortWhenAListGrowsAtItsEnds) {
  std::string last, first = rank_between("", "", "x");
  for (int i = 0; i < 5000; ++i) {
    last = rank_between(last, "", std::to_string(i));
    first = rank_between("", first, std::to_string(i));
  }
  EXPECT_EQ(last.size(), 12u);
  EXPECT_EQ(first.size(), 12u);
}

TEST(Rank, FindsRoomInTightPlaces) {
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{{"V", "V1"},
                                                                             {"V", "V0001"},
                                                                             {"Vzzzz", "W"},
                                                                             {"0001", "0002"},
                                                                             {"V1", "V11"},
                                                                             {"zzzz", ""},
                                                                             {"", "00001"}}) {
    const std::string made = rank_between(a, b, "t");
    EXPECT_LT(a, made);
    if (!b.empty()) {
      EXPECT_LT(made, b) << a;
    }
  }
}

TEST(Rank, OutOfOrderMeansJustAfterTheFirst) {
  EXPECT_GT(rank_between("b", "a", "t"), "b");
  EXPECT_LT(rank_between("b", "a", "t"), "b~");
  EXPECT_GT(rank_between("b", "b", "t"), "b");
  EXPECT_NE(rank_between("b", "c", "t1"), rank_between("b", "c", "t2"));
}

}  // namespace
}  // namespace wherry

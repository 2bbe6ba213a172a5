#include "bundle/params.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace wherry {
namespace {

using Kind = ParamType::Kind;

ParamType type(Kind kind, int64_t least = 0, int64_t most = 0) {
  ParamType made;
  made.kind = kind;
  made.least = least;
  made.most = most;
  return made;
}

Command one(ParamType t, bool nullable = false, std::optional<std::string> value = {}) {
  Command command;
  command.name = "c";
  command.params = {{"p", std::move(t), nullable, std::move(value)}};
  return command;
}

std::string code(const Command& command, std::string_view json) {
  const auto bound = bind_params(command, json);
  return bound ? "ok" : bound.error().code;
}

Value bind(const Command& command, std::string_view json) {
  auto bound = bind_params(command, json);
  return bound ? bound->values[0] : Value(bound.error().message);
}

TEST(Params, ChecksEachTypeAtItsBounds) {
  ParamType real = type(Kind::kReal);
  real.real_least = -1;
  real.real_most = 1.5;
  ParamType choice = type(Kind::kEnum);
  choice.choices = {"a", "b"};
  ParamType list = type(Kind::kList, 1, 2);
  list.item = {type(Kind::kInt, 0, 9)};
  struct Case {
    ParamType type;
    std::vector<const char*> good, bad;
  };
  const Case cases[] = {
      {type(Kind::kInt, -1, 9),
       {"-1", "9"},
       {"-2", "10", "1.0", "\"1\"", "true", "null", "18446744073709551615"}},
      {real, {"-1", "1.5", "0.25"}, {"1.6", "-1.01", "\"1\""}},
      {type(Kind::kBool), {"true", "false", "0", "1"}, {"2", "\"true\"", "1.0"}},
      {type(Kind::kText, 1, 2), {"\"é\"", "\"ab\""}, {"\"\"", "\"abc\"", "1", R"("\u0000")", R"("\ud800")"}},
      {type(Kind::kUuid),
       {"\"01890a5d-ac96-774b-bcce-b302099a8057\""},
       {"\"01890a5dac96774bbcceb302099a8057\"", "1"}},
      {type(Kind::kId, 1, 200), {"\"x\""}, {"\"\"", "7"}},
      {choice, {"\"a\"", "\"b\""}, {"\"c\"", "\"\""}},
      {type(Kind::kBlob, 1, 2), {"\"AA==\"", "\"AAA=\""}, {"\"\"", "\"AAAA\"", "\"!\""}},
      {type(Kind::kJson, 2, 9), {"[]", "{\"a\": 1}"}, {"1", "[1,2,3,4,5]"}},
      {list, {"[1]", "[1,2]"}, {"[]", "[1,2,3]", "[10]", "[\"1\"]", "1"}},
      {type(Kind::kScalar, 0, 2), {"\"ab\"", "12345", "1.5", "true"}, {"\"abc\"", "[]", "{}", "null"}},
  };
  for (const Case& c : cases) {
    const Command command = one(c.type);
    for (const char* good : c.good)
      EXPECT_EQ(code(command, std::string("{\"p\":") + good + "}"), "ok") << good;
    for (const char* bad : c.bad)
      EXPECT_EQ(code(command, std::string("{\"p\":") + bad + "}"), "param_invalid")
          << bad << " as kind " << static_cast<int>(c.type.kind);
  }
}

TEST(Params, BindsWhatTheHandlerExpects) {
  EXPECT_EQ(bind(one(type(Kind::kBool)), R"({"p":true})"), Value(int64_t{1}));
  EXPECT_EQ(bind(one(type(Kind::kUuid)), R"({"p":"01890A5D-AC96-774B-BCCE-B302099A8057"})"),
            Value("01890a5d-ac96-774b-bcce-b302099a8057"));
  EXPECT_EQ(bind(one(type(Kind::kBlob, 0, 9)), R"({"p":"AP8="})"), Value(Blob{std::string("\0\xff", 2)}));
  EXPECT_EQ(bind(one(type(Kind::kJson, 0, 99)), R"({"p": {"b" : [1, 2.5], "a": null}})"),
            Value(R"({"b":[1,2.5],"a":null})"));
  ParamType list = type(Kind::kList, 0, 9);
  list.item = {type(Kind::kUuid)};
  EXPECT_EQ(bind(one(list), R"({"p":["01890A5D-AC96-774B-BCCE-B302099A8057"]})"),
            Value(R"(["01890a5d-ac96-774b-bcce-b302099a8057"])"));
  ParamType real = type(Kind::kReal);
  real.real_most = 5;
  EXPECT_EQ(bind(one(real), R"({"p":2})"), Value(2.0));
}

TEST(Params, TellsMissingFromNullFromDefault) {
  const Command required = one(type(Kind::kInt, 0, 9));
  EXPECT_EQ(code(required, "{}"), "param_missing");
  const Command optional = one(type(Kind::kInt, 0, 9), true);
  EXPECT_EQ(bind(optional, "{}"), Value());
  EXPECT_EQ(bind(optional, R"({"p":null})"), Value());
  EXPECT_EQ(bind_params(optional, "{}")->json, "{}");
  EXPECT_EQ(bind_params(optional, R"({ "p" : null })")->json, R"({"p":null})");
  const Command defaulted = one(type(Kind::kInt, 0, 9), false, "7");
  EXPECT_EQ(bind(defaulted, "{}"), Value(int64_t{7}));
  EXPECT_EQ(bind_params(defaulted, "{}")->json, "{}");
  EXPECT_EQ(code(defaulted, R"({"p":null})"), "param_invalid");
}

TEST(Params, GivesCanonicalJsonInTheOrderOfTheParameters) {
  Command command = one(type(Kind::kText, 0, 99));
  command.params.push_back({"q", type(Kind::kInt, 0, 9), false, {}});
  command.params.push_back({"d", type(Kind::kInt, 0, 9), false, "3"});
  const auto bound = bind_params(command, " { \"q\" : 1 , \"p\" : \"\\u0061\\n\" } ");
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->json, R"({"p":"a\n","q":1})");
  EXPECT_EQ(bound->values, (Row{Value("a\n"), Value(int64_t{1}), Value(int64_t{3})}));
  EXPECT_EQ(bind_params(command, bound->json)->json, bound->json);
}

TEST(Params, RefusesWhatIsNoParameterListOrTooLarge) {
  const Command command = one(type(Kind::kJson, 0, 1 << 30));
  for (const char* bad : {"", "[]", "1", "{", R"({"p":1,"p":2})", "{\"p\":\"\xff\"}", R"({"p":1} x)"})
    EXPECT_EQ(code(command, bad), "param_invalid") << bad;
  EXPECT_EQ(code(command, R"({"p":1,"z":2})"), "param_unknown");
  EXPECT_EQ(code(command, "{\"p\":\"" + std::string(limits::kCommandBytes, 'x') + "\"}"), "limit_size");
  const std::string deep =
      std::string(limits::kJsonDepth + 1, '[') + std::string(limits::kJsonDepth + 1, ']');
  EXPECT_EQ(code(command, "{\"p\":" + deep + "}"), "param_invalid");
  EXPECT_EQ(code(command, "{\"p\":" + deep.substr(1, deep.size() - 2) + "}"), "ok");
}

}  // namespace
}  // namespace wherry

#include "cli/jsonl.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace wherry::cli {
namespace {

TEST(CommandLine, CarriesEveryField) {
  const auto request = parse_command_line(
      R"({"name":"a.b","params":{"z":1,"a":"é"},"user":"ann","client_timestamp":17,"id":"x"})");
  ASSERT_TRUE(request) << request.error().text();
  EXPECT_EQ(request->name, "a.b");
  EXPECT_EQ(request->params_json, R"({"z":1,"a":"é"})");
  EXPECT_EQ(request->options.user, "ann");
  EXPECT_EQ(request->options.client_timestamp, Millis{17});
  EXPECT_EQ(request->options.id, "x");
  EXPECT_EQ(parse_command_line(R"({"name":"a"})")->params_json, "{}");
}

TEST(CommandLine, SaysWhatIsWrong) {
  const char* bad[] = {"{",
                       "[]",
                       R"({"params":{}})",
                       R"({"name":1})",
                       R"({"name":"a","params":[]})",
                       R"({"name":"a","user":1})",
                       R"({"name":"a","client_timestamp":1.5})",
                       R"({"name":"a","id":1})",
                       R"({"name":"a","parms":{}})",
                       "{\"name\":\"\xff\"}"};
  for (const char* line : bad) {
    const auto request = parse_command_line(line);
    ASSERT_FALSE(request) << line;
    EXPECT_EQ(request.error().code, ErrorCode::kInvalid);
  }
}

TEST(JsonLines, GoOnAfterABadLineAndCountFromOne) {
  const std::string path = testing::TempDir() + "wherry_jsonl_test";
  std::ofstream(path) << "{\"name\":\"a\"}\nnonsense\n\n{\"name\":\"b\"}\n{\"name\":\"c\"}";
  std::vector<std::vector<int64_t>> groups;
  std::vector<int64_t> bad;
  const auto read = read_jsonl(path, 2,
                               {.each = [&](const std::vector<NumberedRequest>& requests) -> Result<> {
                                  groups.emplace_back();
                                  for (const auto& r : requests) groups.back().push_back(r.line);
                                  return {};
                                },
                                .bad = [&](int64_t line, const Error&) { bad.push_back(line); },
                                .progress = [](int64_t, int64_t) {}});
  EXPECT_TRUE(read);
  EXPECT_EQ(groups, (std::vector<std::vector<int64_t>>{{1, 4}, {5}}));
  EXPECT_EQ(bad, std::vector<int64_t>{2});
  std::filesystem::remove(path);
  EXPECT_EQ(read_jsonl(path, 2, {}).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace wherry::cli

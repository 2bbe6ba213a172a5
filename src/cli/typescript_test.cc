// The modules that are made of two bundles, which web/tests/types uses, and of a bundle with awkward names.
#include "cli/typescript.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "bundle/compile.h"
#include "cli/command.h"
#include "cli/rejection_codes.h"

namespace wherry::cli {
namespace {

const std::string kSource = WHERRY_SOURCE_FOLDER;

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Result<Exit> run(const std::string& line) {
  Program program;
  add_all(program);
  program.app.parse(line);
  return program.action();
}

std::string typescript(const std::string& app, const std::string& migration, const std::string& commands) {
  const Compiled compiled = compile_bundle(
      {{"app.toml", app}, {"migrations/0001_init.sql", migration}, {"commands/all.sql", commands}});
  for (const Mistake& mistake : compiled.mistakes) ADD_FAILURE() << mistake.text();
  auto made = typescript_of(compiled.bundle);
  return made ? *made : made.error().message;
}

// A folder that is gone with the test.
class GenerateTypescript : public testing::Test {
 protected:
  GenerateTypescript() {
    folder_ = testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
  }
  ~GenerateTypescript() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST(Typescript, IsAsItStandsForBothApps) {
  for (const auto& [bundle, module] : {std::pair("examples/chat", "examples/chat/web/src/bundle.ts"),
                                       std::pair("tests/tracker", "web/tests/types/tracker.ts")}) {
    const auto exit =
        run(cat("generate typescript ", kSource, "/", bundle, " --check ", kSource, "/", module));
    EXPECT_TRUE(exit) << exit.error().message;
  }
}

TEST(Typescript, NamesEachTypeOnce) {
  const std::string made =
      typescript("name = \"n\"\n[tables.a]\nlocal = true\n", "CREATE TABLE a(id TEXT NOT NULL PRIMARY KEY);",
                 "-- command: a.b_c\n-- run: local\nDELETE FROM a;\n"
                 "-- command: a.b.c\n-- run: local\nDELETE FROM a;\n");
  EXPECT_NE(made.find("  'a.b.c': ABCParams;\n  'a.b_c': ABCParams2;\n"), made.npos) << made;
  EXPECT_NE(made.find("export type ABCParams2 = Record<string, never>;\n"), made.npos) << made;
  EXPECT_NE(made.find("export interface ARow {\n  id: string;\n}\n"), made.npos) << made;
}

TEST(Typescript, QuotesWhatWouldBreakOut) {
  const std::string made = typescript(
      "name = \"n\"\n[tables.a]\nlocal = true\n",
      "CREATE TABLE a(id TEXT NOT NULL PRIMARY KEY, day DATE, b BLOB NOT NULL);\n"
      "CREATE VIEW counts AS SELECT count(*) AS n, max(id) AS \"the 'last'\", id FROM a;",
      "-- command: x\n-- param: of list(enum('it''s', 'b\\'), 1..2)\n-- run: local\n-- Ends */ not here.\n"
      "-- On two lines.\nDELETE FROM a WHERE id = :of;\n");
  EXPECT_NE(made.find("/**\n * Ends *\\/ not here.\n * On two lines.\n */\n"), made.npos) << made;
  EXPECT_NE(made.find("  of: ('it\\'s' | 'b\\\\')[];\n"), made.npos) << made;
  EXPECT_NE(made.find("  day: number | string | null;\n  b: Uint8Array;\n"), made.npos) << made;
  EXPECT_NE(made.find("  n: SqlValue;\n  'the \\'last\\'': SqlValue;\n  id: string | null;\n"), made.npos)
      << made;
  EXPECT_NE(made.find("import type { SqlValue } from '@wherry/client';\n"), made.npos) << made;
}

TEST(Typescript, BreaksLongUnions) {
  const std::string made = typescript(
      "name = \"n\"\n[tables.a]\nlocal = true\n", "CREATE TABLE a(id TEXT NOT NULL PRIMARY KEY);",
      "-- command: x\n-- param: of enum('a long choice that takes all of its room', 'another one that is "
      "longer', 'a third one of them')\n"
      "-- run: local\nDELETE FROM a WHERE id = :of;\n");
  EXPECT_NE(
      made.find(
          "  of:\n    | 'a long choice that takes all of its room'\n    | 'another one that is longer'\n"),
      made.npos)
      << made;
}

TEST(Typescript, ShowsWhatSomeDeviceHasAndNothingElse) {
  const std::string made = typescript(
      "name = \"n\"\n[tables.kept]\nserver_only = true\n[tables.pay]\nscope = \"dossier(id)\"\n"
      "roles = [\"h`r\"]\n"
      "[tables.people]\nscope = \"dossier(id)\"\n[scopes.dossier]\nload = \"on_demand\"\n"
      "[[grants]]\nscope = \"dossier(id)\"\nto = \"user(id)\"\nfrom = \"people\"\n",
      "CREATE TABLE kept(id TEXT NOT NULL PRIMARY KEY); CREATE TABLE pay(id TEXT NOT NULL PRIMARY KEY);\n"
      "CREATE TABLE people(id TEXT NOT NULL PRIMARY KEY); CREATE VIEW all_kept AS SELECT * FROM kept;",
      "-- command: x\n-- run: server\nDELETE FROM kept;\n");
  EXPECT_EQ(made.find("kept"), made.npos) << made;
  EXPECT_NE(made.find("  pay: PayRow;\n  people: PeopleRow;\n"), made.npos) << made;
  EXPECT_NE(made.find("OnDemandScope = `dossier(${string})` | `dossier[h\\`r](${string})`;\n"), made.npos)
      << made;
}

TEST(RejectionCodes, AreTheLiteralsOfItsGuards) {
  Command command;
  command.statements = {
      "SELECT require(max(1, 2) > 1 AND ':x' <> ',', 'one', 'with, a text'), require(1, 'two')",
      "SELECT reject('three') FROM t WHERE x = 'four'", "SELECT \"reject\"('five', 'why')"};
  const RejectionCodes codes = rejection_codes(command);
  EXPECT_EQ(codes.known, (std::set<std::string>{"one", "two", "three", "five"}));
  EXPECT_FALSE(codes.others);
}

TEST(RejectionCodes, MayBeAnyWhereOneIsComputed) {
  Command command;
  command.statements = {"SELECT require(1, 'a' || :b)"};
  EXPECT_TRUE(rejection_codes(command).others);
}

TEST_F(GenerateTypescript, WritesAFileThatItsCheckTakes) {
  const std::string file = folder_ + "/app.ts", bundle = kSource + "/examples/chat";
  EXPECT_EQ(run(cat("generate typescript ", bundle, " --check ", file)).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(run(cat("generate typescript ", bundle, " --out ", file)).value(), Exit::kOk);
  EXPECT_EQ(content_of(file), content_of(kSource + "/examples/chat/web/src/bundle.ts"));
  EXPECT_EQ(run(cat("generate typescript ", bundle, " --check ", file)).value(), Exit::kOk);
  std::ofstream(file, std::ios::app) << "\n";
  EXPECT_EQ(run(cat("generate typescript ", bundle, " --check ", file)).error().code, ErrorCode::kInvalid);
}

TEST_F(GenerateTypescript, LeavesAFileAloneThatIsRight) {
  const std::string file = folder_ + "/app.ts";
  const std::string line = cat("generate typescript ", kSource, "/examples/chat --out ", file);
  EXPECT_EQ(run(line).value(), Exit::kOk);
  const auto long_ago = std::filesystem::last_write_time(file) - std::chrono::hours(1);
  std::filesystem::last_write_time(file, long_ago);
  EXPECT_EQ(run(line).value(), Exit::kOk);
  EXPECT_EQ(std::filesystem::last_write_time(file), long_ago);
}

TEST_F(GenerateTypescript, TellsWhatIsWrongWithTheBundle) {
  std::ofstream(folder_ + "/app.toml") << "name = \"n\"\n[tables.missing]\nlocal = true\n";
  testing::internal::CaptureStderr();
  const auto exit = run(cat("generate typescript ", folder_, " --out ", folder_, "/app.ts"));
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_EQ(exit.error().code, ErrorCode::kBundle);
  EXPECT_NE(told.find("app.toml:2: "), told.npos) << told;
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/app.ts"));
}

TEST_F(GenerateTypescript, SaysWhenItCannotWrite) {
  const auto exit =
      run(cat("generate typescript ", kSource, "/examples/chat --out ", folder_, "/none/app.ts"));
  EXPECT_EQ(exit.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace wherry::cli

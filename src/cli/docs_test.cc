// docs/CLI.md against the program itself.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/text.h"
#include "cli/command.h"

namespace wherry::cli {
namespace {

std::string document() {
  std::ifstream in(WHERRY_CLI_DOCUMENT);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The text from the command's heading to the next one; empty without a heading.
std::string section(const std::string& text, const std::string& name) {
  for (const char* after : {" ", "`"}) {
    const size_t begin = text.find(cat("\n### `wherry ", name, after));
    if (begin == std::string::npos) continue;
    return text.substr(begin, text.find("\n#", begin + 1) - begin);
  }
  return {};
}

// Calls `each` with every command that does something, and its full name.
void for_each_command(CLI::App& app, const std::string& prefix,
                      const std::function<void(const CLI::App&, const std::string&)>& each) {
  const auto commands = app.get_subcommands([](CLI::App*) { return true; });
  if (commands.empty()) each(app, prefix);
  for (CLI::App* command : commands)
    for_each_command(*command, cat(prefix, prefix.empty() ? "" : " ", command->get_name()), each);
}

TEST(CliDocument, HasASectionForEachCommandWithAllItsOptions) {
  Program program;
  add_all(program);
  const std::string text = document();
  int count = 0;
  for_each_command(program.app, "", [&](const CLI::App& command, const std::string& name) {
    ++count;
    const std::string about = section(text, name);
    EXPECT_FALSE(about.empty()) << name;
    for (const CLI::Option* option : command.get_options()) {
      for (const std::string& flag : option->get_lnames()) {
        if (flag == "help" || flag == "help-all") continue;
        EXPECT_NE(about.find(cat("--", flag)), std::string::npos) << name << " --" << flag;
      }
    }
  });
  EXPECT_EQ(count, 19);
}

TEST(CliDocument, ListsTheExitCodes) {
  const std::string text = document();
  for (const auto& [exit, meaning] : kExitMeanings)
    EXPECT_NE(text.find(cat("| ", static_cast<int>(exit), " | ", meaning, " |")), std::string::npos)
        << meaning;
}

TEST(CommandLineHelp, IsThereForEachCommandWithTheExitCodes) {
  std::vector<std::string> names;
  {
    Program program;
    add_all(program);
    for_each_command(program.app, "",
                     [&](const CLI::App&, const std::string& name) { names.push_back(name); });
  }
  for (const std::string& name : names) {
    Program program;
    add_all(program);
    try {
      program.app.parse(name + " --help");
      ADD_FAILURE() << name;
    } catch (const CLI::CallForHelp& call) {
      std::ostringstream out, err;
      EXPECT_EQ(program.app.exit(call, out, err), 0) << name;
      EXPECT_NE(out.str().find(exit_codes_text()), std::string::npos) << name;
    }
  }
}

TEST(CommandLineErrors, NameWhatIsMissing) {
  const char* bad[] = {"",
                       "nonsense",
                       "exec",
                       "exec f name",
                       "exec f a b --jsonl x",
                       "exec a {} --data d",
                       "dump",
                       "dump --data d",
                       "dump f --data d --workspace w",
                       "retry f",
                       "retry f id --all",
                       "sync",
                       "init f",
                       "serve",
                       "workspace",
                       "generate typescript",
                       "generate typescript b --out x --check x",
                       "log --data d"};
  for (const char* line : bad) {
    Program program;
    add_all(program);
    EXPECT_THROW(program.app.parse(std::string(line)), CLI::ParseError) << line;
  }
}

TEST(CommandLineErrors, AreNotSeenInWhatIsRight) {
  const char* good[] = {"generate typescript b --out x",
                        "exec f name {}",
                        "exec f --jsonl -",
                        "exec a {} --data d --workspace w --as-user u --role r --role s",
                        "dump f",
                        "dump --data d --workspace w --as-user u --role r",
                        "retry f id",
                        "dismiss f --all"};
  for (const char* line : good) {
    Program program;
    add_all(program);
    EXPECT_NO_THROW(program.app.parse(std::string(line))) << line;
    EXPECT_TRUE(program.action) << line;
  }
}

}  // namespace
}  // namespace wherry::cli

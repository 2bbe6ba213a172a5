// How a command of the program is declared: each group of commands adds its subcommands, and parsing the
// command line chooses the action that main() runs.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "cli/exit_codes.h"

namespace wherry::cli {

struct Program {
  CLI::App app;
  std::function<Result<Exit>()> action;
};

// Declares a subcommand with options of its own type: `declare` binds them, `run` is called with them.
template <typename Options>
CLI::App* add_command(Program& program, CLI::App& parent, const std::string& name,
                      const std::string& description, const std::function<void(CLI::App&, Options&)>& declare,
                      Result<Exit> (*run)(const Options&)) {
  CLI::App* command = parent.add_subcommand(name, description);
  const auto options = std::make_shared<Options>();
  declare(*command, *options);
  const std::string footer = command->get_footer();
  command->footer(footer + (footer.empty() ? "" : "\n\n") + exit_codes_text());
  command->callback([&program, options, run] { program.action = [options, run] { return run(*options); }; });
  return command;
}

void add_serve(Program& program);
void add_workspace(Program& program);
void add_token(Program& program);
void add_check(Program& program);
void add_generate(Program& program);
void add_init(Program& program);
void add_exec(Program& program);
void add_sync(Program& program);
void add_scopes(Program& program);
void add_query(Program& program);
void add_status(Program& program);
void add_commands(Program& program);
void add_log(Program& program);
void add_dump(Program& program);
void add_tap(Program& program);

// All of them, with the help that goes with it.
void add_all(Program& program);

}  // namespace wherry::cli

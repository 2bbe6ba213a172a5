#include "cli/command.h"

#include "base/text.h"

namespace wherry::cli {

void add_all(Program& program) {
  CLI::App& app = program.app;
  app.name("wherry");
  app.description("Wherry: a local-first sync engine on SQLite.\nEvery command has its own --help.");
  app.set_version_flag("--version", cat("wherry ", WHERRY_VERSION));
  app.set_help_all_flag("--help-all", "The help of all commands");
  app.require_subcommand(1);
  for (const auto add :
       {add_check, add_generate, add_serve, add_workspace, add_token, add_log, add_init, add_exec, add_sync,
        add_scopes, add_query, add_status, add_commands, add_dump, add_tap})
    add(program);
  app.footer(exit_codes_text());
}

}  // namespace wherry::cli

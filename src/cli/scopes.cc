#include "cli/command.h"
#include "wherry/wherry.h"

namespace wherry::cli {

namespace {

struct ScopeOptions {
  std::string file, scope;
};

Result<Exit> load(const ScopeOptions& options) {
  TRY_ASSIGN(const auto database, Database::open(options.file));
  TRY(database->load(options.scope));
  return Exit::kOk;
}

Result<Exit> unload(const ScopeOptions& options) {
  TRY_ASSIGN(const auto database, Database::open(options.file));
  TRY(database->unload(options.scope));
  return Exit::kOk;
}

void declare(CLI::App& command, ScopeOptions& options) {
  command.add_option("FILE", options.file, "The replica's file; not in use by another process")->required();
  command
      .add_option("SCOPE", options.scope,
                  "The scope's name as `wherry status` shows it, e.g. `archive(general)`")
      ->required();
}

}  // namespace

void add_scopes(Program& program) {
  add_command<ScopeOptions>(program, program.app, "load",
                            "Asks for the rows of an on-demand scope at the next sync", declare, load);
  add_command<ScopeOptions>(program, program.app, "unload", "Drops the rows of an on-demand scope", declare,
                            unload);
}

}  // namespace wherry::cli

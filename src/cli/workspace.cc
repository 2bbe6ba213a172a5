#include "base/text.h"
#include "cli/clock.h"
#include "cli/command.h"
#include "cli/output.h"
#include "server/data_folder.h"

namespace wherry::cli {

namespace {

struct FolderOptions {
  std::string name, data;
  bool json = false;
};

Result<Exit> create(const FolderOptions& options) {
  TRY_ASSIGN(const auto folder, server::DataFolder::open(options.data, true));
  TRY_ASSIGN(const auto info, folder->create_workspace(options.name, now().count));
  note(cat("created workspace ", info.name));
  return Exit::kOk;
}

Result<Exit> list(const FolderOptions& options) {
  TRY_ASSIGN(const auto folder, server::DataFolder::open(options.data, false));
  TRY_ASSIGN(const auto workspaces, folder->list());
  for (const auto& info : workspaces) {
    if (options.json)
      print_json(Json{{"name", info.name}, {"created_at", info.created_at}, {"path", info.path}});
    else
      print_line(cat(info.name, "\t", iso_time({info.created_at})));
  }
  return Exit::kOk;
}

}  // namespace

void add_workspace(Program& program) {
  CLI::App* group =
      program.app.add_subcommand("workspace", "Makes and lists the workspaces of a data folder");
  group->require_subcommand(1);
  add_command<FolderOptions>(
      program, *group, "create", "Makes a workspace; works beside a running server",
      [](CLI::App& command, FolderOptions& options) {
        command.add_option("W", options.name, "Its name: letters, digits, `_`, `.`, `-`, at most 64")
            ->required();
        command.add_option("--data", options.data, "The data folder; made if missing")->required();
      },
      create);
  add_command<FolderOptions>(
      program, *group, "list", "Lists the workspaces by name",
      [](CLI::App& command, FolderOptions& options) {
        command.add_option("--data", options.data, "The data folder")->required();
        command.add_flag("--json", options.json,
                         "One JSON object per workspace: name, created_at (ms), path");
      },
      list);
}

}  // namespace wherry::cli

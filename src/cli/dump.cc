#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/server_workspace.h"
#include "replica/reader.h"

namespace wherry::cli {

namespace {

struct DumpOptions {
  std::string file, data, workspace, as_user;
  std::vector<std::string> roles;
};

Result<> print(std::string_view line) {
  print_line(line);
  return {};
}

Result<Exit> dump(const DumpOptions& options) {
  if (!options.file.empty()) {
    TRY_ASSIGN(const auto reader, ReplicaReader::open(options.file));
    TRY(reader->dump(print));
    return Exit::kOk;
  }
  TRY_ASSIGN(const auto reader, open_reader(options.data, options.workspace));
  if (reader == nullptr) return Exit::kOk;
  std::optional<WorkspaceReader::Reader> as;
  if (!options.as_user.empty())
    as = WorkspaceReader::Reader{.user_id = options.as_user, .roles = options.roles};
  TRY(reader->dump(as, print));
  return Exit::kOk;
}

}  // namespace

void add_dump(Program& program) {
  add_command<DumpOptions>(
      program, program.app, "dump", "Prints the confirmed rows of a replica or workspace in canonical form",
      [](CLI::App& command, DumpOptions& options) {
        CLI::Option* file = command.add_option("FILE", options.file, "The replica's file; may be in use");
        CLI::Option* data =
            command.add_option("--data", options.data, "A data folder, instead of FILE")->excludes(file);
        CLI::Option* workspace =
            command.add_option("--workspace", options.workspace, "The workspace")->needs(data);
        CLI::Option* user = command.add_option("--as-user", options.as_user, "Only what this user may read")
                                ->needs(workspace);
        command.add_option("--role", options.roles, "A role he has; may be repeated")
            ->needs(user)
            ->allow_extra_args(false);
        data->needs(workspace);
        command.parse_complete_callback([&options] {
          if (options.file.empty() && options.data.empty())
            throw CLI::RequiredError("FILE, or --data and --workspace");
        });
        command.footer(
            "One line per row of each synced table: its name, a space, the row as JSON; tables and keys "
            "sorted. Equal\n"
            "rows give equal bytes, so dumps of a replica and of the server can be compared with `cmp`.");
      },
      dump);
}

}  // namespace wherry::cli

#include "cli/exec.h"

#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"

namespace wherry::cli {

namespace {

// Sorts the positional arguments; CLI11 cannot know that FILE falls away with --data.
void sort_arguments(ExecOptions& options) {
  std::vector<std::string> rest = options.arguments;
  if (options.data.empty()) {
    if (rest.empty()) throw CLI::RequiredError("FILE, or --data");
    options.file = rest.front();
    rest.erase(rest.begin());
  }
  if (!options.jsonl.empty()) {
    if (!rest.empty()) throw CLI::ValidationError("--jsonl", "takes the place of NAME and JSON");
    return;
  }
  if (rest.size() != 2) throw CLI::RequiredError("NAME and JSON, or --jsonl");
  options.name = rest[0];
  options.params = rest[1];
}

Result<Exit> exec(const ExecOptions& options) {
  return options.data.empty() ? exec_on_replica(options) : exec_on_server(options);
}

}  // namespace

void add_exec(Program& program) {
  add_command<ExecOptions>(
      program, program.app, "exec", "Executes commands on a replica (offline), or on the server as a user",
      [](CLI::App& command, ExecOptions& options) {
        command
            .add_option("ARGUMENTS", options.arguments,
                        "FILE NAME JSON, or FILE with --jsonl; without FILE if --data")
            ->expected(0, 3);
        CLI::Option* jsonl = command.add_option("--jsonl", options.jsonl,
                                                "A file of commands, one JSON object per line; `-`: stdin");
        command
            .add_option("--client-timestamp", options.client_timestamp,
                        "When it was done, ms since 1970; default: now")
            ->excludes(jsonl);
        command.add_flag("--json", options.json, "One JSON object per command: line, id, and how it ended");
        CLI::Option* data =
            command.add_option("--data", options.data, "On the server: the data folder, served or not");
        CLI::Option* workspace =
            command.add_option("--workspace", options.workspace, "The workspace")->needs(data);
        CLI::Option* user = command.add_option("--as-user", options.as_user, "The author")->needs(data);
        command.add_option("--role", options.roles, "A role he acts in; may be repeated")
            ->needs(data)
            ->allow_extra_args(false);
        data->needs(workspace)->needs(user);
        command.parse_complete_callback([&options] { sort_arguments(options); });
        command.footer(
            "On a replica it prints the command's id once it is queued; `wherry sync` sends it. On the "
            "server it\n"
            "prints the id and the outcome.\n"
            "JSON lines: {\"name\", \"params\"} and optionally \"id\", \"client_timestamp\" and, for role "
            "`import`,\n"
            "\"user\". A line that fails is reported with its number, and the rest goes on.");
      },
      exec);
}

}  // namespace wherry::cli

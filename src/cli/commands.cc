#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "replica/reader.h"
#include "wherry/wherry.h"

namespace wherry::cli {

namespace {

struct CommandsOptions {
  std::string file;
  bool json = false;
};

struct ChosenOptions {
  std::string file, id;
  bool all = false;
};

Json to_json(const OwnCommand& command) {
  Json json{{"id", command.id},
            {"name", command.name},
            {"data", Json::parse(command.data, nullptr, false)},
            {"entity_id", command.entity_id},
            {"state", state_text(command.state)},
            {"code", command.code},
            {"message", command.message},
            {"client_timestamp", command.client_timestamp.count},
            {"base_seq", command.base_seq.number},
            {"seq", command.seq.number}};
  if (!command.lost_json.empty()) json["lost"] = Json::parse(command.lost_json, nullptr, false);
  if (!command.retry_of.empty()) json["retry_of"] = command.retry_of;
  return json;
}

Result<Exit> commands(const CommandsOptions& options) {
  TRY_ASSIGN(const auto reader, ReplicaReader::open(options.file));
  TRY_ASSIGN(const std::vector<OwnCommand> list, reader->commands());
  for (const OwnCommand& command : list) {
    if (options.json)
      print_json(to_json(command));
    else
      print_line(cat(command.id, "\t", state_text(command.state), "\t", command.name,
                     command.code.empty() ? "" : cat("\t", command.code, ": ", command.message)));
  }
  return Exit::kOk;
}

bool can_be_retried(const OwnCommand& command) {
  return command.state == CommandState::kRejected || command.state == CommandState::kSuperseded;
}

Result<Exit> retry(const ChosenOptions& options) {
  TRY_ASSIGN(const auto database, Database::open(options.file));
  std::vector<std::string> ids{options.id};
  if (options.all) {
    ids.clear();
    TRY_ASSIGN(const std::vector<OwnCommand> list, database->commands());
    for (const OwnCommand& command : list)
      if (can_be_retried(command)) ids.push_back(command.id);
  }
  Exit exit = Exit::kOk;
  for (const std::string& id : ids) {
    TRY_ASSIGN(const Executed executed, database->retry(id));
    if (executed.refusal) {
      note(cat(id, ": refused: ", executed.refusal->code, ": ", executed.refusal->message));
      exit = Exit::kRefused;
    } else {
      print_line(executed.id);
    }
  }
  return exit;
}

Result<Exit> dismiss(const ChosenOptions& options) {
  TRY_ASSIGN(const auto database, Database::open(options.file));
  if (options.all)
    TRY(database->dismiss_all());
  else
    TRY(database->dismiss(options.id));
  return Exit::kOk;
}

void declare_chosen(CLI::App& command, ChosenOptions& options) {
  command.add_option("FILE", options.file, "The replica's file; not in use by another process")->required();
  CLI::Option* id = command.add_option("ID", options.id, "The command's id, see `wherry commands`");
  CLI::Option* all = command.add_flag("--all", options.all, "Every command that can be");
  id->excludes(all);
  command.parse_complete_callback([&options] {
    if (options.id.empty() && !options.all) throw CLI::RequiredError("ID or --all");
  });
}

}  // namespace

void add_commands(Program& program) {
  add_command<CommandsOptions>(
      program, program.app, "commands", "Lists the own commands of a replica, oldest first",
      [](CLI::App& command, CommandsOptions& options) {
        command.add_option("FILE", options.file, "The replica's file; may be in use")->required();
        command.add_flag("--json", options.json, "One JSON object per command");
      },
      commands);
  add_command<ChosenOptions>(program, program.app, "retry",
                             "Issues rejected or superseded commands anew, as new commands; prints their ids",
                             declare_chosen, retry);
  add_command<ChosenOptions>(program, program.app, "dismiss", "Takes answered commands off the list",
                             declare_chosen, dismiss);
}

}  // namespace wherry::cli

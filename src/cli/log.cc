#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/server_workspace.h"

namespace wherry::cli {

namespace {

struct LogOptions {
  std::string data, workspace;
  int64_t from = 1;
  bool json = false;
};

std::string text_of(const Json& entry, const char* field) {
  const auto found = entry.find(field);
  if (found == entry.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

void print_entry(const LogEntry& entry) {
  const Json json = Json::parse(entry.json, nullptr, false);
  const auto time = json.find("server_handled_timestamp");
  const std::string code = text_of(json, "code");
  print_line(cat(entry.seq.number, "\t",
                 time != json.end() && time->is_number_integer() ? iso_time({time->get<int64_t>()}) : "",
                 "\t", text_of(json, "user_id"), "\t", text_of(json, "name"), "\t", text_of(json, "outcome"),
                 code.empty() ? "" : cat("\t", code, ": ", text_of(json, "message"))));
}

Result<Exit> log(const LogOptions& options) {
  TRY_ASSIGN(const auto reader, open_reader(options.data, options.workspace));
  if (reader == nullptr) return Exit::kOk;
  TRY(reader->log(Seq{options.from}, [&](const LogEntry& entry) -> Result<> {
    if (options.json)
      print_line(entry.json);
    else
      print_entry(entry);
    return {};
  }));
  return Exit::kOk;
}

}  // namespace

void add_log(Program& program) {
  add_command<LogOptions>(
      program, program.app, "log", "Shows a workspace's log; works beside a running server",
      [](CLI::App& command, LogOptions& options) {
        command.add_option("--data", options.data, "The data folder")->required();
        command.add_option("--workspace", options.workspace, "The workspace")->required();
        command.add_option("--from", options.from, "The seq to begin with")
            ->capture_default_str()
            ->check(CLI::NonNegativeNumber);
        command.add_flag("--json", options.json, "One JSON object per entry, with all columns and the delta");
        command.footer(
            "Without --json: seq, time, user, command, outcome and, if rejected, why; tabs between them.");
      },
      log);
}

}  // namespace wherry::cli

#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "replica/reader.h"

namespace wherry::cli {

namespace {

struct StatusOptions {
  std::string file;
  bool json = false;
};

Json to_json(const ReplicaStatus& status) {
  Json scopes = Json::array();
  for (const HeldScope& scope : status.scopes)
    scopes.push_back({{"name", scope.name},
                      {"on_demand", scope.on_demand},
                      {"wanted", scope.wanted},
                      {"state", state_text(scope.state)},
                      {"position", scope.position.number}});
  return {{"workspace", status.workspace},   {"user", status.user_id},
          {"replica", status.replica_id},    {"epoch", status.epoch},
          {"schema", status.schema_hash},    {"position", status.position.number},
          {"pending", status.pending},       {"rejected", status.rejected},
          {"superseded", status.superseded}, {"scopes", scopes}};
}

Result<Exit> status(const StatusOptions& options) {
  TRY_ASSIGN(const auto reader, ReplicaReader::open(options.file));
  TRY_ASSIGN(const ReplicaStatus status, reader->status());
  if (options.json) {
    print_json(to_json(status));
    return Exit::kOk;
  }
  print_line(cat("workspace   ", status.workspace));
  print_line(cat("user        ", status.user_id));
  print_line(cat("replica     ", status.replica_id));
  print_line(cat("position    ", status.position.number));
  print_line(cat("pending     ", status.pending));
  print_line(cat("rejected    ", status.rejected));
  print_line(cat("superseded  ", status.superseded));
  for (const HeldScope& scope : status.scopes)
    print_line(cat("scope       ", scope.name, "  ", state_text(scope.state), "  ", scope.position.number,
                   scope.on_demand ? "  on demand" : ""));
  return Exit::kOk;
}

}  // namespace

void add_status(Program& program) {
  add_command<StatusOptions>(
      program, program.app, "status", "Shows whose replica it is, its queue and its scopes",
      [](CLI::App& command, StatusOptions& options) {
        command.add_option("FILE", options.file, "The replica's file; may be in use")->required();
        command.add_flag("--json", options.json, "As one JSON object");
      },
      status);
}

}  // namespace wherry::cli

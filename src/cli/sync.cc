#include <map>
#include <mutex>

#include "base/text.h"
#include "cli/command.h"
#include "cli/online.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "client/auth_file.h"
#include "wherry/wherry.h"

namespace wherry::cli {

namespace {

struct SyncOptions {
  std::string file, url, token;
  bool watch = false;
  bool json = false;
  int64_t patience_seconds = 10;
};

// The url and token to use: those given, which are kept for the next time, or those kept.
Result<client::Auth> auth_of(const SyncOptions& options) {
  client::Auth auth{.url = options.url, .token = options.token};
  if (auth.url.empty() || auth.token.empty()) {
    const auto kept = client::read_auth(options.file);
    if (!kept) return fail(kept.error().code, cat(kept.error().message, "; say --url and --token"));
    if (auth.url.empty()) auth.url = kept->url;
    if (auth.token.empty()) auth.token = kept->token;
  }
  return auth;
}

std::string_view kind_text(ReplicaEvent::Kind kind) {
  switch (kind) {
    case ReplicaEvent::Kind::kAnswered:
      return "answered";
    case ReplicaEvent::Kind::kStatus:
      return "status";
    case ReplicaEvent::Kind::kEpoch:
      return "epoch";
    case ReplicaEvent::Kind::kIdentity:
      return "identity";
    case ReplicaEvent::Kind::kSalvaged:
      return "salvaged";
    case ReplicaEvent::Kind::kProgress:
      return "progress";
    case ReplicaEvent::Kind::kError:
      return "error";
  }
  return "";
}

void print_event(const ReplicaEvent& event, bool json) {
  if (json) {
    Json object{{"event", kind_text(event.kind)}};
    if (event.kind == ReplicaEvent::Kind::kAnswered) {
      object["id"] = event.id;
      object["state"] = state_text(event.state);
    }
    if (!event.code.empty()) object["code"] = event.code;
    if (!event.detail.empty()) object["detail"] = event.detail;
    if (event.kind == ReplicaEvent::Kind::kProgress) {
      object["done"] = event.done;
      object["total"] = event.total;
    }
    print_json(object);
  } else {
    std::string line(kind_text(event.kind));
    if (event.kind == ReplicaEvent::Kind::kAnswered) line += cat(" ", event.id, " ", state_text(event.state));
    if (event.kind == ReplicaEvent::Kind::kProgress) line += cat(" ", event.done, " of ", event.total);
    if (!event.code.empty()) line += cat(" ", event.code);
    if (!event.detail.empty()) line += cat(" ", event.detail);
    print_line(line);
  }
  flush();
}

// The answered commands by id, to tell at the end what this sync brought.
Result<std::map<std::string, CommandState>> states(Database& database) {
  std::map<std::string, CommandState> out;
  TRY_ASSIGN(const std::vector<OwnCommand> commands, database.commands());
  for (const OwnCommand& command : commands) out[command.id] = command.state;
  return out;
}

Result<Exit> report(Database& database, const std::map<std::string, CommandState>& before) {
  TRY_ASSIGN(const std::vector<OwnCommand> commands, database.commands());
  Exit exit = Exit::kOk;
  for (const OwnCommand& command : commands) {
    const auto found = before.find(command.id);
    if (found != before.end() && found->second == command.state) continue;
    if (command.state == CommandState::kRejected) {
      note(cat("rejected: ", command.name, " ", command.id, ": ", command.code,
               command.message.empty() ? "" : cat(": ", command.message)));
      exit = Exit::kRejected;
    } else if (command.state == CommandState::kSuperseded) {
      note(cat("superseded: ", command.name, " ", command.id, ": ", command.lost_json));
    }
  }
  return exit;
}

Result<> sync_once(Database& database, Patience& patience) {
  while (!database.wait_synced(std::chrono::milliseconds(100))) TRY(patience.check(database));
  return {};
}

// Until a signal comes or the server refuses for good.
Result<> sync_on(Database& database, const Signals& signals) {
  while (!signals.wait_for(std::chrono::milliseconds(200))) {
    const ConnectionStatus status = database.connection();
    if (status.error &&
        (status.state == ConnectionStatus::State::kStopped || status.error->code == ErrorCode::kUnauthorized))
      return std::unexpected(*status.error);
  }
  return {};
}

Result<Exit> sync(const SyncOptions& options) {
  TRY_ASSIGN(const client::Auth auth, auth_of(options));
  Progress progress("syncing", "steps");
  std::optional<Signals> signals;
  if (options.watch) signals.emplace();  // before the threads of the database
  DatabaseOptions database_options{
      .url = auth.url, .token = [auth] { return Result<std::string>(auth.token); }, .start_online = false};
  if (options.watch)
    database_options.on_event = [&](const ReplicaEvent& event) { print_event(event, options.json); };
  else
    database_options.on_event = [&](const ReplicaEvent& event) {
      if (event.kind == ReplicaEvent::Kind::kProgress) progress.show(event.done, event.total);
    };
  TRY_ASSIGN(const auto database, Database::open(options.file, std::move(database_options)));
  // Only now: the file is a replica, and this process has it.
  if (!options.url.empty() || !options.token.empty()) TRY(client::write_auth(options.file, auth));
  TRY_ASSIGN(const auto before, states(*database));
  Patience patience{std::chrono::seconds(options.patience_seconds)};
  database->connect();
  if (options.watch)
    TRY(sync_on(*database, *signals));
  else
    TRY(sync_once(*database, patience));
  const ReplicaStatus status = database->status();
  TRY_ASSIGN(const Exit exit, report(*database, before));
  note(cat(status.synced ? "in sync" : "ended", " at position ", status.position.number, ", ", status.pending,
           " pending"));
  return exit;
}

}  // namespace

void add_sync(Program& program) {
  add_command<SyncOptions>(
      program, program.app, "sync", "Sends the queued commands and brings what the user may read",
      [](CLI::App& command, SyncOptions& options) {
        command.add_option("FILE", options.file, "The replica's file")->required();
        command.add_flag("--watch", options.watch, "Goes on until SIGTERM or SIGINT and prints what happens");
        command.add_flag("--json", options.json, "With --watch: one JSON object per event");
        command.add_option("--token", options.token, "A new token, kept in FILE.auth");
        command.add_option("--url", options.url, "A new address of the server, kept in FILE.auth");
        command
            .add_option("--patience", options.patience_seconds,
                        "Gives up when the server is not reached for this many seconds")
            ->capture_default_str()
            ->check(CLI::Range(int64_t{0}, int64_t{86'400}));
        command.footer("Without --watch it ends when the queue is empty and all loaded scopes are live.");
      },
      sync);
}

}  // namespace wherry::cli

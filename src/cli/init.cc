#include <filesystem>
#include <thread>

#include "base/text.h"
#include "cli/command.h"
#include "cli/online.h"
#include "cli/output.h"
#include "client/auth_file.h"
#include "wherry/wherry.h"

namespace wherry::cli {

namespace {

struct InitOptions {
  std::string file, url, token;
  int64_t patience_seconds = 10;
};

// Connects until the server has told the schema and the scopes.
Result<ReplicaStatus> connect_once(const InitOptions& options) {
  TRY_ASSIGN(const auto database,
             Database::open(options.file, {.url = options.url,
                                           .token = [&] { return Result<std::string>(options.token); },
                                           .create = true,
                                           .tap = false}));
  Patience patience{std::chrono::seconds(options.patience_seconds)};
  while (true) {
    ReplicaStatus status = database->status();
    if (status.connected && !status.schema_hash.empty() && !status.scopes.empty()) return status;
    TRY(patience.check(*database));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

// Left by an init that was killed before anything was in it. SQLite rolls a journal back when the file is
// opened.
bool is_unfinished(const std::string& file) {
  std::error_code ignored;
  return std::filesystem::file_size(file, ignored) == 0 ||
         std::filesystem::exists(file + "-journal", ignored);
}

Result<Exit> init(const InitOptions& options) {
  const bool there = std::filesystem::exists(options.file);
  if (there && !is_unfinished(options.file))
    return fail(ErrorCode::kExists,
                cat(options.file, " is there already; `wherry sync --token` gives a replica a new token"));
  const auto status = connect_once(options);
  if (!status) {
    // Nothing is in it yet, and what is left would be in the way of the next try.
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-journal", "-lock", ".tap"})
      if (!there) std::filesystem::remove(options.file + suffix, ignored);
    return std::unexpected(status.error());
  }
  TRY(client::write_auth(options.file, {.url = options.url, .token = options.token}));
  note(cat("created ", options.file, ": user ", status->user_id, " of workspace ", status->workspace,
           "; `wherry sync` brings its rows"));
  return Exit::kOk;
}

}  // namespace

void add_init(Program& program) {
  add_command<InitOptions>(
      program, program.app, "init", "Makes a replica: connects once for the schema and the user's scopes",
      [](CLI::App& command, InitOptions& options) {
        command.add_option("FILE", options.file, "The replica's file; must not exist")->required();
        command.add_option("--url", options.url, "ws://HOST:PORT/WORKSPACE")->required();
        command.add_option("--token", options.token, "The user's token, see `wherry token`")->required();
        command
            .add_option("--patience", options.patience_seconds,
                        "Gives up when the server is not reached for this many seconds")
            ->capture_default_str()
            ->check(CLI::Range(int64_t{0}, int64_t{86'400}));
        command.footer("The url and the token are kept in FILE.auth, which only its owner may read.");
      },
      init);
}

}  // namespace wherry::cli

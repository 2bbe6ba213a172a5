#include "client/tap.h"

#include "cli/command.h"
#include "cli/output.h"

namespace wherry::cli {

namespace {

struct TapOptions {
  std::string file;
};

Result<Exit> tap(const TapOptions& options) {
  TRY(client::follow_tap(options.file, [](std::string_view line) {
    print_line(line);
    flush();
    return true;
  }));
  return Exit::kOk;
}

}  // namespace

void add_tap(Program& program) {
  add_command<TapOptions>(
      program, program.app, "tap",
      "Shows the messages of a running sync as JSON, one per line, until the sync ends",
      [](CLI::App& command, TapOptions& options) {
        command.add_option("FILE", options.file, "The replica's file, in use by `wherry sync` or an app")
            ->required();
        command.footer(
            "Tokens are left out. Messages that are not read in time are dropped: {\"dropped\": COUNT}.");
      },
      tap);
}

}  // namespace wherry::cli

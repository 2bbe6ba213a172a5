// wherry-bench: one workload per call, so many times, a line of JSON each.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>

#include "bench/workloads/workloads.h"

using namespace wherry::bench;

namespace {

struct Program {
  CLI::App app{"Measures a Wherry server from outside."};
  std::string wherry = WHERRY_PROGRAM;
  int repeat = 1;
  std::function<void()> workload;
};

// A subcommand that runs a workload; `declare` names its options, with their defaults.
template <class Options>
void add(Program& program, const char* name, const char* description, void (*run)(const Options&),
         const std::function<void(CLI::App&, Options&)>& declare) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = program.app.add_subcommand(name, description);
  command->option_defaults()->always_capture_default();
  declare(*command, *options);
  command->callback([&program, options, run] {
    if constexpr (requires { options->program; }) options->program = program.wherry;
    program.workload = [options, run] { run(*options); };
  });
}

void add_load(Program& program) {
  add<IngestOptions>(program, "ingest", "Writers who keep a window of commands full", ingest,
                     [](CLI::App& command, IngestOptions& options) {
                       command.add_option("--command", options.command, "post or edit")
                           ->check(CLI::IsMember({"post", "edit"}));
                       command.add_option("--writers", options.writers);
                       command.add_option("--window", options.window, "Commands under way");
                       command.add_option("--rows", options.rows, "Messages there are");
                       command.add_option("--seconds", options.seconds);
                       command.add_flag("!--apart", options.all_receive,
                                        "Each writer has a channel of his own");
                     });
  add<FanOutOptions>(program, "fan-out", "One writer at a steady pace, many subscribers", fan_out,
                     [](CLI::App& command, FanOutOptions& options) {
                       command.add_option("--subscribers", options.subscribers);
                       command.add_option("--gap", options.gap_ms, "Milliseconds between writes");
                       command.add_option("--seconds", options.seconds);
                     });
  add<BytesOptions>(program, "bytes", "What a subscriber receives for each command", bytes,
                    [](CLI::App& command, BytesOptions& options) {
                      command.add_option("--commands", options.commands, "On a busy channel");
                      command.add_option("--alone", options.alone, "One at a time, on an idle one");
                    });
  add<CeilingsOptions>(program, "ceilings", "What the disk, bare SQLite and a bare WebSocket can do",
                       ceilings, [](CLI::App& command, CeilingsOptions& options) {
                         command.add_option("--seconds", options.seconds, "For each figure");
                         command.add_option("--rows", options.rows, "Edits among so many, too");
                       });
}

void add_replicas(Program& program) {
  add<BootstrapOptions>(
      program, "bootstrap", "A fresh replica gets everything", bootstrap,
      [](CLI::App& command, BootstrapOptions& options) { command.add_option("--rows", options.rows); });
  add<OfflineOptions>(
      program, "offline", "A replica comes back with many commands", offline,
      [](CLI::App& command, OfflineOptions& options) { command.add_option("--commands", options.commands); });
  add<MissedOptions>(program, "missed", "A replica comes back after many commands of others", missed,
                     [](CLI::App& command, MissedOptions& options) {
                       command.add_option("--commands", options.commands);
                       command.add_option("--rows", options.rows, "Messages that they edit");
                     });
}

void add_crowds(Program& program) {
  add<IdleOptions>(program, "idle", "Many connections on which nothing happens", idle,
                   [](CLI::App& command, IdleOptions& options) {
                     command.add_option("--connections", options.connections);
                     command.add_option("--workspaces", options.workspaces,
                                        "Among which they are shared out");
                     command.add_option("--rows", options.rows, "Messages in each workspace");
                     command.add_flag("--fresh", options.fresh, "Each connection gets them first");
                     command.add_option("--seconds", options.seconds, "How long they idle");
                   });
  add<WorkspacesOptions>(program, "workspaces", "Many workspaces, some much busier than others", workspaces,
                         [](CLI::App& command, WorkspacesOptions& options) {
                           command.add_option("--workspaces", options.workspaces);
                           command.add_option("--users", options.users, "Of each");
                           command.add_option("--rate", options.rate, "Commands per second, over all");
                           command.add_option("--seconds", options.seconds);
                           command.add_flag("--connected", options.connected,
                                            "All users connect before the first command");
                         });
  add<GrowthOptions>(program, "growth", "What a command costs as log and scopes grow", growth,
                     [](CLI::App& command, GrowthOptions& options) {
                       command.add_option("--log", options.log, "The greatest; 10000000 takes 12 GB of disk");
                       command.add_option("--scopes", options.scopes, "The most");
                       command.add_option("--rounds", options.rounds, "How often each point is measured");
                       command.add_option("--plots", options.plots, "A folder for plots as SVG");
                     });
}

}  // namespace

int main(int argc, char** argv) {
  Program program;
  program.app.require_subcommand(1);
  program.app.add_option("--program", program.wherry, "The wherry binary")->capture_default_str();
  program.app.add_option("--repeat", program.repeat, "How often")->capture_default_str();
  add_load(program);
  add_replicas(program);
  add_crowds(program);
  CLI11_PARSE(program.app, argc, argv);
  try {
    for (int i = 0; i < program.repeat; ++i) program.workload();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wherry-bench: %s\n", error.what());
    return 1;
  }
}

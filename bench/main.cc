// wherry-bench: one workload per call, so many times, a line of JSON each.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>

#include "bench/workloads/workloads.h"

using namespace wherry::bench;

int main(int argc, char** argv) {
  CLI::App app("Measures a Wherry server with clients that speak the protocol and keep nothing.");
  app.require_subcommand(1);
  std::string program = WHERRY_PROGRAM;
  int repeat = 1;
  app.add_option("--program", program, "The wherry binary")->capture_default_str();
  app.add_option("--repeat", repeat, "How often")->capture_default_str();
  std::function<void()> workload;

  IngestOptions ingest_options;
  auto* ingest_command = app.add_subcommand("ingest", "Writers who keep a window of commands full");
  ingest_command->add_option("--command", ingest_options.command, "post or edit")
      ->check(CLI::IsMember({"post", "edit"}))
      ->capture_default_str();
  ingest_command->add_option("--writers", ingest_options.writers)->capture_default_str();
  ingest_command->add_option("--window", ingest_options.window, "Commands under way")->capture_default_str();
  ingest_command->add_option("--rows", ingest_options.rows, "Messages there are")->capture_default_str();
  ingest_command->add_option("--seconds", ingest_options.seconds)->capture_default_str();
  ingest_command->add_flag("!--apart", ingest_options.all_receive, "Each writer has a channel of his own");
  ingest_command->callback([&] {
    workload = [&] {
      ingest_options.program = program;
      ingest(ingest_options);
    };
  });

  FanOutOptions fan_out_options;
  auto* fan_out_command = app.add_subcommand("fan-out", "One writer at a steady pace, many subscribers");
  fan_out_command->add_option("--subscribers", fan_out_options.subscribers)->capture_default_str();
  fan_out_command->add_option("--gap", fan_out_options.gap_ms, "Milliseconds between writes")
      ->capture_default_str();
  fan_out_command->add_option("--seconds", fan_out_options.seconds)->capture_default_str();
  fan_out_command->callback([&] {
    workload = [&] {
      fan_out_options.program = program;
      fan_out(fan_out_options);
    };
  });

  double ceiling_seconds = 1;
  auto* ceilings_command = app.add_subcommand("ceilings", "What the disk and bare SQLite can do");
  ceilings_command->add_option("--seconds", ceiling_seconds, "For each figure")->capture_default_str();
  ceilings_command->callback([&] { workload = [&] { ceilings(ceiling_seconds); }; });

  BootstrapOptions bootstrap_options;
  auto* bootstrap_command = app.add_subcommand("bootstrap", "A fresh replica gets everything");
  bootstrap_command->add_option("--rows", bootstrap_options.rows)->capture_default_str();
  bootstrap_command->callback([&] {
    workload = [&] {
      bootstrap_options.program = program;
      bootstrap(bootstrap_options);
    };
  });

  GrowthOptions growth_options;
  auto* growth_command = app.add_subcommand("growth", "What a command costs as log and scopes grow");
  growth_command->add_option("--log", growth_options.log, "The greatest log; 10000000 takes 12 GB of disk")
      ->capture_default_str();
  growth_command->add_option("--scopes", growth_options.scopes, "The most scopes")->capture_default_str();
  growth_command->add_option("--rounds", growth_options.rounds, "How often each point is measured")
      ->capture_default_str();
  growth_command->add_option("--plots", growth_options.plots, "A folder for plots as SVG");
  growth_command->callback([&] { workload = [&] { growth(growth_options); }; });

  CLI11_PARSE(app, argc, argv);
  try {
    for (int i = 0; i < repeat; ++i) workload();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wherry-bench: %s\n", error.what());
    return 1;
  }
}

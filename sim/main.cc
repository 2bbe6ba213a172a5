// wherry-sim: plays simulated worlds and says what broke.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "bundle/compile.h"
#include "server/data_folder.h"
#include "sim/exhaustive.h"
#include "sim/run.h"
#include "sim/shrink.h"

namespace {

using wherry::sim::Figures;
using wherry::sim::Outcome;
using wherry::sim::Run;
using Json = nlohmann::json;

std::shared_ptr<const wherry::Bundle> chat_bundle() {
  const auto files = wherry::server::read_bundle_folder(WHERRY_SOURCE_DIR "/examples/chat");
  if (!files) throw std::runtime_error(files.error().text());
  return std::make_shared<const wherry::Bundle>(wherry::compile_bundle(*files).bundle);
}

// How long a campaign looks for a smaller world that breaks as its first broken one did.
constexpr double kShrinkSeconds = 60;

// Prints what it was, the line that repeats it, and one for sim/pinned.txt.
void report(const Run& run, const Outcome& outcome, const std::shared_ptr<const wherry::Bundle>& bundle,
            bool shrinks) {
  std::printf("VIOLATION %s\n  wherry-sim %s --trace\n", outcome.violation->what(), text(run).c_str());
  std::fflush(stdout);
  if (!shrinks) return;
  const Run smaller = wherry::sim::shrink(run, outcome, bundle, kShrinkSeconds);
  std::printf("smaller, for sim/pinned.txt:\n  %s  # %s\n", text(smaller).c_str(),
              outcome.violation->invariant.c_str());
}

struct Show {
  bool sound_ones = true, smaller_ones = false;
};

// True when no invariant broke.
bool play(const Run& run, const std::shared_ptr<const wherry::Bundle>& bundle, Figures& figures,
          const Show& show) {
  const Outcome outcome = wherry::sim::play(run, bundle);
  if (outcome.violation) report(run, outcome, bundle, show.smaller_ones);
  if (show.sound_ones)
    std::printf("preset %s seed %llu: %s, trace %016llx\n", run.preset.c_str(),
                static_cast<unsigned long long>(run.seed), outcome.violation ? "BROKEN" : "sound",
                static_cast<unsigned long long>(outcome.trace_hash));
  figures.add(outcome.figures);
  std::fflush(stdout);
  return !outcome.violation;
}

// Worlds that bugs broke, one per line. True when none is broken.
bool play_pinned(const std::string& path, const std::shared_ptr<const wherry::Bundle>& bundle) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("no such file: " + path);
  bool sound = true;
  Figures figures;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const auto run = wherry::sim::run_of(line);
    if (!run) throw std::runtime_error("no world: " + line);
    sound = play(*run, bundle, figures, {}) && sound;
  }
  return sound;
}

void print(const Figures& figures, int64_t seeds, double cpu_seconds) {
  int64_t crashes = 0;
  for (const auto& [_, count] : figures.crashes) crashes += count;
  const double hours = static_cast<double>(figures.simulated_ms) / 3.6e6;
  std::printf("%lld runs, %.1f simulated hours, %.1f per CPU-minute\n", static_cast<long long>(seeds), hours,
              hours / (cpu_seconds / 60));
  std::printf("%lld commands, %lld acknowledged, devices looked at %lld times\n",
              static_cast<long long>(figures.commands), static_cast<long long>(figures.acknowledged),
              static_cast<long long>(figures.looks));
  std::printf("%lld crashes, %.1f per CPU-second\n", static_cast<long long>(crashes),
              static_cast<double>(crashes) / cpu_seconds);
  for (const auto& [kind, count] : figures.crashes)
    std::printf("  %-40s %lld\n", kind.c_str(), static_cast<long long>(count));
  std::printf("sometimes:\n");
  for (const auto& [what, count] : figures.sometimes)
    std::printf("  %-60s %lld\n", what.c_str(), static_cast<long long>(count));
}

// Plays fresh seeds until the time is over, in as many processes as `jobs`: each prints its figures into a
// pipe.
struct Campaign {
  std::vector<std::string> presets;
  uint64_t seed = 0;
  double minutes = 0;
  int64_t seeds = 1;
  std::vector<std::string> set;
  bool trace = false, stop = false, shrink = false;
};

struct Tally {
  Figures figures;
  int64_t played = 0, broken = 0;
  double cpu_seconds = 0;
};

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

Tally play_all(const Campaign& campaign, uint64_t first, uint64_t step,
               const std::shared_ptr<const wherry::Bundle>& bundle) {
  Tally tally;
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::milliseconds(static_cast<int64_t>(campaign.minutes * 60'000));
  const double begin = cpu_seconds();
  const auto goes_on = [&](uint64_t seed) {
    if (campaign.stop && tally.broken > 0) return false;
    return campaign.minutes > 0 ? std::chrono::steady_clock::now() < end
                                : seed < campaign.seed + static_cast<uint64_t>(campaign.seeds);
  };
  for (uint64_t seed = first; goes_on(seed); seed += step)
    for (const std::string& preset : campaign.presets) {
      if (!goes_on(seed)) break;
      ++tally.played;
      const bool is_long = campaign.minutes > 0 || campaign.seeds > 3;
      const Show show{!is_long, campaign.shrink || (is_long && !campaign.stop && tally.broken == 0)};
      tally.broken += !play({preset, seed, campaign.set, campaign.trace}, bundle, tally.figures, show);
    }
  tally.cpu_seconds = cpu_seconds() - begin;
  return tally;
}

Json to_json(const Tally& tally) {
  const Figures& f = tally.figures;
  return {{"played", tally.played}, {"broken", tally.broken}, {"cpu", tally.cpu_seconds},
          {"ms", f.simulated_ms},   {"commands", f.commands}, {"acknowledged", f.acknowledged},
          {"looks", f.looks},       {"crashes", f.crashes},   {"sometimes", f.sometimes}};
}

void add(Tally& sum, const Json& json) {
  Figures figures;
  sum.played += json["played"].get<int64_t>();
  sum.broken += json["broken"].get<int64_t>();
  sum.cpu_seconds += json["cpu"].get<double>();
  figures.simulated_ms = json["ms"];
  figures.commands = json["commands"];
  figures.acknowledged = json["acknowledged"];
  figures.looks = json["looks"];
  figures.crashes = json["crashes"].get<std::map<std::string, int64_t>>();
  figures.sometimes = json["sometimes"].get<std::map<std::string, int64_t>>();
  sum.figures.add(figures);
}

// SQLite and its VFS are one per process, and so is a run: processes, not threads.
Tally play_in_processes(const Campaign& campaign, int jobs,
                        const std::shared_ptr<const wherry::Bundle>& bundle) {
  std::vector<std::pair<pid_t, int>> children;
  std::fflush(stdout);
  for (int job = 0; job < jobs; ++job) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    const pid_t child = fork();
    if (child == 0) {
      const std::string text = to_json(play_all(campaign, campaign.seed + static_cast<uint64_t>(job),
                                                static_cast<uint64_t>(jobs), bundle))
                                   .dump();
      std::fflush(stdout);
      _exit(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
    }
    close(ends[1]);
    children.emplace_back(child, ends[0]);
  }
  Tally sum;
  for (const auto& [child, end] : children) {
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = read(end, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
    close(end);
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0 || text.empty()) {
      std::printf("VIOLATION a process died with status %d\n", status);
      ++sum.broken;
    } else {
      add(sum, Json::parse(text));
    }
  }
  return sum;
}

// What each campaign of all presets must have seen, or its worlds are too tame.
constexpr const char* kExpected[] = {"the server died in a checkpoint",
                                     "the server died in a sync",
                                     "the server died in recovery",
                                     "answers were on their way as the server died",
                                     "a device died in recovery",
                                     "a device died in a checkpoint",
                                     "a sync failed",
                                     "the server's disk is full",
                                     "a device's disk is full",
                                     "several commands were pending when it was looked at",
                                     "an index followed its rows",
                                     "a replica was complete when it was looked at",
                                     "bytes of a dead sender arrived",
                                     "a device's clock jumped",
                                     "a device stood still",
                                     "a device's file was cloned",
                                     "a device was restored from a backup",
                                     "the server was restored from a backup",
                                     "a replica said that the server was restored",
                                     "a replica got a new identity",
                                     "a cell was lost to a later write",
                                     "a stale add or remove lost",
                                     "a revoke came half-way through a scan",
                                     "a device with commands was sent away from another workspace",
                                     "the neighbour was served while the workspace was not",
                                     "a reader held the server's file",
                                     "a replica stopped at damage",
                                     "a damaged file was salvaged",
                                     "a damaged file was salvaged in part",
                                     "a device died in a salvage",
                                     "a workspace stopped at damage",
                                     "a file was searched for what its user may not read"};

// Prints a line per operation. True when nothing broke.
bool play_exhaustively(wherry::sim::Exhaustive exhaustive) {
  std::printf(
      "every first crash; the second ones are a sample, one in %lld after a quarter of the first ones\n",
      static_cast<long long>(wherry::sim::kEvery));
  std::printf("%-22s %8s %8s %15s\n", "operation", "writes", "crashes", "second crashes");
  bool sound = true;
  const std::vector<std::string> one{exhaustive.operation};
  for (const std::string& operation : one[0].empty() ? wherry::sim::operations() : one) {
    exhaustive.operation = operation;
    const wherry::sim::Exhausted done = wherry::sim::play_all(exhaustive);
    std::printf("%-22s %8lld %8lld %15lld%s\n", operation.c_str(), static_cast<long long>(done.writes),
                static_cast<long long>(done.crashes), static_cast<long long>(done.second_crashes),
                done.sound ? "" : "  BROKEN");
    std::fflush(stdout);
    sound = sound && done.sound;
  }
  return sound;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Plays simulated worlds: a server, replicas, network, disks and clocks from one seed.");
  Campaign campaign;
  int jobs = 1;
  bool expect_all = false;
  std::string operation, one_case, pinned;
  app.add_option("--preset", campaign.presets, "What kind of world; all if none is given")
      ->check(CLI::IsMember(wherry::sim::presets()));
  auto* seed = app.add_option("--seed", campaign.seed, "The first seed; fresh ones if none is given");
  app.add_option("--seeds", campaign.seeds, "How many");
  app.add_option("--minutes", campaign.minutes, "Play fresh seeds for so long instead");
  app.add_option("--jobs", jobs, "Processes");
  app.add_flag("--sometimes", expect_all, "Fail unless everything was seen that should happen sometimes");
  app.add_flag("--stop", campaign.stop, "Stop at the first that is broken");
  app.add_flag("--shrink", campaign.shrink,
               "Look for a smaller world that breaks the same; without it, for the first of a campaign");
  app.add_option("--set", campaign.set, "NAME=VALUE: another number in the plan")
      ->take_all()
      ->check([](const std::string& text) {
        wherry::sim::Plan plan;
        if (wherry::sim::set(plan, text)) return std::string();
        std::string known;
        for (const auto& field : wherry::sim::fields(plan)) known += " " + field.name;
        return "not NAME=NUMBER with a NAME of" + known;
      });
  app.add_option("--pinned", pinned, "Play the worlds of this file instead");
  app.add_flag("--trace", campaign.trace, "Print every event");
  auto* exhaustive = app.add_option("--exhaustive", operation,
                                    "Play every crash of this operation instead; of all if none is named")
                         ->expected(0, 1)
                         ->check(CLI::IsMember(wherry::sim::operations()));
  app.add_option("--case", one_case, "…or this crash of the operation alone")
      ->needs(exhaustive)
      ->check([](const std::string& text) { return wherry::sim::case_of(text) ? "" : "no case: " + text; });
  CLI11_PARSE(app, argc, argv);
  if (campaign.presets.empty()) campaign.presets = wherry::sim::presets();
  if (seed->count() == 0) campaign.seed = std::random_device()() % 1'000'000'000;
  const auto bundle = chat_bundle();
  if (!pinned.empty()) return play_pinned(pinned, bundle) ? 0 : 1;
  if (exhaustive->count() > 0) {
    const wherry::sim::Exhaustive e{bundle, operation, seed->count() > 0 ? campaign.seed : 1, campaign.trace};
    if (one_case.empty()) return play_exhaustively(e) ? 0 : 1;
    if (operation.empty()) return app.exit(CLI::RequiredError("the operation of the case"));
    return wherry::sim::play(e, wherry::sim::case_of(one_case).value()) ? 0 : 1;
  }
  const Tally tally =
      jobs > 1 ? play_in_processes(campaign, jobs, bundle) : play_all(campaign, campaign.seed, 1, bundle);
  std::printf("seeds from %llu on\n", static_cast<unsigned long long>(campaign.seed));
  print(tally.figures, tally.played, tally.cpu_seconds);
  bool all_seen = true;
  for (const char* what : kExpected) {
    if (!expect_all || tally.figures.sometimes.contains(what)) continue;
    std::printf("never seen: %s\n", what);
    all_seen = false;
  }
  std::printf("%lld of %lld broken\n", static_cast<long long>(tally.broken),
              static_cast<long long>(tally.played));
  return tally.broken == 0 && all_seen ? 0 : 1;
}

#include "sim/run.h"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace wherry::sim {

std::string text(const Run& run) {
  std::string line = "--preset " + run.preset + " --seed " + std::to_string(run.seed);
  for (const std::string& assignment : run.set) line += " --set " + assignment;
  return line;
}

std::optional<Run> run_of(const std::string& line) {
  std::istringstream words(line.substr(0, line.find('#')));
  Run run;
  Plan plan;
  const std::vector<std::string> known = presets();
  for (std::string option, value; words >> option;) {
    if (!(words >> value)) return std::nullopt;
    if (option == "--preset" && std::ranges::find(known, value) != known.end()) {
      run.preset = value;
    } else if (option == "--seed") {
      const auto parsed = std::from_chars(value.data(), value.data() + value.size(), run.seed);
      if (parsed.ec != std::errc() || parsed.ptr != value.data() + value.size()) return std::nullopt;
    } else if (option == "--set" && set(plan, value)) {
      run.set.push_back(value);
    } else {
      return std::nullopt;
    }
  }
  return run.preset.empty() ? std::nullopt : std::optional(run);
}

Plan plan_of(const Run& run) {
  Plan made = plan(run.preset, run.seed);
  for (const std::string& assignment : run.set) (void)set(made, assignment);
  return made;
}

Outcome play(const Run& run, const std::shared_ptr<const Bundle>& bundle) {
  World world(plan_of(run), run.seed, bundle, run.trace);
  Outcome outcome;
  try {
    world.run();
  } catch (const Violation& violation) {
    outcome.violation = violation;
  }
  outcome.lasted = world.elapsed();
  outcome.trace_hash = world.trace_hash();
  outcome.figures = world.figures();
  return outcome;
}

}  // namespace wherry::sim

// One world as the command line names it, and what came of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "sim/world.h"

namespace wherry::sim {

struct Run {
  std::string preset;
  uint64_t seed = 0;
  std::vector<std::string> set;  // "device.kill=0": what differs from the preset, see set() in sim/plan.h
  bool trace = false;
};
// "--preset busy --seed 7 --set devices=2", and back; what follows a # is left out. Nothing if it is no run.
std::string text(const Run& run);
std::optional<Run> run_of(const std::string& line);
Plan plan_of(const Run& run);

struct Outcome {
  std::optional<Violation> violation;
  int64_t lasted = 0;  // simulated milliseconds
  uint64_t trace_hash = 0;
  Figures figures;
};
Outcome play(const Run& run, const std::shared_ptr<const Bundle>& bundle);

}  // namespace wherry::sim

#include "sim/shrink.h"

#include <chrono>
#include <cstdio>

namespace wherry::sim {

namespace {

using Clock = std::chrono::steady_clock;

double number(const PlanField& field) {
  return std::visit([](const auto* member) { return static_cast<double>(*member); }, field.value);
}

// What to try instead of this value, the plainest first. `duration`: of the world.
std::vector<double> plainer(const PlanField& field, int64_t duration) {
  const double value = number(field);
  if (value == field.plainest) return {};
  if (!std::holds_alternative<double*>(field.value))
    return {field.plainest, static_cast<double>(static_cast<int64_t>((value + field.plainest) / 2))};
  // Rarer: what is below one is a chance, all else the time between two faults.
  if (value >= static_cast<double>(duration)) return {field.plainest};
  return {field.plainest, value < 1 ? value / 4 : value * 4};
}

std::string assignment(const std::string& name, double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return name + "=" + text;
}

class Shrinker {
 public:
  Shrinker(Run run, Outcome outcome, const std::shared_ptr<const Bundle>& bundle, double seconds)
      : run_(std::move(run)),
        outcome_(std::move(outcome)),
        bundle_(bundle),
        end_(Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(seconds * 1'000))) {
    run_.trace = false;
  }

  Run search() {
    while (pass()) {
    }
    return run_;
  }

 private:
  // Tries everything once. True when something got smaller.
  bool pass() {
    bool smaller = try_value("duration", static_cast<double>(outcome_.lasted));
    Plan before = plan_of(run_);
    for (const PlanField& field : fields(before))
      for (const double value : plainer(field, before.duration))
        if (try_value(field.name, value)) {
          smaller = true;
          break;
        }
    return smaller;
  }

  bool try_value(const std::string& name, double value) {
    const bool shortens = name == "duration";
    if (Clock::now() > end_) return false;
    if (shortens && value >= static_cast<double>(plan_of(run_).duration)) return false;
    Run candidate = run_;
    std::erase_if(candidate.set, [&](const std::string& other) { return other.starts_with(name + "="); });
    candidate.set.push_back(assignment(name, value));
    Outcome outcome = play(candidate, bundle_);
    if (!outcome.violation || outcome.violation->invariant != outcome_.violation->invariant) return false;
    if (outcome.trace_hash == outcome_.trace_hash && !shortens) return false;  // it made no difference
    run_ = std::move(candidate);
    outcome_ = std::move(outcome);
    return true;
  }

  Run run_;
  Outcome outcome_;
  const std::shared_ptr<const Bundle> bundle_;
  const Clock::time_point end_;
};

}  // namespace

Run shrink(Run run, Outcome outcome, const std::shared_ptr<const Bundle>& bundle, double seconds) {
  return Shrinker(std::move(run), std::move(outcome), bundle, seconds).search();
}

}  // namespace wherry::sim

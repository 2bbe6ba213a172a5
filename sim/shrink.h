// A smaller world in which the same thing breaks: shorter, with fewer people, fewer kinds of faults and rarer
// ones. Greedy, as in delta debugging (Zeller 1999): each change that keeps it broken stays.
#pragma once

#include <memory>

#include "bundle/bundle.h"
#include "sim/run.h"

namespace wherry::sim {

// Requires: `run` breaks an invariant, as `outcome` says. `seconds`: how long to search, and the world that
// is being played then comes to its end.
Run shrink(Run run, Outcome outcome, const std::shared_ptr<const Bundle>& bundle, double seconds);

}  // namespace wherry::sim

#include "sim/random.h"

#include <algorithm>
#include <cmath>

namespace wherry::sim {

int64_t Random::wait(double mean) {
  const double uniform = static_cast<double>((engine_() >> 11) + 1) * 0x1.0p-53;
  return std::max<int64_t>(1, static_cast<int64_t>(-mean * std::log(uniform)));
}

}  // namespace wherry::sim

#include "client/retry.h"

#include <algorithm>

namespace wherry::client {

Millis Retry::delay_after(std::optional<Millis> asked, std::optional<Millis> lasted, uint64_t random) {
  if (lasted && *lasted >= kProven) attempts_ = 0;
  ++attempts_;
  if (asked && asked->count == 0 && attempts_ == 1) return {0};
  const int64_t doublings = std::min<int64_t>(attempts_ - 1, 16);
  const int64_t step = std::min(kMost.count, kLeast.count << doublings);
  // Half of the step is certain, half is chance.
  const int64_t half = step / 2;
  const auto chance = static_cast<int64_t>(random % static_cast<uint64_t>(half + 1));
  if (asked && asked->count > step) return {asked->count + chance};
  return {std::max(kLeast.count, half + chance)};
}

}  // namespace wherry::client

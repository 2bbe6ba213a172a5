// Every crash there is: a short play for each operation that writes, in which the process concerned dies at
// its first write, its second, … and once more at the writes of what follows, killed or without power.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bundle/bundle.h"
#include "sim/disk.h"

namespace wherry::sim {

// The names of the operations.
std::vector<std::string> operations();

// A death at the `write`-th modifying call from some moment on; a while later if there are not so many.
struct Blow {
  int64_t write = 0;  // 0: none
  Crash how = Crash::kProcess;
};

// One play of an operation: `first` counts from when it begins, `second` from when the process died of that.
struct Case {
  Metadata metadata = Metadata::kOrdered;
  Blow first, second;
};
// "strict,kill@3,power@12", and back. Nothing if it is no case.
std::string text(const Case& c);
std::optional<Case> case_of(std::string_view text);

struct Exhaustive {
  std::shared_ptr<const Bundle> bundle;
  std::string operation;  // one of operations()
  uint64_t seed = 1;
  bool trace = false;
};

// Second deaths: a power loss at the first write after each kill, and after a quarter of the first ones one
// in so many, as the seed says.
inline constexpr int64_t kEvery = 100;

struct Exhausted {
  int64_t writes = 0;          // of the operation
  int64_t crashes = 0;         // in it, and when all was done
  int64_t second_crashes = 0;  // likewise, after the first
  bool sound = true;
};

// Plays one case. False: an invariant broke, and is printed.
bool play(const Exhaustive& exhaustive, const Case& c);
// Plays all cases of the operation, up to the first that is broken.
Exhausted play_all(const Exhaustive& exhaustive);

}  // namespace wherry::sim

// Streams of random numbers, one per purpose, all from the seed of the run: drawing more of one kind leaves
// the others as they were, so that a changed run stays comparable.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>

namespace wherry::sim {

class Random {
 public:
  Random(uint64_t seed, std::string_view purpose) : engine_(mix(seed, purpose)) {}

  uint64_t bits() { return engine_(); }
  // 0 to n - 1.
  int64_t below(int64_t n) { return static_cast<int64_t>(engine_() % static_cast<uint64_t>(n)); }
  int64_t between(int64_t least, int64_t most) { return least + below(most - least + 1); }
  bool chance(double probability) { return static_cast<double>(engine_() >> 11) * 0x1.0p-53 < probability; }
  // A waiting time of this mean, exponentially distributed and at least 1.
  int64_t wait(double mean);
  template <typename Container>
  auto& pick(Container& from) {
    return from[static_cast<size_t>(below(static_cast<int64_t>(from.size())))];
  }

 private:
  static uint64_t mix(uint64_t seed, std::string_view purpose) {
    uint64_t hash = 14695981039346656037ULL ^ seed;
    for (const char c : purpose) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return hash;
  }
  std::mt19937_64 engine_;
};

}  // namespace wherry::sim

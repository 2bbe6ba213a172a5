// The calls of pending commands, so that running one again takes neither the file nor its JSON. Bounded: a
// command that does not fit is read each time.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "engine/engine.h"

namespace wherry {

class ReadyCalls {
 public:
  explicit ReadyCalls(size_t bytes_most) : bytes_most_(bytes_most) {}

  // Of the command with this `n`; nullptr: not kept.
  Call* find(int64_t n);
  void keep(int64_t n, Call&& call);
  void forget(int64_t n);
  void clear();
  size_t count() const { return calls_.size(); }

 private:
  const size_t bytes_most_;
  size_t bytes_ = 0;
  std::unordered_map<int64_t, Call> calls_;
};

}  // namespace wherry

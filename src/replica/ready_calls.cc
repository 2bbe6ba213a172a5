#include "replica/ready_calls.h"

#include <utility>

namespace wherry {

namespace {

// About: the values are as long as the JSON they are from.
size_t size_of(const Call& call) {
  return sizeof(Call) + 2 * call.params.json.size() + call.params.values.size() * sizeof(Value);
}

}  // namespace

Call* ReadyCalls::find(int64_t n) {
  const auto at = calls_.find(n);
  return at == calls_.end() ? nullptr : &at->second;
}

void ReadyCalls::keep(int64_t n, Call&& call) {
  const size_t size = size_of(call);
  if (bytes_ + size > bytes_most_ || !calls_.try_emplace(n, std::move(call)).second) return;
  bytes_ += size;
}

void ReadyCalls::forget(int64_t n) {
  const auto at = calls_.find(n);
  if (at == calls_.end()) return;
  bytes_ -= size_of(at->second);
  calls_.erase(at);
}

void ReadyCalls::clear() {
  calls_.clear();
  bytes_ = 0;
}

}  // namespace wherry

// What the writer and the reader of a compiled bundle agree on.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "bundle/bundle.h"

namespace wherry {

// Raised when the layout changes; a reader refuses every other.
inline constexpr int64_t kBundleFormat = 1;

inline constexpr size_t kBundleFields = 9;
inline constexpr size_t kTableFields = 13;
inline constexpr size_t kScopeKindFields = 4;
inline constexpr size_t kGrantFields = 4;
inline constexpr size_t kTypeFields = 7;
inline constexpr size_t kParamFields = 4;
inline constexpr size_t kCommandFields = 11;

// Lists in a bundle are bounded, so that malformed bytes cannot make a reader allocate much.
inline constexpr size_t kListMost = 10'000;
// list(list(…)): how deep types nest.
inline constexpr int kTypeDepth = 4;

// Whether every index lies in range and the parts fit together as the compiler makes them: what the engine
// relies on without looking again. Errors: kProtocol.
Result<> check_bundle(const Bundle& bundle);

}  // namespace wherry

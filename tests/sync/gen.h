// What the properties draw from.
#pragma once

#include <rapidcheck.h>

namespace wherry::testing {

// 0 to n - 1, all alike. RapidCheck's own ranges depend on the size of the case: small cases, and all
// elements of a container that is kept short, would only ever see the first few.
inline rc::Gen<int> below(int n) {
  return rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n));
}

}  // namespace wherry::testing

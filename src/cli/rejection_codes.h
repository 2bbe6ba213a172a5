// The codes with which a command's own SQL can reject it.
#pragma once

#include <set>
#include <string>

#include "bundle/bundle.h"

namespace wherry::cli {

struct RejectionCodes {
  std::set<std::string> known;
  bool others = false;  // some code is not a literal
};

// What stands in its calls of `require` and `reject`. Wherry's own codes come on top.
RejectionCodes rejection_codes(const Command& command);

}  // namespace wherry::cli

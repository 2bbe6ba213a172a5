// The bundles that the targets use, and commands for them made from the fuzzer's bytes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bundle/compile.h"
#include "fuzz/input.h"

namespace wherry::fuzz {

// The files of a bundle in the source tree: "fuzz/app", "examples/chat", "tests/tracker".
std::vector<BundleFile> bundle_files(const std::string& folder);
// The same, compiled once.
std::shared_ptr<const Bundle> bundle_of(const std::string& folder);

struct Call {
  std::string name, params;
};

// One of the bundle's commands, with parameters that mostly fit: few ids, so that commands meet on the same
// rows.
Call any_call(Input& input, const Bundle& bundle);

}  // namespace wherry::fuzz

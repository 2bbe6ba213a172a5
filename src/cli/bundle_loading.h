// Bundles from their folder, and the compiled one that `serve` leaves in its data folder for the other
// commands.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "bundle/bundle.h"
#include "bundle/compile.h"

namespace wherry::cli {

// kBundle after its mistakes have been printed to stderr.
Result<std::shared_ptr<const Bundle>> load_bundle(const std::string& folder);

Result<> keep_bundle(const std::string& data, const Bundle& bundle);
// kNotFound when nothing has been served from this data folder.
Result<std::shared_ptr<const Bundle>> kept_bundle(const std::string& data);

}  // namespace wherry::cli

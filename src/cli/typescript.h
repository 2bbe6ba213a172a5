// What an app is for TypeScript: a module of types, which the client for browsers takes as `Wherry<App>`.
#pragma once

#include <string>

#include "base/error.h"
#include "bundle/bundle.h"

namespace wherry::cli {

// The parameters and rejections of each command, the rows of each table and view that some device has, the
// scopes that are loaded on demand. Equal bundles make equal text. `bundle` is the whole one.
Result<std::string> typescript_of(const Bundle& bundle);

}  // namespace wherry::cli

// The rows of a replica's tables and views, as TypeScript declares them.
#pragma once

#include <string>

#include "base/error.h"
#include "bundle/bundle.h"
#include "cli/typescript_text.h"

namespace wherry::cli::typescript {

// An interface for each table and view, and the map `Rows` of them. `bundle` is a replica's; its tables are
// made in a private database, since only there the types of their columns are known.
Result<std::string> rows(const Bundle& bundle, TypeNames& names);

}  // namespace wherry::cli::typescript

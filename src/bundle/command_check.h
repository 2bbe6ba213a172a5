// Checks one command against the schema and compiles it.
#pragma once

#include "bundle/annotations.h"
#include "bundle/workbench.h"

namespace wherry {

Command check_command(const Workbench& bench, const CommandSource& source);

// Checks initial.jsonl against the commands and fills bundle.initial.
void check_initial(const Workbench& bench, const BundleFile& file);

}  // namespace wherry

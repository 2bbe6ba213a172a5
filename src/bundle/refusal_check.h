// Where `require` and `reject` may stand in a statement.
#pragma once

#include "bundle/report.h"
#include "bundle/tokens.h"

namespace wherry {

// Reports misplaced calls; true when the statement has any call, well placed or not.
bool check_refusals(const SqlStatement& statement, const std::string& file, Report& report);

}  // namespace wherry

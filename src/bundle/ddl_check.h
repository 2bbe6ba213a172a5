// What a migration's statement may not say, found in its tokens before it runs.
#pragma once

#include "bundle/report.h"
#include "bundle/tokens.h"

namespace wherry {

void check_ddl(const SqlStatement& statement, const std::string& file, Report& report);

}  // namespace wherry

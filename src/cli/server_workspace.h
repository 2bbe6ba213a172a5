// A workspace of a data folder, for commands that work on the server's own files.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "workspace/workspace.h"

namespace wherry::cli {

// Reads beside a running server. Nothing: the workspace has never been used, its log is empty. kNotFound: no
// such workspace, or nothing was ever served from the folder.
Result<std::unique_ptr<WorkspaceReader>> open_reader(const std::string& data, const std::string& workspace);

}  // namespace wherry::cli

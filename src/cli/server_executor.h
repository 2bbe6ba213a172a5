// Executes commands in a workspace of a data folder as a user: on the database itself when nobody serves the
// folder, else through the server that does.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "workspace/workspace.h"

namespace wherry::cli {

// Answers are in order and durable. Each command has an id.
using ServerExecutor =
    std::function<Result<std::vector<protocol::Answer>>(const std::vector<DirectCommand>&)>;

Result<ServerExecutor> open_executor(const std::string& data, const std::string& workspace,
                                     const std::string& user, const std::vector<std::string>& roles);

}  // namespace wherry::cli

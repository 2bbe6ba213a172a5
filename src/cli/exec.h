// `wherry exec`: on a replica's file, or on the server for bots.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/exit_codes.h"

namespace wherry::cli {

struct ExecOptions {
  std::vector<std::string> arguments;  // [FILE] [NAME JSON]
  std::string jsonl;
  std::optional<int64_t> client_timestamp;
  std::string data, workspace, as_user;
  std::vector<std::string> roles;
  bool json = false;

  // Taken from `arguments`.
  std::string file, name, params;
};

// Commands in one transaction: enough to share its cost, few enough to show progress.
inline constexpr size_t kExecGroup = 500;

Result<Exit> exec_on_replica(const ExecOptions& options);
Result<Exit> exec_on_server(const ExecOptions& options);

}  // namespace wherry::cli

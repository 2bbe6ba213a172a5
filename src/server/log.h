// The server's log, on standard error; standard output belongs to the command line. Holds no token and no
// data.
#pragma once

#include <spdlog/logger.h>

namespace wherry::server {

spdlog::logger& log();

}  // namespace wherry::server

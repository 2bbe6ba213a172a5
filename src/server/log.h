// The server's log, on standard error; standard output belongs to the command line. Holds no token and no
// data.
#pragma once

#include <string>

#include <spdlog/logger.h>

#include "base/error.h"
#include "base/time.h"

namespace wherry::server {

spdlog::logger& log();

// Refusals are recorded, but a flood of them must not fill the disk.
void log_refused_token(const std::string& workspace, const Error& error, Millis now);
void log_turned_away(const std::string& address);

}  // namespace wherry::server

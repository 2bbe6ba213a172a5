#include "server/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace wherry::server {

spdlog::logger& log() {
  static const std::shared_ptr<spdlog::logger> logger = spdlog::stderr_color_mt("wherry");
  return *logger;
}

}  // namespace wherry::server

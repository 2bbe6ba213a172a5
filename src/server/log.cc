#include "server/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

#include "server/refused_tokens.h"

namespace wherry::server {

spdlog::logger& log() {
  static const std::shared_ptr<spdlog::logger> logger = spdlog::stderr_color_mt("wherry");
  return *logger;
}

void log_refused_token(const std::string& workspace, const Error& error, Millis now) {
  constexpr int kPerSecond = 20;
  static std::atomic<int64_t> second = 0;
  static std::atomic<int> in_second = 0;
  if (second.exchange(now.count / 1000) != now.count / 1000) in_second = 0;
  if (++in_second <= kPerSecond) log().warn("workspace {}: {}", workspace, error.text());
}

void log_turned_away(const std::string& address) {
  log().warn("{}: {} tokens refused, turned away for {} s", address, RefusedTokens::kMost,
             RefusedTokens::kTurnedAway.count / 1000);
}

}  // namespace wherry::server

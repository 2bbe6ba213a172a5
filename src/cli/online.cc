#include "cli/online.h"

namespace wherry::cli {

Result<> Patience::check(const Database& database) {
  const ConnectionStatus status = database.connection();
  const Clock::time_point now = Clock::now();
  if (status.state == ConnectionStatus::State::kOnline) reached_ = now;
  if (!status.error) return {};
  const bool final = status.state == ConnectionStatus::State::kStopped ||
                     status.error->code == ErrorCode::kUnauthorized ||
                     status.error->code == ErrorCode::kNotFound;
  if (final || now - reached_ >= at_most_) return std::unexpected(*status.error);
  return {};
}

}  // namespace wherry::cli

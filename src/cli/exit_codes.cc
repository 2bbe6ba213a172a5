#include "cli/exit_codes.h"

#include "base/text.h"

namespace wherry::cli {

Exit exit_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kUnauthorized:
      return Exit::kUnauthorized;
    case ErrorCode::kUnavailable:
      return Exit::kUnreachable;
    case ErrorCode::kBusy:
      return Exit::kBusy;
    default:
      return Exit::kFailure;
  }
}

std::string exit_codes_text() {
  std::string text = "Exit codes:\n";
  for (const auto& [exit, meaning] : kExitMeanings)
    text += cat("  ", static_cast<int>(exit), "  ", meaning, "\n");
  return text;
}

}  // namespace wherry::cli

// How the program ends: one table, shown by --help and documented in docs/CLI.md.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/error.h"

namespace wherry::cli {

enum class Exit {
  kOk = 0,
  kFailure = 1,
  kUsage = 2,
  kRejected = 3,
  kRefused = 4,
  kUnauthorized = 5,
  kUnreachable = 6,
  kBusy = 7
};

struct ExitMeaning {
  Exit exit;
  std::string_view meaning;
};

inline constexpr std::array kExitMeanings{
    ExitMeaning{Exit::kOk, "done"},
    ExitMeaning{Exit::kFailure, "failed; the message says why and what to do"},
    ExitMeaning{Exit::kUsage, "the command line is wrong"},
    ExitMeaning{Exit::kRejected, "the server rejected a command"},
    ExitMeaning{Exit::kRefused, "a command was refused locally and not queued"},
    ExitMeaning{Exit::kUnauthorized, "the server does not accept the token"},
    ExitMeaning{Exit::kUnreachable, "the server cannot be reached or does not serve now"},
    ExitMeaning{Exit::kBusy, "another process has the file or the data folder"},
};

Exit exit_of(const Error& error);
// The table as text, for --help.
std::string exit_codes_text();

}  // namespace wherry::cli

#include "wherry/types.h"

namespace wherry {

std::string_view state_text(CommandState state) {
  switch (state) {
    case CommandState::kPending:
      return "pending";
    case CommandState::kApplied:
      return "applied";
    case CommandState::kSuperseded:
      return "superseded";
    case CommandState::kRejected:
      return "rejected";
  }
  return "";
}

}  // namespace wherry

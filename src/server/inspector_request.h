// A question below /inspector/api/, taken apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "workspace/log_view.h"

namespace wherry::server {

struct InspectorRequest {
  enum class About { kWorkspaces, kWorkspace, kSessions, kCommands, kCommand, kRecipients, kActivity };
  About about = About::kWorkspaces;
  std::string workspace{};  // empty only for kWorkspaces; there: the only one that may be told of, if any
  std::string text{};       // kWorkspaces: what the names contain
  int64_t offset = 0;       // kWorkspaces
  int64_t limit = 0;        // kWorkspaces, kSessions
  int64_t after = 0;        // kSessions: a session's number
  int64_t scopes = 0;       // kSessions: how many of each
  int64_t seconds = 0;      // kActivity: how long ago at most
  int64_t since = 0;        // kActivity: the first second, if it is later
  Seq seq{};                // kCommand, kRecipients
  LogQuery log{};           // kCommands
};

// `path` begins behind /inspector/api/. Errors: kNotFound, kInvalid, with what to ask for.
Result<InspectorRequest> parse_inspector_request(std::string_view path, std::string_view query);

// The workspace that such a path is about, if it is about one.
std::optional<std::string_view> workspace_of(std::string_view path);

}  // namespace wherry::server

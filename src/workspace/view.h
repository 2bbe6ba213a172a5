// What a workspace tells of its sessions to whoever looks: plain data, made when it is asked for, in bounded
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace wherry {

struct ScopeView {
  int64_t scope = 0;  // its number in wherry_scopes
  bool on_demand = false;
  enum class State { kIdle, kScanning, kLive } state = State::kIdle;
  Seq position;  // the session has been sent everything of the scope up to here; idle: nothing
};

struct SessionView {
  int64_t id = 0;
  bool ready = false;  // it has said hello and was let in; before that there is no user
  std::string user_id;
  std::vector<std::string> roles;
  std::string replica_id;
  Millis connected_at, expires;
  size_t queued_bytes = 0;                  // handed out and not yet on their way
  size_t waiting_commands = 0;              // pushed and not yet handled
  int64_t credits = 0;                      // chunks of scans that it will take before it asks for more
  size_t held = 0, live = 0, scanning = 0;  // scopes
  Seq position;                             // of the loaded scope that is farthest behind
  std::vector<ScopeView> scopes;            // those that are scanning first; not necessarily all
};

struct ViewQuery {
  int64_t after = 0;         // sessions with a greater number
  size_t sessions_most = 0;  // 0: only the counts
  size_t scopes_most = 0;    // of each session
  // If not empty, only these are shown of each session, so far as it holds them.
  std::vector<int64_t> scopes = {};
};

struct WorkspaceView {
  Seq head;
  size_t sessions = 0;
  size_t waiting_commands = 0;     // that have come and are not handled
  std::vector<SessionView> shown;  // in order of their numbers
  bool has_more = false;           // sessions with a greater number than those shown
};

}  // namespace wherry

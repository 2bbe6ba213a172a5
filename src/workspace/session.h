// What the workspace knows of one connection.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "workspace/access.h"
#include "workspace/workspace.h"

namespace wherry::workspace {

struct SessionScope {
  protocol::Handle handle = 0;
  bool on_demand = false;
  // A scope is scanning or live, never both.
  enum class State { kIdle, kScanning, kLive } state = State::kIdle;
  Seq position;       // scanning: complete up to here…
  std::string after;  // …and within the next seq up to this place
  bool from_zero = false;
  Seq began_at;  // the head when a scan from 0 began: rows that had left by then are not spoken of
};

struct Session {
  SessionId id = 0;
  enum class State { kConnected, kSaidHello, kReady } state = State::kConnected;
  Millis connected_at;
  protocol::Hello hello;
  Identity who;
  std::shared_ptr<Holder> holder;
  std::string replica_id, identity;  // the identity token it was given
  int64_t hello_behind = 0;          // how many commands had come before `hello`
  bool confirmed = false;            // it has shown that it keeps the identity token it was given
  Millis clock_offset;
  protocol::Compression compression = protocol::Compression::kPlain;
  std::map<ScopeId, SessionScope> scopes;
  size_t live = 0;  // of them
  std::unordered_map<protocol::Handle, ScopeId> handles;
  protocol::Handle next_handle = 1;
  int64_t credits = 0;
  size_t queued_bytes = 0;  // handed out and not yet on their way
  size_t waiting_commands = 0;
  size_t waiting_bytes = 0;  // of their data
  Seq boundary;              // the last `upto` that was sent
  std::list<ScopeId> scans;  // scopes that are scanning, in the order in which they were asked for
};

}  // namespace wherry::workspace

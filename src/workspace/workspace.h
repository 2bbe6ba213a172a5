// The server side of one workspace: its log, its tables, who may read what, and the sessions of its replicas.
// Sans-I/O: bytes, times and connections come in, bytes and closings come out. Single-threaded.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/time.h"
#include "bundle/bundle.h"
#include "protocol/messages.h"
#include "workspace/view.h"

namespace wherry {

// SHA-256 of the bytes: 32 bytes. Given from outside, so that the core holds no cryptography.
using Hasher = std::function<std::string(std::string_view)>;

// Whom a token speaks for.
struct Identity {
  std::string user_id;
  std::vector<std::string> roles;
  Millis expires;
};
// Verifies a token for this workspace; kUnauthorized otherwise.
using TokenVerifier = std::function<Result<Identity>(std::string_view token, Millis now)>;

using SessionId = int64_t;

struct Output {
  SessionId session = 0;
  std::string bytes;   // a message to send; empty when only closing
  bool close = false;  // after the bytes: close the connection
  uint16_t close_code = 1000;
  std::string close_reason;
};

// What is read, run and held at once. Tests and the simulator make it little, to get there sooner.
struct WorkspaceLimits {
  size_t group_commands = limits::kGroupCommands;
  size_t chunk_bytes = limits::kChunkBytes;
  size_t session_queue_bytes = limits::kSessionQueueBytes;
  size_t held_scopes = limits::kHeldScopes;
  size_t scope_changes = limits::kScopeChanges;
};

class ReplicaBundles;

struct WorkspaceOptions {
  std::string path;  // of the SQLite file; created if missing
  std::string name;
  std::string vfs;  // empty: the default
  std::shared_ptr<const Bundle> bundle;
  Hasher hasher;
  Entropy entropy;
  TokenVerifier verifier;
  WorkspaceLimits limits = {};
  std::shared_ptr<ReplicaBundles> replica_bundles = {};  // of `bundle`; if none is shared, its own
};

// A command that enters without a session: bots and administration, on the server itself.
struct DirectCommand {
  std::string name;
  std::string data;  // JSON object
  std::string user_id;
  std::vector<std::string> roles;
  std::optional<std::string> id;  // UUID text; made when absent
  std::optional<Millis> client_timestamp;
  std::string submitted_by;  // who sent it, for the log
};

class Workspace {
 public:
  // Opens or creates, makes one durable commit, and only then returns.
  // Requires: no other process writes the file; the data folder's lock sees to that.
  // Errors: kCorrupt, kIo, kFull, kBundle (made with another bundle).
  static Result<std::unique_ptr<Workspace>> open(WorkspaceOptions options, Millis now);
  ~Workspace();

  // A connection is up; the session waits for `hello`.
  void connect(SessionId session, Millis now);
  void disconnect(SessionId session);
  // One whole message of the session. Pushed commands wait for the next commit(); everything else is
  // handled at once. A malformed message closes the session with a named error.
  void receive(SessionId session, std::string_view bytes, Millis now);
  // Bytes of this session that were handed out and are not on their way any more.
  void sent(SessionId session, size_t bytes, Millis now);

  // True when commands wait for commit() or chunks for being read.
  bool has_work() const;
  // Runs what waits as one group, makes it durable and publishes: answers, effects, grants, revokes. Then
  // reads the next chunks of scans that have credit. An error means that nothing of the group was
  // acknowledged and the workspace must be closed.
  Result<> commit(Millis now);
  // Closes sessions whose token has expired or that never said hello, and sweeps old departures; call about
  // once a second. After an error the workspace must be closed.
  Result<> tick(Millis now);
  // Says goodbye to every session.
  void shut_down(const std::string& code, const std::string& message, Millis retry_after);

  // Runs one command in a group of its own; durable when it returns.
  Result<protocol::Answer> execute(const DirectCommand& command, Millis now);
  // Many commands in groups; durable when it returns. Answers are in order.
  Result<std::vector<protocol::Answer>> execute_all(const std::vector<DirectCommand>& commands, Millis now);

  // What is to be sent since the last call, in order per session.
  std::vector<Output> take_outputs();

  Seq head() const;
  size_t sessions() const;
  WorkspaceView view(const ViewQuery& query) const;

 private:
  class Impl;
  explicit Workspace(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// --- read-only views of a workspace file, beside a running server ------------------------------------------

struct LogEntry {
  Seq seq;
  std::string json;  // all columns; delta decoded
};

// A reader never shows what is not yet durable: it takes a snapshot, then syncs the WAL (docs/STORAGE.md).
class WorkspaceReader {
 public:
  static Result<std::unique_ptr<WorkspaceReader>> open(const std::string& path,
                                                       std::shared_ptr<const Bundle> bundle);
  ~WorkspaceReader();
  Result<> log(Seq from, const std::function<Result<>(const LogEntry&)>& each);
  // The canonical dump: one line per row. `user`: filtered to what he may read with these roles.
  struct Reader {
    std::string user_id;
    std::vector<std::string> roles;
  };
  Result<> dump(const std::optional<Reader>& as, const std::function<Result<>(std::string_view line)>& each);
  // Recomputes the hash chain; the first seq that does not verify, or nothing.
  Result<std::optional<Seq>> verify(const Hasher& hasher);

 private:
  class Impl;
  explicit WorkspaceReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry

// The device side of one workspace: the user's database, the list of own commands, and the session that
// brings both up to date. Sans-I/O: events in, effects out. Single-threaded; src/client makes it thread-safe.
// REBASE: visible rows = confirmed rows, then the pending handlers run in order.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "bundle/params.h"
#include "protocol/messages.h"

namespace wherry {

struct ReplicaOptions {
  std::string path;
  std::string vfs;              // empty: the default
  Entropy entropy;
  bool synchronous_full = true; // false: NORMAL, a power loss may take the latest local commands
  bool reference_rebase = false;  // tests: undo and re-run everything each time
  bool create = false;          // make the file when it is missing
};

enum class CommandState { kPending, kApplied, kSuperseded, kRejected };

struct OwnCommand {
  std::string id;
  std::string name;
  std::string data;
  std::string entity_id;
  CommandState state = CommandState::kPending;
  std::string code, message;    // why rejected, or refused for now on re-run while still pending
  std::string lost_json;        // superseded: the cells, as JSON
  std::string retry_of;         // id of the command that this one retries
  Millis client_timestamp;
  Seq base_seq, seq;
  int64_t replica_seq = 0;
};

struct HeldScope {
  std::string name;
  bool on_demand = false;
  bool wanted = false;          // auto, or loaded by the app
  enum class State { kUnloaded, kScanning, kLive } state = State::kUnloaded;
  Seq position;
};

struct ReplicaStatus {
  std::string workspace, user_id, replica_id, epoch;
  std::string schema_hash;      // empty: never connected
  int64_t pending = 0, rejected = 0, superseded = 0;
  bool connected = false;       // welcome received on the present connection
  bool synced = false;          // connected, queue empty, and all wanted scopes live
  Seq position;
  std::vector<HeldScope> scopes;
};

// What happened, for the app.
struct ReplicaEvent {
  enum class Kind {
    kAnswered,     // command `id` is now `state`
    kStatus,       // connected, synced or scopes changed
    kEpoch,        // the server was restored; `detail` says what is re-offered
    kIdentity,     // this file was restored or cloned and has a new identity
    kProgress,     // `done` of `total` rows or commands while catching up (total 0: unknown)
    kError,        // the server said `code`, `detail`
  } kind;
  std::string id;
  CommandState state = CommandState::kPending;
  std::string code, detail;
  int64_t done = 0, total = 0;
};

// A live query's new result and how it differs from the last one.
struct QueryChange {
  std::vector<std::string> columns;
  std::vector<Row> rows;
  std::vector<Row> removed, added;  // as multisets
};
using WatchId = int64_t;

class Replica {
 public:
  // Errors: kBusy (another engine has the file), kCorrupt, kIo, kNotFound (no such file and not `create`).
  static Result<std::unique_ptr<Replica>> open(ReplicaOptions options);
  ~Replica();

  // --- the app's side ---
  // Runs the command now, adds it to the list, durable when it returns: the command's id. The outer error is
  // a fault; the inner one the local refusal, which queues nothing.
  struct Executed {
    std::string id;
    std::optional<Refusal> refusal;
  };
  struct ExecuteOptions {
    std::optional<Millis> client_timestamp;   // default: now
    std::optional<std::string> id;            // UUID text of the caller's; an id already in the list is a no-op
    std::optional<std::string> user;          // role import: the author named
    std::string retry_of;
  };
  Result<Executed> execute(std::string_view name, std::string_view params_json, Millis now,
                           const ExecuteOptions& options = {});
  // Many commands in one transaction.
  struct Request {
    std::string name, params_json;
    ExecuteOptions options;
  };
  Result<std::vector<Executed>> execute_all(const std::vector<Request>& requests, Millis now);

  struct QueryResult {
    std::vector<std::string> columns;
    std::vector<Row> rows;
  };
  // Reads only; anything else is refused (kSql).
  Result<QueryResult> query(std::string_view sql, const Row& parameters = {});
  // Calls back at once with the first result, then after each commit that changed it, until unwatch.
  Result<WatchId> watch(std::string sql, Row parameters, std::function<void(const QueryChange&)> callback);
  void unwatch(WatchId id);

  ReplicaStatus status() const;
  Result<std::vector<OwnCommand>> commands();
  // Issues the rejected or superseded command's data as a new command that points to it.
  Result<Executed> retry(std::string_view id, Millis now);
  // Takes an answered command off the list.
  Result<> dismiss(std::string_view id);
  Result<> dismiss_all();
  // On-demand scopes: asks for its rows from now on, or drops them.
  Result<> load(std::string_view scope);
  Result<> unload(std::string_view scope);
  // The canonical dump of the confirmed rows.
  Result<> dump(const std::function<Result<>(std::string_view line)>& each);
  // Moves everything into the database file and truncates the WAL.
  Result<> checkpoint();

  // --- the connection's side ---
  // The connection is up: says hello with this token.
  Result<> connected(std::string token, Millis now);
  void disconnected();
  // One whole message from the server. kProtocol and kVersion end the session, other errors are faults of the file.
  Result<> receive(std::string_view bytes, Millis now);
  // Messages to send, in order.
  std::vector<std::string> take_outgoing();
  // Whether the server closed with `bye`, and when to come back.
  std::optional<protocol::Bye> take_bye();
  std::vector<ReplicaEvent> take_events();

 private:
  class Impl;
  explicit Replica(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry

// A Wherry database: the SQLite file of one user and device, kept in step with a workspace on a server.
// Commands run at once, also offline; sync goes on in the background.
// Thread: every function may be called from any thread. Callbacks run one at a time on a thread of the
// database's own, never while it holds a lock, so they may call back into it.
// Blocks: on the disk and on short work of other threads; never on the network.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/error.h"
#include "wherry/time.h"
#include "wherry/types.h"
#include "wherry/value.h"

namespace wherry {

enum class Durability {
  kFull,    // an executed command survives a power loss
  kNormal,  // faster; a power loss may take the latest commands, never the file
};

struct DatabaseOptions {
  // ws://HOST:PORT/WORKSPACE; empty: the database stays offline.
  std::string url = {};
  // Called on a background thread when a token is needed: before the first connection, and when the server
  // has refused the last one. May block. An error is reported as an event and asked again later.
  std::function<Result<std::string>()> token = {};
  Durability durability = Durability::kFull;
  bool create = false;       // make the file when it is missing
  bool start_online = true;  // connect at once when there is a url
  // Lets `wherry tap FILE` of the same user watch the traffic, over the socket FILE.tap (mode 0600).
  bool tap = true;
  std::function<void(const ReplicaEvent&)> on_event = {};
};

// The state of the network side.
struct ConnectionStatus {
  enum class State {
    kOffline,     // not wanted, or no url
    kConnecting,  // a connection or a token is being obtained
    kOnline,      // the server answers
    kWaiting,     // the last attempt failed; the next comes by itself
    kStopped,     // the server or the file refuses for good: connect() tries again
  } state = State::kOffline;
  std::optional<Error> error;  // why, for kWaiting and kStopped
  int64_t attempts = 0;        // failed in a row
};

// How a command ended.
struct CommandOutcome {
  std::string id;
  CommandState state = CommandState::kPending;
  std::string code, message;  // rejected: why
};

class Database {
 public:
  // A damaged file is begun anew with the list of its own commands, as far as it can be read, and
  // ReplicaEvent::Kind kSalvaged says so. Errors: kBusy (another engine has the file), kCorrupt (not
  // recognised as a replica's), kIo, kFull, kNotFound (no such file and not `create`), kInvalid (the url).
  static Result<std::unique_ptr<Database>> open(const std::string& path, DatabaseOptions options = {});
  // Ends the connection and all callbacks. Not to be called from a callback.
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // --- commands ---
  // Runs the command, queues it for the server and returns once it is durable. The error is a fault; a
  // command that cannot succeed is an answer: Executed::refusal, and nothing is queued.
  Result<Executed> execute(std::string_view name, std::string_view params_json, ExecuteOptions options = {});
  // Many commands in one transaction.
  Result<std::vector<Executed>> execute_all(const std::vector<ExecuteRequest>& requests);
  // Ready when the server has answered the command, at once when it already has. kNotFound: no such command
  // in the list; kUnavailable: the database was closed before.
  std::future<Result<CommandOutcome>> outcome(std::string_view id);
  // The own commands, oldest first.
  Result<std::vector<OwnCommand>> commands();
  // Issues the data of a rejected or superseded command as a new command that points to it.
  Result<Executed> retry(std::string_view id);
  // Takes an answered command off the list.
  Result<> dismiss(std::string_view id);
  Result<> dismiss_all();

  // --- reading ---
  // One statement that only reads; anything else is refused (kSql). `?1`, `?2`, … are the parameters. One
  // that reads a full-text index first writes what it still lacks, since indexes follow their rows. Plans do
  // not depend on values of parameters: a LIKE or GLOB that is to use an index has its pattern in the text.
  Result<QueryResult> query(std::string_view sql, const Row& parameters = {});
  // Calls back with the first result, then whenever a commit has changed it. Results that come faster than
  // the callback returns are handed over as one.
  Result<WatchId> watch(std::string sql, Row parameters, std::function<void(const QueryChange&)> callback);
  // No call begins after it returns; one under way has ended, unless it is the caller.
  void unwatch(WatchId id);
  // The confirmed rows in canonical form, a line each. `each` must not call back into the database.
  Result<> dump(const std::function<Result<>(std::string_view line)>& each);

  // --- scopes and sync ---
  // On-demand scopes: asks for the rows from now on, or drops them.
  Result<> load(std::string_view scope);
  Result<> unload(std::string_view scope);
  void connect();
  void disconnect();
  ReplicaStatus status() const;
  ConnectionStatus connection() const;
  // Waits until everything is sent and answered and all wanted scopes are live, or the time is over: false.
  bool wait_synced(std::chrono::milliseconds at_most);

  // Moves everything into the file itself and truncates its write-ahead log.
  Result<> checkpoint();

 private:
  class Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry

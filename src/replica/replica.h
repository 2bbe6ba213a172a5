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
#include "wherry/types.h"

namespace wherry {

struct ReplicaOptions {
  std::string path;
  std::string vfs;  // empty: the default
  Entropy entropy;
  bool synchronous_full = true;   // false: NORMAL, a power loss may take the latest local commands
  bool reference_rebase = false;  // tests: undo and re-run everything each time
  bool create = false;            // make the file when it is missing
};

class Replica {
 public:
  // Errors: kBusy (another engine has the file), kCorrupt, kIo, kNotFound (no such file and not `create`).
  static Result<std::unique_ptr<Replica>> open(ReplicaOptions options);
  // For a file that open() has found damaged: puts a new one in its place, which keeps the list of commands,
  // as far as it can be read, and is filled again by the server. Errors: kBusy, kCorrupt (not recognised as a
  // replica's file: nothing was done), kIo, kFull.
  static Result<Salvaged> salvage(const ReplicaOptions& options);
  ~Replica();

  // --- the app's side ---
  // Runs the command now, adds it to the list, durable when it returns: the command's id. The outer error is
  // a fault; the inner one the local refusal, which queues nothing.
  using Executed = wherry::Executed;
  using ExecuteOptions = wherry::ExecuteOptions;
  Result<Executed> execute(std::string_view name, std::string_view params_json, Millis now,
                           const ExecuteOptions& options = {});
  // Many commands in one transaction.
  using Request = wherry::ExecuteRequest;
  Result<std::vector<Executed>> execute_all(const std::vector<Request>& requests, Millis now);

  using QueryResult = wherry::QueryResult;
  // Reads only; anything else is refused (kSql).
  Result<QueryResult> query(std::string_view sql, const Row& parameters = {});
  // Calls back at once with the first result, then after each commit that changed it, until unwatch.
  Result<WatchId> watch(std::string sql, Row parameters,
                        const std::function<void(const QueryChange&)>& callback);
  void unwatch(WatchId id);

  ReplicaStatus status() const;
  Result<std::vector<OwnCommand>> commands();
  // Issues the rejected or superseded command's data as a new command that points to it, under the id `as` if
  // there is one.
  Result<Executed> retry(std::string_view id, Millis now, std::optional<std::string> as = std::nullopt);
  // Takes an answered command off the list.
  Result<> dismiss(std::string_view id);
  Result<> dismiss_all();
  // On-demand scopes: asks for its rows from now on, or drops them.
  Result<> load(std::string_view scope);
  Result<> unload(std::string_view scope);
  // The canonical dump of the confirmed rows.
  Result<> dump(const std::function<Result<>(std::string_view line)>& each);
  // Full-text indexes follow their rows: a slice of them at a time, some ten milliseconds' work. To be done
  // whenever there is much; a little can wait for a second. A query that reads such an index does all of it
  // first.
  enum class Background { kNone, kLittle, kMuch };
  Background background_work() const;
  Result<> do_background_work();
  // All of it, for whoever only reads the file.
  Result<> finish_background_work();
  // Moves everything into the database file and truncates the WAL.
  Result<> checkpoint();

  // --- the connection's side ---
  // The connection is up: says hello with this token.
  Result<> connected(std::string token, Millis now);
  void disconnected();
  // One whole message from the server. kProtocol and kVersion end the session, other errors are faults of the
  // file.
  Result<> receive(std::string_view bytes, Millis now);
  // Whether there may be something to send.
  bool has_outgoing() const;
  // Messages to send, in order. They are made now, so that commands executed since travel together. Errors as
  // those of receive().
  Result<std::vector<std::string>> take_outgoing();
  // Whether the server closed with `bye`, and when to come back.
  std::optional<protocol::Bye> take_bye();
  std::vector<ReplicaEvent> take_events();

 private:
  class Impl;
  explicit Replica(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry

// What a replica tells the app: commands and their outcomes, scopes, status, events, query results.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/error.h"
#include "wherry/time.h"
#include "wherry/value.h"

namespace wherry {

// Why a command is refused: not an error of ours but its answer. Codes are stable; those that begin with
// entity_ constraint_ command_ param_ limit_ handler_ are Wherry's own, others are the app's.
struct Refusal {
  std::string code;
  std::string message;
};

struct Executed {
  std::string id;                  // of the command
  std::optional<Refusal> refusal;  // refused locally: nothing was queued
};

struct ExecuteOptions {
  std::optional<Millis> client_timestamp;  // default: now
  std::optional<std::string> id;           // UUID text of the caller's; an id already in the list is a no-op
  std::optional<std::string> user;         // role import: the author named
  std::string retry_of;
};

struct ExecuteRequest {
  std::string name, params_json;
  ExecuteOptions options;
};

enum class CommandState { kPending, kApplied, kSuperseded, kRejected };

// As the list of commands names it: "pending", "applied", "superseded", "rejected".
std::string_view state_text(CommandState state);

struct OwnCommand {
  std::string id;
  std::string name;
  std::string data;
  std::string entity_id;
  CommandState state = CommandState::kPending;
  std::string code, message;  // why rejected, or refused for now on re-run while still pending
  std::string lost_json;      // superseded: the cells, as JSON
  std::string retry_of;       // id of the command that this one retries
  Millis client_timestamp;
  Seq base_seq, seq;
  int64_t replica_seq = 0;
};

struct HeldScope {
  std::string name;
  bool on_demand = false;
  bool wanted = false;  // auto, or loaded by the app
  enum class State { kUnloaded, kScanning, kLive } state = State::kUnloaded;
  Seq position;
};

struct ReplicaStatus {
  std::string workspace, user_id, replica_id, epoch;
  std::string schema_hash;  // empty: never connected
  int64_t pending = 0, rejected = 0, superseded = 0;
  bool connected = false;  // welcome received on the present connection
  bool synced = false;     // connected, queue empty, and all wanted scopes live
  Seq position;
  std::vector<HeldScope> scopes;
};

// What happened, for the app.
struct ReplicaEvent {
  enum class Kind {
    kAnswered,  // command `id` is now `state`
    kStatus,    // connected, synced or scopes changed
    kEpoch,     // the server was restored; `detail` says what is re-offered
    kIdentity,  // this file was restored or cloned and has a new identity
    kSalvaged,  // the file was damaged and begun anew with `done` commands of its list; `detail` says more
    kProgress,  // `done` of `total` rows or commands while catching up (total 0: unknown)
    kError,     // the server said `code`, `detail`
  } kind;
  std::string id;
  CommandState state = CommandState::kPending;
  std::string code, detail;
  int64_t done = 0, total = 0;
};

// What became of a damaged file.
struct Salvaged {
  int64_t commands = 0;  // of the list of own commands, kept
  bool complete = true;  // false: some of it may be lost
};

struct QueryResult {
  std::vector<std::string> columns;
  std::vector<Row> rows;
};

// A live query's new result and how it differs from the last one.
struct QueryChange {
  std::vector<std::string> columns;
  std::vector<Row> rows;
  std::vector<Row> removed, added;  // as multisets
};

using WatchId = int64_t;

}  // namespace wherry

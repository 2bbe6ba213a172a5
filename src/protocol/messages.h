// The messages between a replica and a workspace, as structs. docs/PROTOCOL.md defines them for implementers;
// codec.h turns them into bytes. A message on the wire is one WebSocket binary message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "base/value.h"

namespace wherry::protocol {

inline constexpr int64_t kVersion = 2;

// Of a link of the log's chain, as `welcome` and `batch` show it.
inline constexpr size_t kLinkBytes = 10;

// The number by which a session names a scope; given by the server in `scopes`, never reused in a session.
using Handle = int64_t;

// How messages and bodies are made; plain is always allowed. The number is also the first byte of each.
// kZstdDictionary is zstd with the built-in dictionary (dictionary_1.bin).
enum class Compression : int64_t { kPlain = 0, kZstd = 1, kZstdDictionary = 2 };

// --- replica to workspace -------------------------------------------------------------------------------

struct Hello {
  int64_t version = kVersion;
  std::string token;                      // JWT; never in the URL
  std::optional<std::string> replica_id;  // UUID text; nothing: a new replica
  std::string identity;                   // the identity token last received, empty for a new replica
  Millis clock;                           // the device's clock now
  std::string schema_hash;                // of the bundle the replica holds, empty: none
  std::string epoch;                      // empty: none known
  Seq position;                           // the greatest boundary applied
  Seq hash_at;                            // (hash_at, hash): a link of the log's chain the replica was shown
  std::string hash;
  int64_t answered = 0;                  // all own commands up to this replica_seq are answered
  std::vector<Compression> compression;  // that the replica can read, besides plain
  bool operator==(const Hello&) const = default;
};

struct PushedCommand {
  std::string id;  // UUID text
  int64_t replica_seq = 0;
  std::string name;
  std::string data;  // JSON object
  Millis client_timestamp;
  Seq base_seq;
  std::optional<std::string> user;  // role `import` only: the author named
  bool operator==(const PushedCommand&) const = default;
};

struct Push {
  std::vector<PushedCommand> commands;  // in order of replica_seq, without gaps
  bool operator==(const Push&) const = default;
};

// Asks for the rows of scopes, and grants credit: each `rows` message costs one.
struct Pull {
  struct Scope {
    Handle handle = 0;
    Seq position;       // complete up to here; 0 = everything
    std::string after;  // within the next seq: the place where the last chunk ended, empty: its beginning
    bool operator==(const Scope&) const = default;
  };
  std::vector<Scope> scopes;
  std::vector<Handle> unload;  // send nothing more of these
  int64_t credits = 0;
  bool operator==(const Pull&) const = default;
};

// --- workspace to replica -------------------------------------------------------------------------------

struct Limits {
  int64_t message_bytes = 0;
  int64_t command_bytes = 0;
  int64_t window_commands = 0;
  int64_t window_bytes = 0;
  bool operator==(const Limits&) const = default;
};

struct Welcome {
  int64_t version = kVersion;
  Limits limits;
  Millis server_time;
  std::string workspace;
  std::string user_id;
  std::vector<std::string> roles;
  std::string epoch;
  Seq epoch_base;  // the log up to here is common with the epoch before
  Seq head;        // of the log, now; with `hash` a link of the chain
  std::string hash;
  std::string replica_id;  // as said in hello, or a new one
  bool renewed = false;    // the file was restored or cloned: replica_id is new, numbers begin at 1,
                           // push everything unanswered before the first pull
  std::string identity;    // the new identity token: make it durable before pushing
  int64_t received = 0;    // the greatest replica_seq that the log holds of this replica
  Compression compression = Compression::kPlain;
  std::string schema_hash;  // a `schema` message follows if the replica said another one
  bool operator==(const Welcome&) const = default;
};

struct Schema {
  std::string hash;
  std::string bundle;  // bundle/wire.h
  bool operator==(const Schema&) const = default;
};

struct GrantedScope {
  Handle handle = 0;
  std::string name;  // "channel(general)"
  bool on_demand = false;
  bool live = false;  // born with its grant: the batch holds all of it, the scope is live without a pull
  bool operator==(const GrantedScope&) const = default;
};

// A change of what the session holds. The first one after `welcome` has `reset`: the list begins anew (and
// may go on in further messages until one has `last`).
struct Scopes {
  bool reset = false;
  bool last = true;
  std::vector<GrantedScope> granted;
  std::vector<Handle> revoked;
  bool operator==(const Scopes&) const = default;
};

enum class Outcome : int64_t { kApplied = 0, kSuperseded = 1, kRejected = 2 };

struct LostCell {
  int64_t table = 0;  // Table::id
  Row key;
  std::string column;  // empty: the row's existence
  bool operator==(const LostCell&) const = default;
};

struct Answer {
  std::string id;  // of the command
  int64_t replica_seq = 0;
  Seq seq;  // its place in the log; 0 for a rejection beyond the quota, which is not logged
  Outcome outcome = Outcome::kApplied;
  std::string code;  // rejected: stable code
  std::string message;
  std::vector<LostCell> lost;  // superseded
  bool operator==(const Answer&) const = default;
};

// One row of a scope, as it stands at `seq`.
struct RowItem {
  enum class Kind : int64_t { kPut = 0, kSet = 1, kGone = 2 };
  Kind kind = Kind::kPut;
  int64_t table = 0;  // Table::id
  Seq seq;
  Row row;                                       // kPut: all columns; kSet, kGone: the key
  std::vector<std::pair<int64_t, Value>> cells;  // kSet: column index, value
  bool operator==(const RowItem&) const = default;
};

// A compressed run of row items of one scope; encoded once and sent to everyone who may have it.
struct Segment {
  Handle handle = 0;
  std::string body;  // codec.h: encode_items
  bool operator==(const Segment&) const = default;
};

// Everything up to `upto` for all live scopes of the session; visible at once.
struct Batch {
  Seq upto;
  std::string hash;               // with `upto` a link of the log's chain, or empty
  std::vector<Answer> answers;    // to own commands up to `upto`
  std::optional<Scopes> scopes;   // what grants and revokes up to `upto` changed
  std::vector<Handle> scanning;   // scopes that were live and from now on arrive as `rows`
  std::vector<Segment> segments;  // of live scopes; of others only rows that own answered commands wrote
  bool operator==(const Batch&) const = default;
};

// A chunk of a scanned scope: its rows with position < seq <= upto, in seq order.
struct RowsChunk {
  Handle handle = 0;
  Seq upto;
  std::string after;            // not empty: the rows of seq upto + 1 are complete up to this place only
  bool live = false;            // the chunk reaches the head: the scope is live from `upto` on
  bool from_zero = false;       // the first chunk of a scan from 0
  std::vector<Answer> answers;  // to own commands up to `upto`, not sent before
  std::vector<Segment> own;     // rows those commands wrote in scopes that are not live
  std::string body;             // codec.h: encode_items
  bool operator==(const RowsChunk&) const = default;
};

// Something is wrong with one message or command; the session goes on unless a `bye` follows.
struct ErrorMessage {
  std::string code;
  std::string message;
  bool operator==(const ErrorMessage&) const = default;
};

// The session ends; the WebSocket closes with close_code(code).
struct Bye {
  std::string code;
  std::string message;
  Millis retry_after;  // 0: at once, negative: not without a change on the replica's side
  bool operator==(const Bye&) const = default;
};

// On the wire a message's number is its place here, counted from 1.
using Message = std::variant<Hello, Push, Pull, Welcome, Schema, Scopes, Batch, RowsChunk, ErrorMessage, Bye>;

// "applied", "superseded", "rejected": the log's word for it.
std::string_view outcome_text(Outcome outcome);

// "hello", "push", …: the name docs/PROTOCOL.md gives it.
std::string_view message_name(const Message& message);

}  // namespace wherry::protocol

// The face of the core for JavaScript: one replica, called with a number for what to do and its arguments in
// MessagePack, and answered in MessagePack. web/client/src/core/core.ts is the other side; both lists of
// calls must agree.
//
// A reply is an array: [nil, result], or [code, message] for an error.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/msgpack.h"
#include "replica/replica.h"

namespace wherry::wasm {

enum class Call : int32_t {
  kOpen = 0,        // path, durable, create: salvaged or nil
  kClose = 1,       //
  kExecute = 2,     // requests, each [name, params as JSON, id or nil]: [[id, code or nil, message or nil]]
  kQuery = 3,       // sql, parameters: [columns, rows]
  kWatch = 4,       // sql, parameters: number
  kUnwatch = 5,     // number
  kStatus = 6,      // see write_status
  kCommands = 7,    // see write_command
  kRetry = 8,       // id, id of the new command: as one of kExecute
  kDismiss = 9,     // id, or nil for all that are answered
  kLoad = 10,       // scope
  kUnload = 11,     // scope
  kConnected = 12,  // token
  kDisconnected = 13,
  kReceive = 14,   // the message alone, no MessagePack around it
  kOutgoing = 15,  // : [message, …]
  kNews = 16,      // : [events, changes of watched queries, bye or nil]
  kWork = 17,      // in the background, a slice
  kCheckpoint = 18,
  kDump = 19,  // : text
};

// What to ask for after a call, in the flags of its reply.
inline constexpr int32_t kHasOutgoing = 1;
inline constexpr int32_t kHasNews = 2;
inline constexpr int32_t kHasLittleWork = 4;
inline constexpr int32_t kHasMuchWork = 8;

class Face {
 public:
  Face();
  // The reply is the caller's until the next call.
  const std::string& call(Call what, std::string_view request);
  int32_t flags() const;

 private:
  struct Changed {
    WatchId watch = 0;
    QueryChange change;
  };
  Result<> answer(Call what, std::string_view request, msgpack::Writer& reply);
  Result<> open(msgpack::Reader& request, msgpack::Writer& reply);
  Result<> execute(msgpack::Reader& request, msgpack::Writer& reply);
  Result<> query(msgpack::Reader& request, msgpack::Writer& reply);
  Result<> watch(msgpack::Reader& request, msgpack::Writer& reply);
  Result<> write_commands(msgpack::Writer& reply);
  Result<> write_outgoing(msgpack::Writer& reply);
  Result<> write_dump(msgpack::Writer& reply);
  void write_status(msgpack::Writer& reply) const;
  void write_news(msgpack::Writer& reply);

  Entropy entropy_;
  std::unique_ptr<Replica> replica_;
  std::vector<ReplicaEvent> events_;
  std::vector<Changed> changes_;
  std::string reply_;
};

}  // namespace wherry::wasm

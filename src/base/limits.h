// Every limit of the core, in one place, each with its reason. The wire announces those that a peer must
// respect in `welcome`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wherry::limits {

// A command's parameters as JSON: large enough for a long document, small enough to hold a window of them.
inline constexpr size_t kCommandBytes = 1 << 20;
// Nesting of a command's JSON.
inline constexpr size_t kJsonDepth = 32;
// One message on the wire, after decompression; a peer must not make us hold more.
inline constexpr size_t kMessageBytes = 4 << 20;
// Commands in one transaction: bounds the time readers and other writers wait.
inline constexpr size_t kGroupCommands = 1000;
// Commands sent and not yet answered, per replica: the server has one group while the replica takes the
// answers to the other.
inline constexpr size_t kWindowCommands = 2 * kGroupCommands;
inline constexpr size_t kWindowBytes = 4 << 20;
// What a scan reads at once, in bytes of rows: one message stays far below kMessageBytes.
inline constexpr size_t kChunkBytes = 256 << 10;
// Chunks a replica lets the server send before it grants more.
inline constexpr int64_t kChunkCredits = 8;
// Bytes queued for a session before its live scopes go back to scanning.
inline constexpr size_t kSessionQueueBytes = 4 << 20;
// Commands that wait for one workspace, over all sessions; above it the server stops reading.
inline constexpr size_t kWorkspaceQueueCommands = 20000;
// VM steps of one handler: about 50 ms, counted so that every machine agrees.
inline constexpr int64_t kHandlerSteps = 20'000'000;
// Rows one command may change, and the bytes of its delta: with its answer it travels as one message.
inline constexpr size_t kCommandRows = 20'000;
inline constexpr size_t kDeltaBytes = kMessageBytes / 2;
// Cells that an answer names as lost; the log names all of them.
inline constexpr size_t kLostCells = 1000;
// How far parents are walked.
inline constexpr int kParentDepth = 16;
// Commands a replica may hold pending; beyond it `execute` says that the queue is full.
inline constexpr size_t kPendingCommands = 100'000;
// Queries that a replica keeps prepared: more than the screens of an app ask, each some kilobytes.
inline constexpr size_t kPreparedQueries = 32;
// Bytes of pending commands' parameters that a replica keeps taken apart, to run them again: enough for most
// queues, as small as the page cache.
inline constexpr size_t kReadyBytes = 16 << 20;
// Columns of a table (SQLite's own limit is 2000); cells are kept as bits.
inline constexpr size_t kTableColumns = 64;
inline constexpr size_t kTables = 500;
// Scopes one user may hold at once.
inline constexpr size_t kHeldScopes = 100'000;
// Scopes granted and revoked by one group that a session is told of in its batch, with names of kNameBytes;
// with more it connects again and gets the list anew, in parts.
inline constexpr size_t kScopeChanges = 2000;
// Rejected commands logged per user and hour; beyond it they are answered but not logged.
inline constexpr int64_t kRejectionsPerHour = 1000;
// A JSON Web Token with a generous list of roles.
inline constexpr size_t kTokenBytes = 8 << 10;
// Names of commands, users and roles: 200 characters of UTF-8.
inline constexpr size_t kNameBytes = 800;
// Hashes and identity tokens, which are 16 to 32 bytes today.
inline constexpr size_t kDigestBytes = 64;
inline constexpr size_t kRoles = 20;
// Credits one pull may grant: enough for any window, small enough to add up without care.
inline constexpr int64_t kPullCredits = 1000;
// Milliseconds since 1970, either way: what fits beside the counter of a stamp.
inline constexpr int64_t kTimeMost = (1LL << 46) - 1;
// Departures are kept this long; an older position is answered with a scan from 0.
inline constexpr int64_t kDepartureHorizonMs = 90LL * 24 * 3600 * 1000;

}  // namespace wherry::limits

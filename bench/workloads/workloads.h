// Each workload starts what it needs, runs for a while and prints one line (report.h).
#pragma once

#include <cstddef>
#include <string>

namespace wherry::bench {

struct IngestOptions {
  std::string program;  // the wherry binary
  std::string command = "post";
  size_t writers = 10, window = 64;
  bool all_receive = true;  // every writer holds the channel of all; else each has one of his own
  size_t rows = 1000;
  double seconds = 5;
};
// Writers who keep so many commands under way; how many are acknowledged, and what that costs the server.
void ingest(const IngestOptions& options);

struct FanOutOptions {
  std::string program;
  size_t subscribers = 200;
  double gap_ms = 10;
  double seconds = 5;
};
// One writer at a steady pace: how long until a subscriber has the row.
void fan_out(const FanOutOptions& options);

struct CeilingsOptions {
  double seconds = 1;  // for each figure
  size_t rows = 0;     // to edit; 0: posts alone
};
// What the machine can do at all: a sync; SQLite with the rows and syncs of the log, a message, its version
// and its place in the scope index, with nothing of ours around it, by the number of commands per commit;
// the same with edits, without and with a full-text index; and a WebSocket that echoes.
void ceilings(const CeilingsOptions& options);

struct BootstrapOptions {
  std::string program;
  size_t rows = 100'000;
};
// A fresh replica: how long until it has the last row, beside plain inserts of the same rows into SQLite; and
// how many bytes come over the wire.
void bootstrap(const BootstrapOptions& options);

struct OfflineOptions {
  std::string program;
  size_t commands = 10'000;
};
// A full replica comes back with commands that it has queued: how long until all are answered, and until
// another full replica shows the last. The CPU time of the client is that of both replicas.
void offline(const OfflineOptions& options);

struct MissedOptions {
  std::string program;
  size_t commands = 100'000;
  size_t rows = 10'000;
};
// A full replica comes back after others have edited its rows at random: how long until it has everything.
void missed(const MissedOptions& options);

struct BytesOptions {
  std::string program;
  size_t commands = 20'000;  // while the channel is busy
  size_t alone = 200;        // while it is idle
};
// The payload of the messages that a live subscriber gets, per command: for a post of about 100 bytes and for
// a card moved on a board, when ten writers have 64 commands under way each, and when each command comes as a
// message of its own. Frame headers are counted apart.
void bytes(const BytesOptions& options);

struct IdleOptions {
  std::string program;
  size_t connections = 10'000;
  size_t workspaces = 1;
  size_t rows = 100;    // messages in each of these
  bool fresh = false;   // each connection gets them first, as a new device does
  double seconds = 20;  // the server pings each connection every 15
};
// Live connections on which nothing happens, each of another user: the server's memory and CPU time for them.
// The first one of each workspace, which opens it, is not counted.
void idle(const IdleOptions& options);

struct WorkspacesOptions {
  std::string program;
  size_t workspaces = 2000;
  size_t users = 5;  // of each
  double rate = 50;  // commands per second, over all
  double seconds = 20;
  bool connected = false;  // all users connect ahead; else each with the first command that he has to send
};
// Posts at a steady rate in workspaces drawn by Zipf: how long from when one is due until it is acknowledged,
// and the server's memory. The time includes, at the first of a workspace, its opening.
void workspaces(const WorkspacesOptions& options);

struct GrowthOptions {
  size_t log = 1'000'000;  // the greatest, from 1,000; less: not asked
  size_t scopes = 10'000;  // the greatest, from 10; less: not asked
  int rounds = 10;
  std::string plots;  // a folder for the plots; empty: none
};
// What a command costs a workspace in this process, as its log and its scopes become more.
void growth(const GrowthOptions& options);

}  // namespace wherry::bench

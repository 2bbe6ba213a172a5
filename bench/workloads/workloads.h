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

// What the machine can do at all: a sync, and SQLite with the rows and syncs of the log, a message, its
// version and its place in the scope index, with nothing of ours around it; by the number of commands per
// commit.
void ceilings(double seconds);

struct BootstrapOptions {
  std::string program;
  size_t rows = 100'000;
};
// A fresh replica: how long until it has the last row, beside plain inserts of the same rows into SQLite; and
// how many bytes come over the wire.
void bootstrap(const BootstrapOptions& options);

struct GrowthOptions {
  size_t log = 1'000'000;  // the greatest, from 1,000; less: not asked
  size_t scopes = 10'000;  // the greatest, from 10; less: not asked
  int rounds = 10;
  std::string plots;  // a folder for the plots; empty: none
};
// What a command costs a workspace in this process, as its log and its scopes become more.
void growth(const GrowthOptions& options);

}  // namespace wherry::bench

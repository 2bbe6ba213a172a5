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

}  // namespace wherry::bench

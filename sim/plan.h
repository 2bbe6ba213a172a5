// What a run does: who takes part, what they do how often, what goes wrong how often. A preset gives the
// frame, the seed draws the rest (swarm testing: each run has its own mix, so that no fault hides another).
// Times are simulated milliseconds; a mean of 0 means never.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/disk.h"
#include "sim/random.h"
#include "workspace/workspace.h"

namespace wherry::sim {

// Means between the faults of one process.
struct Mishaps {
  double kill = 0, power = 0;  // the process dies; the machine loses power
  double fuse = 0;             // it dies within a call, at one of its writes (then half of them lose power)
  double fuse_at_start = 0;    // chance that a start is killed like that
  double down = 2'000;         // how long it stays away
  double io_error = 0;         // chance per modifying call that it fails with EIO…
  double sync_error = 0;       // …and per sync
  double full = 0;             // the disk is full for a while
  double pause = 0;            // it stands still for a while
};

struct Plan {
  std::string preset;
  int users = 4, devices = 5, channels = 4;
  int64_t duration = 600'000;

  double command = 4'000;       // one device's commands
  int window = 6;               // how many of the latest messages the commands are about
  int64_t long_text = 0;        // letters of the longest texts; 0: all are a few words
  bool hot_key = false;         // all about one message, until another is posted
  bool all_admins = false;      // else the first user alone is one
  double membership = 0.12;     // the share of commands that change who may read what
  double offline = 0;           // between times without network, per device…
  double offline_for = 20'000;  // …and how long they are
  double checkpoint = 60'000;   // an app that calls checkpoint()
  double retry = 120'000;       // an app that retries or dismisses what was rejected

  int64_t latency = 40;       // at most, one way
  double stall = 0;           // a message is late by far: chance
  double cut = 0;             // a connection breaks
  int64_t unnoticed = 5'000;  // how long a side may take to notice
  int64_t commit = 8;         // at most, how long a commit's sync takes
  double slow_commit = 0;     // chance of one that takes a hundred times as long

  Mishaps server, device;
  double clock_jump = 0;  // a device's clock goes anywhere
  double reader = 0;      // somebody reads the server's file for a while, and so blocks checkpoints
  double restore_server = 0, restore_device = 0, clone_device = 0;
  double damage_server = 0, damage_device = 0;  // to files at rest

  Metadata metadata = Metadata::kOrdered;
  WorkspaceLimits limits;
  double look = 0.05;  // chance that a device is looked at after it received something
};

std::vector<std::string> presets();
// Requires: one of presets().
Plan plan(std::string_view preset, uint64_t seed);

// A number of a plan by its name, "devices" or "server.kill".
struct PlanField {
  std::string name;
  std::variant<double*, int*, int64_t*, bool*, size_t*> value;
  double plainest;  // when it makes the least of trouble
};
// All that can be set. They point into the plan.
std::vector<PlanField> fields(Plan& plan);
// "server.kill=0". False: no such field, or no number from 0 on.
bool set(Plan& plan, std::string_view assignment);

}  // namespace wherry::sim

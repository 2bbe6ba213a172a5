// The operations that exhaustive mode plays, each a short script for a quiet world with two people: u0, an
// admin, who writes, and u1, who reads what he is shown.
#pragma once

#include <vector>

#include "sim/world.h"

namespace wherry::sim {

struct Stage {
  World& world;
  Device& writer() const { return *world.devices().front(); }
  Device& reader() const { return *world.devices().back(); }
};

struct Operation {
  const char* name;
  bool at_server;                 // the process that dies is the server, else the reader's device
  void (*prepare)(const Stage&);  // the writer has a private channel with some messages; the reader joins
  void (*begin)(const Stage&);    // when all of that is done
};
const std::vector<Operation>& all_operations();

// What comes before prepare().
void open_stage(const Stage& stage);

}  // namespace wherry::sim

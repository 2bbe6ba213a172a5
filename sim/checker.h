// What is watched while a world runs. Each checker owns one or a few invariants of docs/TESTING.md, and is
// proven by canaries: known bugs that it must catch.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "protocol/messages.h"
#include "sim/world.h"
#include "workspace/workspace.h"

namespace wherry::sim {

class Checker {
 public:
  virtual ~Checker() = default;
  // The server is up again, after whatever happened; the history is read.
  virtual void booted() {}
  // A group is durable and in the history; nothing of it has been sent.
  virtual void committed() {}
  // The server hands this out. The history stands where it stood when it was made.
  virtual void says(const Link&, const Output&, const protocol::Message*) {}
  virtual void closed(const Link&) {}
  // A device has got this, and taken it.
  virtual void received(Device&, const protocol::Message&) {}
  // A device is looked at: after a start, and now and then.
  virtual void look(Device&) {}
  // The neighbour has been served.
  virtual void next_door() {}
  // The server's file is another, older one.
  virtual void restored(int64_t /*head*/) {}
  // Faults are over and all has drained.
  virtual void at_rest() {}
};

// One of each.
std::vector<std::unique_ptr<Checker>> checkers(World& world);

}  // namespace wherry::sim

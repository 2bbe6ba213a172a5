// A chat workspace in this process, with peers that are connected to it by nothing but calls: what a group
// costs without sockets and threads.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/chat.h"
#include "bench/peer.h"
#include "replica/replica.h"
#include "server/clock.h"
#include "workspace/workspace.h"

namespace wherry::bench {

// A folder that goes with its owner.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Population {
  size_t users = 10;
  size_t channels = 1;                             // of which everyone is a member
  size_t messages = 0;                             // of about 100 bytes, evenly over channels and users
  std::function<void(size_t)> progress = nullptr;  // called with the number of each message
};

// What a workspace was filled with. The users wrote the messages in turn.
struct Filled {
  std::vector<std::string> channels;
  std::vector<std::string> messages;
};
Filled fill(Workspace& workspace, const Population& population, Dice& dice);

class Stage {
 public:
  explicit Stage(const Population& population, uint64_t seed = 1);

  const Filled& filled() const { return filled_; }
  Dice& dice() { return dice_; }
  Peer& join(size_t user, Start start);
  // The first that joined as this user.
  Peer& peer(size_t user) { return *by_user_.at(user); }
  bool has_peer(size_t user) const { return by_user_.contains(user); }

  // What the peers have queued becomes messages.
  void flush();
  // A new replica of the user in the stage's folder, connected; sync() delivers, also what the peers have to
  // say, until nothing moves, and returns the CPU seconds that the replica took to receive.
  Replica& join_replica(size_t user);
  Replica& replica() { return *replica_; }
  double sync();
  // The replica's connection ends; a new one begins.
  void leave();
  void come_back(size_t user);

  // One exchange: what all peers have to say, then one commit. Returns the CPU seconds that the workspace
  // took.
  double exchange();
  // The same, for profilers that count only what runs below it.
  double measured();
  // Until nobody has anything to say.
  void settle();

 private:
  double deliver(const std::vector<Output>& outputs, Millis now);

  ScratchFolder folder_;
  Dice dice_;
  std::unique_ptr<Workspace> workspace_;
  Filled filled_;
  std::map<SessionId, Peer> peers_;
  std::map<size_t, Peer*> by_user_;
  std::unique_ptr<Replica> replica_;  // the last one
  int replicas_ = 0;
};

// CPU seconds of this process, all threads.
double cpu_seconds();

}  // namespace wherry::bench

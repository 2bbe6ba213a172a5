// A workspace on a disk in memory. It begins as a copy of a file that is made once, so that an execution of a
// target pays for neither the schema nor the history it begins with.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/app.h"
#include "sim/disk.h"
#include "workspace/workspace.h"

namespace wherry::fuzz {

// Random bytes that are the same in each run.
Entropy entropy(uint64_t seed);
// Disks in memory become what SQLite opens files on, in this process.
void use_disks_in_memory();

// What a workspace begins with.
struct Beginning {
  std::shared_ptr<const Bundle> bundle;
  std::string file;  // the bytes of its database
};
// `history`: commands of users, "ann" or "ann|role,role".
Beginning beginning(const std::string& bundle_folder,
                    const std::vector<std::pair<std::string, Call>>& history = {});

class Peer;

class Server {
 public:
  explicit Server(const Beginning& beginning, const std::string& disk = "server",
                  sim::Metadata metadata = sim::Metadata::kOrdered, uint64_t seed = 1);
  ~Server();

  // Opens the workspace; the constructor does not.
  Result<> open();
  void close() { workspace.reset(); }
  Result<protocol::Answer> execute(const std::string& user, const Call& call,
                                   std::optional<std::string> id = {});

  // Commits while there is work, and hands what the workspace says to the peers.
  void step();

  std::unique_ptr<WorkspaceReader> reader();
  // All rows, or those that somebody may read.
  std::vector<std::string> dump(const std::optional<WorkspaceReader::Reader>& as = {});
  // The log verifies from its beginning to its end.
  void check_log();

  std::shared_ptr<const Bundle> bundle;
  sim::Disk disk;
  std::unique_ptr<Workspace> workspace;
  Millis now{1'700'000'000'000};
  std::map<SessionId, Peer*> peers;

 private:
  Entropy entropy_;
};

// "user|role,role" taken apart.
Identity identity_of(std::string_view token);

}  // namespace wherry::fuzz

// Another workspace, in the server's process and on its disk, with one device of its own. Its users, channels
// and messages are named as in the workspace that the world is about; what they say is not. Nothing goes
// wrong on its account, so it is served whenever the process lives and the disk has room.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "replica/replica.h"
#include "sim/disk.h"
#include "sim/world.h"
#include "workspace/workspace.h"

namespace wherry::sim {

class Neighbour {
 public:
  // In every text that is written here, and in none that is written elsewhere.
  static constexpr std::string_view kMark = "nextdoor";

  explicit Neighbour(World& world);
  ~Neighbour();

  void start();
  // Its user writes something, and is answered if the server can.
  void write();
  void process_died();

  // Files of the server's disk that are its own.
  static bool owns(std::string_view file) { return file.starts_with(kFile); }
  // Somebody is about to change a file of the server's disk.
  void note_change(std::string_view file);
  // A file that another workspace than its own has changed; empty: none.
  const std::string& trespass() const { return trespass_; }

  Replica& replica() { return *replica_; }
  const std::vector<std::string>& heard() const { return heard_; }              // by its device, lately
  const std::map<std::string, std::string>& posted() const { return posted_; }  // texts by message
  // The ids of the commands in its log, and of those that its user gave.
  std::vector<std::string> log() const;
  const std::vector<std::string>& given() const { return given_; }

 private:
  static constexpr const char* kFile = "neighbour.db";

  void now_and_then(double per_world, const std::function<void()>& what);
  void give(const std::string& command, const std::string& data);
  void serve();
  Result<> exchange();
  void turn_away(Device& device);

  World& world_;
  Random random_;
  const Entropy entropy_;
  Disk disk_;
  std::unique_ptr<Replica> replica_;
  std::unique_ptr<Workspace> workspace_;  // while the process has it open
  std::map<SessionId, Replica*> sessions_;
  bool working_ = false;
  std::string trespass_;
  std::vector<std::string> heard_, given_;
  std::map<std::string, std::string> posted_;
};

}  // namespace wherry::sim

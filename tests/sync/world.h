// A workspace and any number of replicas in one process: real databases in a folder of their own, messages
// carried by hand, time and randomness from the test. What is lost, kept back or doubled on the way is up to
// the test.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bundle/compile.h"
#include "replica/replica.h"
#include "workspace/workspace.h"

namespace wherry::testing {

// A bundle of the source tree, compiled: "examples/chat", "tests/tracker".
std::shared_ptr<const Bundle> bundle_of(const std::string& folder);
std::shared_ptr<const Bundle> bundle_of(const std::vector<BundleFile>& files);

class World;

struct Call {
  std::string name, params;
};

// One device: its replica and its connection, if it has one.
class Device {
 public:
  Device(World& world, std::string name, std::string user, std::vector<std::string> roles, bool reference);

  void connect();
  void disconnect();
  bool connected() const { return session_ != 0; }
  // Closes the replica as a killed process would leave it, and opens it again from its file.
  void restart();

  // Executes and expects that it is not refused; returns the command's id.
  std::string exec(const Call& command);
  std::string exec(const std::string& name, const std::string& params) { return exec({name, params}); }
  std::string exec_at(Millis client_timestamp, const Call& command);
  // The code of the local refusal, empty if there is none.
  std::string refused(const Call& command);
  std::string state_of(const std::string& command_id);  // "pending", "applied", "rejected:entity_locked", …
  std::string dump();
  // One value as text, for short assertions.
  std::string ask(const std::string& sql);
  // Takes what the replica has to send.
  std::vector<std::string> outgoing();
  // All bytes of its file and of what lies beside it.
  std::string file_bytes();

  Replica& replica() { return *replica_; }
  const std::string& path() const { return path_; }
  const std::string& user() const { return user_; }
  const std::vector<std::string>& roles() const { return roles_; }
  Millis clock_offset;  // how far this device's clock is wrong
  std::string traffic;  // all that was ever received, unpacked, when `record` is set
  bool record = false;
  bool stutter = false;  // receives each batch and each chunk twice: joining is idempotent

 private:
  friend class World;
  World& world_;
  std::string name_, user_;
  std::vector<std::string> roles_;
  std::string path_;
  bool reference_;
  std::unique_ptr<Replica> replica_;
  SessionId session_ = 0;
};

class World {
 public:
  explicit World(const std::string& bundle_folder, uint32_t seed = 1)
      : World(bundle_of(bundle_folder), seed) {}
  explicit World(std::shared_ptr<const Bundle> bundle, uint32_t seed = 1);
  ~World();

  Device& device(const std::string& name, const std::string& user, std::vector<std::string> roles = {},
                 bool reference = false);
  // Delivers messages until nothing moves.
  void settle();
  // One round: what replicas say, a commit, what the workspace says. False when nothing moved.
  // `strays` gets what the workspace says to connections that the test made by itself.
  bool step(std::vector<Output>* strays = nullptr);
  // The parts of a round, for what may happen between them. Each is false when there was nothing to do.
  bool hear();    // what replicas say
  bool commit();  // one group, and chunks for the sessions that scan
  bool deliver(size_t most = SIZE_MAX, std::vector<Output>* strays = nullptr);
  // Disconnects everyone and opens the workspace again from its file, as after a kill.
  void restart_server();
  // Puts a copy of the workspace's file aside, and later back in its place.
  void back_up_server();
  void restore_server();

  // A command without a replica. Returns the outcome: "applied", "rejected:code".
  std::string direct(const std::string& user, const Call& command, std::vector<std::string> roles = {});
  std::string direct(const std::string& user, const std::string& name, const std::string& params,
                     std::vector<std::string> roles = {}) {
    return direct(user, {name, params}, std::move(roles));
  }
  std::string dump();
  std::string dump_as(const std::string& user, const std::vector<std::string>& roles);
  std::string dump_as(const Device& device) { return dump_as(device.user(), device.roles()); }
  // Expects that every connected device equals the server's dump for its user, and that the chain verifies.
  void expect_agreement();
  Value server(const std::string& sql);

  std::string id();  // a fresh UUID
  Workspace& workspace() { return *workspace_; }
  Entropy entropy();

  // Is shown each message once the workspace has made it, before anything else happens.
  std::function<void(Device&, const protocol::Message&)> on_made;
  Millis now{1'700'000'000'000};
  WorkspaceLimits limits;  // in force from the next start of the server
  std::mt19937 random;
  std::map<std::string, std::unique_ptr<Device>> devices;
  std::filesystem::path folder;

 private:
  friend class Device;
  void open_server();
  void take_outputs();
  std::shared_ptr<const Bundle> bundle_;
  std::unique_ptr<Workspace> workspace_;
  std::map<SessionId, Device*> sessions_;
  std::deque<Output> made_;  // and not delivered
  SessionId last_session_ = 0;
  UuidMaker uuids_;
};

}  // namespace wherry::testing

namespace wherry {
// What GoogleTest shows of a value.
inline void PrintTo(const Value& value, std::ostream* os) {
  *os << to_json(value);
}
}  // namespace wherry

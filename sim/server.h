// The server's process: a workspace on its disk, as src/server hosts it, with its ways to die. There is
// another in it (sim/neighbour.h).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "sim/disk.h"
#include "sim/world.h"
#include "workspace/workspace.h"

namespace wherry::sim {

class Server {
 public:
  explicit Server(World& world);
  ~Server();

  void start();
  void die(Crash how, const char* kind);
  void stop();  // in good order; starts again by itself, as after a death
  bool is_up() const { return up_; }
  int64_t life() const { return life_; }
  Workspace* workspace() { return workspace_.get(); }
  sqlite3* watching() { return watching_; }
  // Stops for good reasons; starts again by itself.
  void restore_backup();
  void back_up();
  void damage();
  bool has_backup() const { return backup_.has_value(); }
  void calm_down();  // no more faults

  void connect(const std::shared_ptr<Link>& link);
  void receive(const std::shared_ptr<Link>& link, const std::string& bytes);
  void took(const std::shared_ptr<Link>& link, size_t bytes);  // the bytes have left the server's queue
  void disconnect(const std::shared_ptr<Link>& link);
  size_t queued(int64_t link) const;

  // How one of its workspaces is opened.
  WorkspaceOptions hosted(std::string_view file, Entropy entropy);
  bool died();  // the fuse has burnt within the last call

  Disk disk;

 private:
  struct Backup {
    std::map<std::string, std::string> files;
    int64_t head;
  };
  bool open();     // false: it failed, the process is down or waits
  void close();    // takes the objects down
  void go_down();  // and comes back later
  void fail(const Error& error);
  void schedule_work();
  void work();
  void hand_out();
  void plan_deaths();
  void tick();
  void read_for_a_while();
  void close_reader();
  void read_history();
  // Looks at the file; false when it turns out to be damaged, and then the workspace is closed.
  bool observe(const std::function<void()>& what);

  World& world_;
  bool up_ = false, damaged_ = false;
  int64_t life_ = 0, busy_until_ = 0;
  bool work_due_ = false;
  std::unique_ptr<Workspace> workspace_;
  sqlite3* watching_ = nullptr;  // a connection beside the server's
  sqlite3* reader_ = nullptr;    // and one that holds a transaction for a while
  std::map<int64_t, std::shared_ptr<Link>> links_;
  std::map<int64_t, size_t> queued_;
  std::optional<Backup> backup_;
};

}  // namespace wherry::sim

// A thread that runs workspaces: it takes everything that has arrived, feeds it to them and lets each run one
// group. What arrives while a group is made durable is the next group.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <semaphore>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "server/actor.h"
#include "server/gate.h"
#include "server/hosted.h"
#include "server/outlet.h"
#include "server/refused_tokens.h"

namespace wherry::server {

class Worker;

// One connection, shared between its I/O thread and the worker of its workspace.
class Peer : public std::enable_shared_from_this<Peer> {
 public:
  Peer(net::ConnectionId id, std::string workspace, std::string address, Worker& worker,
       std::shared_ptr<Gate> gate)
      : id_(id),
        workspace_(std::move(workspace)),
        address_(std::move(address)),
        worker_(worker),
        gate_(std::move(gate)) {}

  // On the I/O thread.
  void opened();
  net::Reading message(std::string bytes);
  void sent(size_t bytes);
  void closed();

  net::ConnectionId id() const { return id_; }
  const std::string& workspace() const { return workspace_; }
  const std::string& address() const { return address_; }
  const std::shared_ptr<Gate>& gate() const { return gate_; }
  // On the worker: all that has been sent since the last call.
  size_t take_sent();

 private:
  const net::ConnectionId id_;
  const std::string workspace_, address_;
  Worker& worker_;
  const std::shared_ptr<Gate> gate_;
  std::atomic<size_t> sent_ = 0;
};

// A look at workspaces from another thread. The worker writes what it sees before it releases `done`; shared,
// since whoever asked may not wait for so long.
struct Look {
  std::string workspace{};  // empty: all
  ViewQuery query{};
  std::vector<std::pair<std::string, WorkspaceView>> seen{};  // those that are open
  std::binary_semaphore done{0};
};

class Worker {
 public:
  // `outlet` and `tokens` must outlive the worker's thread.
  Worker(Opener opener, Outlet& outlet, RefusedTokens& tokens, int64_t idle_close_ms);
  ~Worker();  // stop()

  // Thread-safe. Opened connections are announced to the worker by Peer::opened().
  std::shared_ptr<Peer> peer(net::ConnectionId id, std::string workspace, std::string address);
  // Thread-safe: looks between two rounds, and opens nothing for it. Never done once stop() was called.
  void look(std::shared_ptr<Look> at);
  // Thread-safe: runs what has arrived, for at most `ms`, and says goodbye to everyone.
  void begin_drain(int64_t ms);
  // Blocks until the goodbyes have been handed to the outlet.
  void wait_until_drained();
  // Closes the workspaces and joins the thread.
  void stop();

 private:
  friend class Peer;
  struct Event {
    enum class Kind { kConnect, kMessage, kSent, kDisconnect };
    Kind kind;
    std::shared_ptr<Peer> peer;
    std::string bytes;
    Millis at{};  // when it came: set by post()
  };
  enum class Phase { kRunning, kDraining, kDrained, kStopping };

  void post(Event event);
  void run();
  void handle(const Event& event);
  void show(Look& look) const;
  void rounds(Millis now);
  void tick(const std::string& name, Millis now);
  void say_goodbye(Millis now);

  // An actor, and whether it is in `busy_`.
  struct Place {
    std::unique_ptr<Actor> actor;
    bool busy = false;
  };
  Place& place(const Peer& peer, Millis now);

  const Opener opener_;
  Outlet& outlet_;
  RefusedTokens& tokens_;
  const int64_t idle_close_ms_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> mailbox_;
  std::vector<std::shared_ptr<Look>> looks_;
  Phase phase_ = Phase::kRunning;
  std::chrono::steady_clock::time_point drain_until_;
  std::unordered_map<std::string, std::weak_ptr<Gate>> gates_;

  // The worker's own.
  std::unordered_map<std::string, Place> places_;  // by the workspace's name
  std::vector<Place*> busy_;                       // whose round is due
  std::vector<std::string> due_ticks_;             // names of places whose tick is due
  bool goodbye_said_ = false;

  std::thread thread_;
};

// The one that runs this workspace.
inline Worker& worker_of(const std::vector<std::unique_ptr<Worker>>& workers, const std::string& workspace) {
  return *workers[std::hash<std::string>()(workspace) % workers.size()];
}

}  // namespace wherry::server

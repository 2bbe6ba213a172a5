// One simulated world: a server, its replicas, the network between them, their disks and clocks, all from one
// seed and on one thread. What it runs is the shipping core; what it plays is the rest: processes that die,
// machines that lose power, people who write.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/id.h"
#include "bundle/bundle.h"
#include "sim/history.h"
#include "sim/plan.h"
#include "sim/random.h"

namespace wherry::sim {

class Device;
class Neighbour;
class Server;
class Checker;

// An invariant of docs/TESTING.md does not hold.
struct Violation : std::runtime_error {
  Violation(std::string name, const std::string& what)
      : std::runtime_error(name + ": " + what), invariant(std::move(name)) {}
  std::string invariant;
};

// What a run did, to be added up over many.
struct Figures {
  int64_t simulated_ms = 0, commands = 0, acknowledged = 0, looks = 0;
  std::map<std::string, int64_t> crashes;    // by kind
  std::map<std::string, int64_t> sometimes;  // how often what should happen sometimes did
  void add(const Figures& other);
};

// A connection, and what is on its way in it.
struct Link {
  int64_t id = 0;
  Device* device = nullptr;
  int64_t server_life = 0;                         // of the server's process that it was made to
  bool device_end = true, server_end = true;       // the side holds it for open
  int64_t to_server_last = 0, to_device_last = 0;  // arrival of the latest message: no overtaking
  int64_t to_server_until = INT64_MAX, to_device_until = INT64_MAX;  // what would arrive later is lost
};

// A command as its user gave it.
struct Issued {
  std::string id, name, data, user;
  const Device* device = nullptr;
  int64_t client_timestamp = 0, order = 0;
  bool certain = false;    // execute returned it: it must end as exactly one of applied, superseded, rejected
  bool forfeited = false;  // its file was lost, or its user has dismissed it: nobody asks for it any more
};

// The last word of a text that somebody wrote; no two are alike.
struct Word {
  std::string word, author, message;
};

class World {
 public:
  World(const Plan& plan, uint64_t seed, std::shared_ptr<const Bundle> bundle, bool trace);
  ~World();

  // Plays to the end. Throws Violation, as its parts do.
  void run();
  // Its parts, for who has a script of his own between them: everyone comes up…
  void start();
  // …so many milliseconds pass…
  void play(int64_t duration) { play_until(now_ + duration); }
  // …and when faults are over, all must drain and agree.
  void come_to_rest();
  int64_t elapsed() const { return now_ - kBegin; }  // milliseconds
  uint64_t trace_hash() const { return trace_hash_; }
  const Figures& figures() const { return figures_; }

  // --- for server, devices and checkers ---
  int64_t now() const { return now_; }
  void at(int64_t time, std::function<void()> what);
  void after(int64_t delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }
  // After a time of this mean, unless it is 0, faults are over by then, or `still` says no.
  void someday(double mean, std::function<bool()> still, std::function<void()> what);
  void now_and_then(double mean, const std::function<void()>& what);
  // Faults that happen to single calls of a disk, for Disk::fault.
  int fault(const Mishaps& mishaps, Call call, const std::string& whose, std::string_view file);
  // What the machine suffers whose process died within a call.
  Crash crash_within_call(const Disk& disk);
  // The disk is full for a while.
  void fill(Disk& disk, const char* what);
  void note(const std::string& event);  // into the trace
  void sometimes(const char* what) { ++figures_.sometimes[what]; }
  void crashed(const std::string& kind) { ++figures_.crashes[kind]; }
  [[noreturn]] void violated(const char* invariant, const std::string& what) const;

  std::shared_ptr<Link> open_link(Device& device);
  void cut(const std::shared_ptr<Link>& link);
  void to_server(const std::shared_ptr<Link>& link, std::string bytes);
  void to_device(const std::shared_ptr<Link>& link, std::string bytes, bool closes, std::string reason);
  bool faults_are_over() const { return calm_; }

  const Plan& plan() const { return plan_; }
  bool is_admin(const std::string& user) const { return plan_.all_admins || user == "u0"; }
  const Bundle& bundle() const { return *bundle_; }
  std::shared_ptr<const Bundle> shared_bundle() const { return bundle_; }
  uint64_t seed() const { return seed_; }
  Entropy entropy();
  History& history() { return history_; }
  Server& server() { return *server_; }
  Neighbour& neighbour() { return *neighbour_; }
  std::vector<std::unique_ptr<Device>>& devices() { return devices_; }
  Device& add_device(std::string user, Device* clone_of = nullptr);
  std::map<std::string, Issued>& issued() { return issued_; }
  std::vector<Word>& words() { return words_; }
  Figures& figures() { return figures_; }
  void each_checker(const std::function<void(Checker&)>& call);

  Random network, people, mishaps, ids;
  // What exists, for people to write about.
  std::vector<std::string> users, channels;
  std::deque<std::string> messages;

 private:
  static constexpr int64_t kBegin = 1'700'000'000'000;
  struct Event {
    int64_t time, order;
    std::function<void()> what;
    bool operator<(const Event& other) const {
      return std::tie(other.time, other.order) < std::tie(time, order);
    }
  };
  void play_until(int64_t time);
  void calm_down();
  void check_at_rest();

  const Plan plan_;
  const uint64_t seed_;
  const std::shared_ptr<const Bundle> bundle_;
  const bool trace_;
  uint64_t trace_hash_ = 0;
  int64_t now_ = kBegin, event_order_ = 0, next_link_ = 1;
  bool calm_ = false;
  Figures figures_;
  History history_;
  std::priority_queue<Event> events_;
  std::map<std::string, Issued> issued_;
  std::vector<Word> words_;
  std::vector<std::unique_ptr<Checker>> checkers_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Neighbour> neighbour_;
  std::vector<std::unique_ptr<Device>> devices_;
};

}  // namespace wherry::sim

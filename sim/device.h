// One device: its replica on its disk, and its user.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "client/retry.h"
#include "replica/replica.h"
#include "sim/disk.h"
#include "sim/world.h"

namespace wherry::sim {

class Device {
 public:
  static constexpr const char* kFile = "replica.db";

  Device(World& world, int number, std::string user, bool reference);
  ~Device();

  void start();
  void die(Crash how, const char* kind);
  bool is_up() const { return replica_ != nullptr; }
  Replica& replica() { return *replica_; }
  const std::string& user() const { return user_; }
  const std::string& name() const { return name_; }
  int64_t local_time() const { return world_.now() + clock_; }

  void deliver(const std::shared_ptr<Link>& link, const std::string& bytes, bool closes,
               const std::string& reason);
  void link_lost(std::shared_ptr<Link> link);
  const std::shared_ptr<Link>& link() const { return link_; }
  void calm_down();  // no more faults, and online

  // --- what its user does, by chance or as a script says. Requires: it is up ---
  // Gives a command; `data` is JSON. Some are refused, and one may be the end of the process.
  void give(const std::string& name, const std::string& data);
  // A text for this message that is like no other, and known to the checkers.
  std::string write(const std::string& message, const std::string& about);
  void checkpoint();
  void go_offline();
  void go_online();

  void copy_files_from(Device& other);
  void back_up();
  void restore_backup();
  // Of confirmed rows, and of whatever is asked. Throws Violation when the device cannot say.
  std::string dump();
  std::vector<Row> ask(const std::string& sql, const Row& parameters = {});
  void look();
  bool is_damaged() const { return damaged_; }
  bool was_restored() const { return restored_; }
  // Its file is not the only one of its history, or not the latest.
  bool may_be_renewed() const { return restored_ || copied_; }
  void damage();
  void lose_file();  // what it had and the log does not have is gone

  Disk disk;

 private:
  static constexpr int64_t kReopenAfter = 1'000;  // milliseconds
  static constexpr int64_t kWorkAfter = 300;

  void connect();
  void connect_later(std::optional<Millis> asked);
  void flush();
  void act();
  std::optional<std::pair<std::string, std::string>> think();
  bool died();
  std::string new_id();
  std::string more_text();
  bool handle_error(const Error& error, const char* doing);
  void connect_anew(const Error& error, const char* doing);
  [[noreturn]] void unreadable(const Error& error) const;
  void stop_at_damage(const Error& error);
  // Looks at the replica; false when its file turns out to be damaged, and then it is down.
  bool observe(const std::function<void()>& what);
  void plan_deaths();
  void tend();
  void work_later();
  void go_on();

  World& world_;
  const std::string name_, user_;
  const bool reference_;
  Random random_;
  std::unique_ptr<Replica> replica_;
  std::shared_ptr<Link> link_;
  client::Retry retry_;
  std::optional<int64_t> welcomed_at_;
  int64_t clock_ = 0, life_ = 0, attempt_ = 0;
  bool online_ = true, writes_ = true, restored_ = false, copied_ = false, waiting_to_connect_ = false,
       paused_ = false, damaged_ = false, works_ = false;
  bool found_damaged_ = false;                  // its replica has said so, and has not been salvaged yet
  std::vector<std::function<void()>> waiting_;  // what arrives while it stands still
  std::map<std::string, std::string> backup_;
  UuidMaker uuids_;
};

}  // namespace wherry::sim

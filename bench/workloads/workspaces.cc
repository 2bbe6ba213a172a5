#include <algorithm>
#include <deque>
#include <filesystem>
#include <optional>
#include <stdexcept>

#include "base/text.h"
#include "bench/basics.h"
#include "bench/fleet.h"
#include "bench/open_files.h"
#include "bench/report.h"
#include "bench/server_process.h"
#include "bench/workloads/workloads.h"
#include "sqlite/database.h"
#include "sqlite/page_vfs.h"
#include "workspace/schema.h"

namespace wherry::bench {

namespace {

std::string workspace_name(size_t i) {
  return cat("workspace", i);
}

// A workspace that does not know which one it is takes its name, epoch and keys when it is opened.
void forget_identity(const std::filesystem::path& file) {
  bool created = false;
  const auto db = expect(workspace::open_database(file, {}, *bundle_in(kChat), created));
  for (const char* name : {"name", "epoch", "epochs", "link_key"}) expect(workspace::set_meta(*db, name, {}));
}

// Fills one and copies it.
Filled make_workspaces(server::DataFolder& data, const WorkspacesOptions& options, Dice& dice) {
  const Filled filled = make_workspace(data, workspace_name(0), {options.users, 1, 100}, dice);
  const std::filesystem::path first = expect(data.find(workspace_name(0))).path;
  forget_identity(first);
  // All in one transaction: a data folder syncs each one that is made.
  const auto folder = first.parent_path();
  const auto registry = expect(sqlite::Database::open(
      folder.parent_path() / "registry.db", sqlite::Access::kReadWrite, expect(sqlite::page_vfs(""))));
  auto transaction = expect(sqlite::Transaction::begin(*registry));
  for (size_t i = 1; i < options.workspaces; ++i) {
    const std::string file = dice.uuid(server::now()) + ".db";
    std::filesystem::copy_file(first, folder / file);
    expect(registry->run("INSERT INTO workspaces(name, file, created_at) VALUES(?, ?, ?)",
                         {Value(workspace_name(i)), Value(file), Value(server::now().count)}));
  }
  expect(transaction.commit());
  return filled;
}

// Posts of all users of all workspaces.
class Traffic {
 public:
  Traffic(const ServerProcess& server, const Filled& filled, const WorkspacesOptions& options, Dice& dice)
      : server_(server),
        filled_(filled),
        options_(options),
        dice_(dice),
        fleet_(server.port()),
        users_(options.workspaces * options.users),
        touched_(options.workspaces) {}

  void connect_all() {
    std::vector<Fleet::Member> members;
    for (size_t i = 0; i < users_.size(); ++i) members.push_back(member(i));
    fleet_.join(members);
    for (size_t i = 0; i < users_.size(); ++i) listen(i, i);
  }

  void run() {
    const auto begin = Clock::now();
    const auto gap = std::chrono::duration<double>(1 / options_.rate);
    fleet_.every(gap.count(), [&, due = begin]() mutable {
      due += std::chrono::duration_cast<Clock::duration>(gap);
      if (Clock::now() - begin < std::chrono::duration<double>(options_.seconds)) write(due);
    });
    fleet_.run(options_.seconds);
    if (!fleet_.run(60, [this] { return latencies.size() == written_; }))
      throw std::runtime_error("the commands are not answered in time");
  }

  size_t touched() const { return static_cast<size_t>(std::ranges::count(touched_, true)); }
  size_t connections() const {
    return static_cast<size_t>(std::ranges::count_if(users_, [](const User& user) { return !!user.peer; }));
  }

  std::vector<double> latencies;  // in milliseconds

 private:
  struct User {
    std::optional<size_t> peer;         // in the fleet, once connected
    std::deque<Clock::time_point> due;  // of commands that are not answered
  };

  Fleet::Member member(size_t user) const {
    const std::string workspace = workspace_name(user / options_.users);
    return {workspace, server_.token(workspace, user_name(user % options_.users))};
  }

  void listen(size_t user, size_t peer) {
    users_[user].peer = peer;
    fleet_.peer(peer).on_answer = [this, user](const protocol::Answer&) {
      latencies.push_back(1e3 * seconds_since(users_[user].due.front()));
      users_[user].due.pop_front();
    };
  }

  void write(Clock::time_point due) {
    const size_t workspace = dice_.zipf(options_.workspaces);
    touched_[workspace] = true;
    const size_t number = workspace * options_.users + dice_.below(options_.users);
    User& user = users_[number];
    if (!user.peer) listen(number, fleet_.add(member(number)));
    user.due.push_back(due);
    ++written_;
    const Millis now = server::now();
    fleet_.peer(*user.peer)
        .push("message.post", post(dice_.uuid(now), filled_.channels[0], dice_.text(100)), now);
    fleet_.flush(*user.peer);
  }

  const ServerProcess& server_;
  const Filled& filled_;
  const WorkspacesOptions& options_;
  Dice& dice_;
  Fleet fleet_;
  std::vector<User> users_;  // those of the first workspace, those of the second, …
  std::vector<bool> touched_;
  size_t written_ = 0;
};

}  // namespace

void workspaces(const WorkspacesOptions& options) {
  allow_open_files(options.workspaces * options.users, options.workspaces);
  Dice dice(1);
  Filled filled;
  const ServerProcess server(
      options.program, [&](server::DataFolder& data) { filled = make_workspaces(data, options, dice); });
  const int64_t before = server.memory();
  Traffic traffic(server, filled, options, dice);
  if (options.connected) traffic.connect_all();
  const int64_t connected = server.memory();
  const double cpu = server.cpu();
  traffic.run();
  const auto written = static_cast<double>(traffic.latencies.size());
  Report()
      .text("workload", options.connected ? "workspaces, connected" : "workspaces")
      .number("workspaces", static_cast<double>(options.workspaces))
      .number("touched", static_cast<double>(traffic.touched()))
      .number("connections", static_cast<double>(traffic.connections()))
      .number("commands", written)
      .number("answer_p50_ms", quantile(traffic.latencies, 0.5))
      .number("answer_p99_ms", quantile(traffic.latencies, 0.99))
      .number("server_cpu_us", 1e6 * (server.cpu() - cpu) / written)
      .number("server_memory_before", static_cast<double>(before))
      .number("server_memory_connected", static_cast<double>(connected))
      .number("server_memory_after", static_cast<double>(server.memory()))
      .number("server_memory_peak", static_cast<double>(server.peak_memory()))
      .print();
}

}  // namespace wherry::bench

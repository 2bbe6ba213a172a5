#include "sim/neighbour.h"

#include <nlohmann/json.hpp>

#include "sim/checker.h"
#include "sim/device.h"
#include "sim/server.h"

namespace wherry::sim {

namespace {

using Json = nlohmann::json;

constexpr const char* kUser = "u0";
// Numbers that the other workspace's sessions have, too.
constexpr SessionId kOwn = 1, kStray = 2;
// Of a world's time: enough to meet all that happens to the server, too little to slow the world down.
constexpr double kWritesPerWorld = 30, kStraysPerWorld = 8;

}  // namespace

Neighbour::Neighbour(World& world)
    : world_(world),
      random_(world.seed(), "neighbour"),
      entropy_([this](std::span<uint8_t> out) {
        for (uint8_t& byte : out) byte = static_cast<uint8_t>(random_.bits());
      }),
      disk_("neighbour", world.seed(), Metadata::kOrdered) {
  ReplicaOptions options;
  options.path = disk_.path(Device::kFile);
  options.vfs = Disk::vfs();
  options.entropy = entropy_;
  options.create = true;
  replica_ = *Replica::open(std::move(options));
}

Neighbour::~Neighbour() {
  world_.server().disk.burn();
  disk_.burn();
}

void Neighbour::start() {
  write();
  now_and_then(kWritesPerWorld, [this] { write(); });
  now_and_then(kStraysPerWorld, [this] { turn_away(*random_.pick(world_.devices())); });
}

// By its own random numbers, so that the world is the same with and without it.
void Neighbour::now_and_then(double per_world, const std::function<void()>& what) {
  const double mean = static_cast<double>(world_.plan().duration) / per_world;
  world_.after(random_.wait(mean), [this, per_world, what] {
    if (world_.faults_are_over()) return;
    what();
    now_and_then(per_world, what);
  });
}

void Neighbour::write() {
  if (replica_->status().schema_hash.empty()) {  // the first connection has not come yet
    serve();
    if (replica_->status().schema_hash.empty()) return;
    for (const std::string& channel : world_.channels)
      give("channel.create", Json{{"id", channel}, {"name", kMark}}.dump());
  }
  std::string id = "next" + std::to_string(posted_.size());
  if (!world_.messages.empty() && !posted_.contains(world_.messages.back())) id = world_.messages.back();
  posted_[id] = std::string(kMark) + " " + std::to_string(posted_.size());
  give("message.post",
       Json{{"id", id}, {"channel_id", random_.pick(world_.channels)}, {"body", posted_[id]}}.dump());
  serve();
}

void Neighbour::give(const std::string& command, const std::string& data) {
  const auto executed = replica_->execute(command, data, Millis{world_.now()});
  if (!executed || executed->refusal)
    world_.violated("TENANT", "the neighbour's device refuses " + command + " " + data);
  world_.note("next door " + command + " " + data);
  given_.push_back(executed->id);
}

// What device and workspace have to say to each other, at once: its network is none of this world's troubles.
void Neighbour::serve() {
  if (!world_.server().is_up()) return;
  heard_.clear();
  working_ = true;
  const auto done = exchange();
  working_ = false;
  if (world_.server().died()) return;
  if (!done) {
    working_ = true;
    process_died();  // as good as
    working_ = false;
    if (world_.server().disk.capacity == 0)
      world_.violated("TENANT", "the neighbour fails for no reason: " + done.error().text());
    return;
  }
  if (world_.server().workspace() == nullptr)
    world_.sometimes("the neighbour was served while the workspace was not");
  world_.each_checker([](Checker& checker) { checker.next_door(); });
}

Result<> Neighbour::exchange() {
  const Millis now{world_.now()};
  if (!workspace_) {
    TRY_ASSIGN(workspace_, Workspace::open(world_.server().hosted(kFile, entropy_), now));
    workspace_->connect(kOwn, now);
    TRY(replica_->connected(kUser, now));
    sessions_[kOwn] = replica_.get();
  }
  for (bool moved = true; moved;) {
    moved = false;
    for (const auto& [session, replica] : sessions_) {
      TRY_ASSIGN(const std::vector<std::string> messages, replica->take_outgoing());
      for (const std::string& bytes : messages) workspace_->receive(session, bytes, now);
      moved = moved || !messages.empty();
    }
    while (workspace_->has_work()) TRY(workspace_->commit(now));
    if (world_.server().disk.burnt()) return {};  // nobody hears of it
    for (const Output& output : workspace_->take_outputs()) {
      const auto to = sessions_.find(output.session);
      if (to == sessions_.end()) continue;
      moved = true;
      workspace_->sent(output.session, output.bytes.size(), now);
      if (output.session == kOwn) heard_.push_back(output.bytes);
      if (!output.bytes.empty()) TRY(to->second->receive(output.bytes, now));
      if (output.close) to->second->disconnected();
    }
  }
  return {};
}

void Neighbour::process_died() {
  workspace_.reset();
  sessions_.clear();
  replica_->disconnected();
}

void Neighbour::note_change(std::string_view file) {
  if (owns(file) != working_) trespass_ = file;
}

// Somebody's device comes to the wrong address: the name is the same, and so is the user, but its file, with
// what waits in its queue, is of the other workspace. It must leave as it came.
void Neighbour::turn_away(Device& device) {
  if (!workspace_ || device.is_damaged()) return;
  Disk disk("stray", world_.seed(), Metadata::kOrdered);
  for (const std::string& file : device.disk.files()) disk.put(file, device.disk.read(file));
  ReplicaOptions options;
  options.path = disk.path(Device::kFile);
  options.vfs = Disk::vfs();
  options.entropy = entropy_;
  const auto opened = Replica::open(std::move(options));
  if (!opened || (*opened)->status().epoch.empty()) return;  // it may belong anywhere yet
  Replica& stray = **opened;
  world_.note(device.name() + "'s file comes to the neighbour");
  const int64_t pending = stray.status().pending;
  const Seq head = workspace_->head();
  workspace_->connect(kStray, Millis{world_.now()});
  (void)stray.connected(device.user(), Millis{world_.now()});
  sessions_[kStray] = &stray;
  serve();
  sessions_.erase(kStray);
  if (!workspace_) return;  // the server has died
  const auto bye = stray.take_bye();
  if (!bye || bye->code != "invalid" || bye->retry_after.count >= 0)
    world_.violated("TENANT", device.name() + " is not sent away from another workspace");
  if (workspace_->head() != head || stray.status().pending != pending)
    world_.violated("TENANT", device.name() + " has left something in another workspace");
  if (pending > 0) world_.sometimes("a device with commands was sent away from another workspace");
}

std::vector<std::string> Neighbour::log() const {
  std::vector<std::string> lines;
  sqlite3* db = nullptr;
  sqlite3_open_v2(world_.server().disk.path(kFile).c_str(), &db, SQLITE_OPEN_READONLY, Disk::vfs());
  sqlite3_exec(
      db, "SELECT id FROM wherry_commands WHERE user_id <> 'system' ORDER BY seq",
      [](void* to, int, char** columns, char**) {
        static_cast<std::vector<std::string>*>(to)->emplace_back(columns[0]);
        return 0;
      },
      &lines, nullptr);
  sqlite3_close(db);
  return lines;
}

}  // namespace wherry::sim

#include "sim/server.h"

#include <sstream>

#include "net/token.h"
#include "protocol/codec.h"
#include "sim/checker.h"
#include "sim/damage.h"
#include "sim/device.h"
#include "sim/neighbour.h"
#include "sqlite/page_vfs.h"

namespace wherry::sim {

namespace {

constexpr int64_t kReopenAfter = 1'000;
constexpr int64_t kTick = 1'000;
constexpr int64_t kTicks = 5'000;  // at most, in a world of months

// "user" or "user|role": what a token would say.
Result<Identity> identity_of(std::string_view token) {
  Identity identity;
  identity.expires = {INT64_MAX};
  const size_t bar = token.find('|');
  identity.user_id = token.substr(0, bar);
  if (bar != std::string_view::npos) identity.roles.emplace_back(token.substr(bar + 1));
  return identity;
}

}  // namespace

Server::Server(World& world) : disk("server", world.seed(), world.plan().metadata), world_(world) {
  disk.fault = [this](Call call, std::string_view file) {
    world_.neighbour().note_change(file);
    if (Neighbour::owns(file)) return SQLITE_OK;
    return world_.fault(world_.plan().server, call, "server", file);
  };
}

Server::~Server() {
  disk.burn();
  close();
}

void Server::start() {
  if (up_) return;
  up_ = true;
  ++life_;
  busy_until_ = world_.now();
  const Mishaps& mishaps = world_.plan().server;
  if (!world_.faults_are_over() && world_.mishaps.chance(mishaps.fuse_at_start))
    disk.light_fuse(world_.mishaps.between(1, 12));
  if (!open()) return;
  plan_deaths();
  tick();
}

void Server::tick() {
  world_.after(std::max(kTick, world_.plan().duration / kTicks), [this, life = life_] {
    if (life != life_ || !up_) return;
    tick();
    if (!workspace_) return;
    const auto done = workspace_->tick(Millis{world_.now()});
    if (died()) return;
    if (!done) return fail(done.error());
    hand_out();
  });
}

WorkspaceOptions Server::hosted(std::string_view file, Entropy entropy) {
  WorkspaceOptions options;
  options.path = disk.path(file);
  options.name = "w";
  options.vfs = Disk::vfs();
  options.bundle = world_.shared_bundle();
  options.hasher = net::sha256;
  options.entropy = std::move(entropy);
  options.verifier = [](std::string_view token, Millis) { return identity_of(token); };
  options.limits = world_.plan().limits;
  return options;
}

bool Server::open() {
  auto opened = Workspace::open(hosted("server.db", world_.entropy()), Millis{world_.now()});
  if (died()) {
    world_.sometimes("the server died in recovery");
    return false;
  }
  if (!opened) {
    fail(opened.error());
    return false;
  }
  workspace_ = *std::move(opened);
  // Damage is for the server to find, and not to be taken for what it has written.
  sqlite3_open_v2(disk.path("server.db").c_str(), &watching_, SQLITE_OPEN_READONLY,
                  sqlite::page_vfs(Disk::vfs())->c_str());
  return observe([this] {
    read_history();
    world_.each_checker([](Checker& checker) { checker.booted(); });
  });
}

void Server::close() {
  close_reader();
  workspace_.reset();
  sqlite3_close(watching_);
  watching_ = nullptr;
  links_.clear();
  queued_.clear();
}

bool Server::observe(const std::function<void()>& what) {
  try {
    what();
  } catch (const Violation& violation) {
    if (!damaged_ || violation.invariant != "CORRUPT-STOP") throw;
    fail({ErrorCode::kCorrupt, violation.what()});
    return false;
  }
  return true;
}

void Server::read_history() {
  world_.history().read(watching_);
}

bool Server::died() {
  if (!disk.burnt()) return false;
  if (!up_) return true;
  const Crash how = world_.crash_within_call(disk);
  if (disk.burnt_file().ends_with(".db")) world_.sometimes("the server died in a checkpoint");
  if (disk.burnt_call() == Call::kSync) world_.sometimes("the server died in a sync");
  die(how, how == Crash::kPower ? "server: within a call, with power" : "server: within a call");
  return true;
}

void Server::die(Crash how, const char* kind) {
  if (!up_) return;
  world_.note(std::string("dies: ") + kind);
  world_.crashed(kind);
  disk.burn();
  go_down();
  world_.neighbour().process_died();
  disk.crash(how);
}

void Server::go_down() {
  up_ = false;
  for (const auto& [_, link] : links_) {
    link->server_end = false;
    const int64_t notice = world_.network.between(1, world_.plan().unnoticed);
    world_.after(notice, [link] { link->device->link_lost(link); });
  }
  close();
  world_.after(world_.faults_are_over() ? 1 : world_.mishaps.wait(world_.plan().server.down),
               [this] { start(); });
}

// Closing the last connection moves the write-ahead log into the file.
void Server::stop() {
  if (!workspace_) return;
  world_.note("the server stops");
  sqlite3_close(std::exchange(watching_, nullptr));
  workspace_.reset();
  if (!died()) go_down();
}

void Server::plan_deaths() {
  const Mishaps& mishaps = world_.plan().server;
  const auto plan = [&](double mean, std::function<void()> what) {
    world_.someday(mean, [this, life = life_] { return life == life_ && up_; }, std::move(what));
  };
  plan(mishaps.kill, [this] { die(Crash::kProcess, "server: killed"); });
  plan(mishaps.power, [this] { die(Crash::kPower, "server: power"); });
  plan(mishaps.fuse, [this] { disk.light_fuse(world_.mishaps.between(1, 60)); });
  plan(mishaps.pause, [this] { busy_until_ = world_.now() + world_.mishaps.between(1'000, 60'000); });
  plan(mishaps.full, [this] { world_.fill(disk, "the server's disk is full"); });
  plan(world_.plan().reader, [this] { read_for_a_while(); });
}

// Somebody's transaction on the server's file, which keeps checkpoints from going on.
void Server::read_for_a_while() {
  if (workspace_ == nullptr || reader_ != nullptr) return;
  world_.sometimes("a reader held the server's file");
  sqlite3_open_v2(disk.path("server.db").c_str(), &reader_, SQLITE_OPEN_READONLY, Disk::vfs());
  sqlite3_exec(reader_, "BEGIN; SELECT count(*) FROM wherry_commands", nullptr, nullptr, nullptr);
  world_.after(world_.mishaps.between(1'000, 60'000), [this, life = life_] {
    if (life == life_) close_reader();
  });
}

void Server::close_reader() {
  sqlite3_close(std::exchange(reader_, nullptr));
}

void Server::calm_down() {
  disk.put_fuse_out();
  disk.capacity = 0;
  busy_until_ = world_.now();
  if (damaged_) restore_backup();
  if (!up_) return start();
  if (!workspace_ && !open()) return;
  work_due_ = false;  // it may be due much later, after a pause
  schedule_work();
}

// As src/server does: nothing of the failed group has been acknowledged, everyone is sent away.
void Server::fail(const Error& error) {
  world_.note("fails: " + error.text());
  const Mishaps& mishaps = world_.plan().server;
  const bool corrupt = error.code == ErrorCode::kCorrupt;
  if (corrupt && !damaged_)
    world_.violated("CORRUPT-STOP", "the server finds its file damaged: " + error.text());
  if (!corrupt && mishaps.io_error + mishaps.sync_error + mishaps.full == 0)
    world_.violated("LIVENESS", "the workspace failed for no reason: " + error.text());
  for (const auto& [_, link] : std::map(links_)) {
    link->server_end = false;
    world_.to_device(link,
                     protocol::encode(protocol::Bye{"unavailable", "", Millis{kReopenAfter}},
                                      protocol::Compression::kPlain),
                     true, "unavailable");
  }
  close();
  if (corrupt) world_.sometimes("a workspace stopped at damage");
  world_.after(kReopenAfter, [this, life = life_, corrupt] {
    if (life != life_ || !up_ || workspace_) return;
    if (corrupt)
      restore_backup();  // as its operator is told to
    else
      open();
  });
}

void Server::back_up() {
  if (damaged_) return;
  Backup backup{{}, world_.history().head()};
  for (const std::string& file : disk.files())
    if (!Neighbour::owns(file)) backup.files[file] = disk.read(file);
  backup_ = std::move(backup);
}

// The machine was off for a while, and this is what its disk has become.
void Server::damage() {
  if (!up_ || !workspace_ || damaged_) return;
  if (!backup_) return back_up();
  die(Crash::kProcess, "server: before its file is damaged");
  disk.put("server.db", sim::damage(disk.read("server.db"), {}, world_.mishaps).bytes);
  damaged_ = true;
}

void Server::restore_backup() {
  if (!backup_ || (!damaged_ && (!up_ || !workspace_))) return;
  damaged_ = false;
  world_.note("the server is restored to " + std::to_string(backup_->head));
  world_.sometimes("the server was restored from a backup");
  if (up_) die(Crash::kProcess, "server: restored");
  for (const std::string& file : disk.files())
    if (!Neighbour::owns(file)) disk.remove(file);
  for (const auto& [file, bytes] : backup_->files) disk.put(file, bytes);
  world_.history().rewind(backup_->head);
  world_.each_checker([&](Checker& checker) { checker.restored(backup_->head); });
}

void Server::connect(const std::shared_ptr<Link>& link) {
  link->server_life = life_;
  if (!up_) {
    link->server_end = false;
    world_.after(1, [link] { link->device->link_lost(link); });
    return;
  }
  if (!workspace_) {
    link->server_end = false;
    return world_.to_device(
        link,
        protocol::encode(protocol::Bye{"unavailable", "", Millis{2'000}}, protocol::Compression::kPlain),
        true, "unavailable");
  }
  links_[link->id] = link;
  workspace_->connect(link->id, Millis{world_.now()});
}

void Server::receive(const std::shared_ptr<Link>& link, const std::string& bytes) {
  if (!workspace_ || link->server_life != life_ || !links_.contains(link->id)) return;
  workspace_->receive(link->id, bytes, Millis{world_.now()});
  hand_out();
  schedule_work();
}

void Server::took(const std::shared_ptr<Link>& link, size_t bytes) {
  if (!workspace_ || link->server_life != life_ || !links_.contains(link->id)) return;
  queued_[link->id] -= bytes;
  workspace_->sent(link->id, bytes, Millis{world_.now()});
  schedule_work();
}

size_t Server::queued(int64_t link) const {
  const auto at = queued_.find(link);
  return at == queued_.end() ? 0 : at->second;
}

void Server::disconnect(const std::shared_ptr<Link>& link) {
  if (!workspace_ || link->server_life != life_ || links_.erase(link->id) == 0) return;
  link->server_end = false;
  queued_.erase(link->id);
  workspace_->disconnect(link->id);
  world_.each_checker([&](Checker& checker) { checker.closed(*link); });
}

void Server::schedule_work() {
  if (work_due_ || !workspace_ || !workspace_->has_work()) return;
  work_due_ = true;
  world_.at(std::max(world_.now(), busy_until_), [this] { work(); });
}

void Server::work() {
  work_due_ = false;
  if (!workspace_) return;
  if (world_.now() < busy_until_) return schedule_work();
  const int64_t before = world_.history().head();
  const auto done = workspace_->commit(Millis{world_.now()});
  if (died()) return;
  if (!done) return fail(done.error());
  if (!observe([this] { read_history(); })) return;
  for (int64_t seq = before + 1; seq <= world_.history().head(); ++seq) {
    const LogRow& row = world_.history().at(seq);
    world_.note("@" + std::to_string(seq) + " " + row.user + " " + row.name + " " + row.data + " " +
                row.outcome + " " + row.code);
  }
  if (world_.history().head() > before) world_.each_checker([](Checker& checker) { checker.committed(); });
  const Plan& plan = world_.plan();
  int64_t takes = world_.network.between(0, plan.commit);
  if (plan.slow_commit > 0 && world_.network.chance(plan.slow_commit)) takes *= 100;
  busy_until_ = std::max(busy_until_, world_.now() + takes);
  hand_out();
  schedule_work();
}

// What came out goes on its way when the commit is through; if the process dies before, nobody hears of it.
void Server::hand_out() {
  for (Output& output : workspace_->take_outputs()) {
    const auto at = links_.find(output.session);
    if (at == links_.end()) continue;
    const std::shared_ptr<Link> link = at->second;
    std::optional<protocol::Message> message;
    if (!output.bytes.empty()) {
      auto decoded = protocol::decode(output.bytes);
      if (!decoded)
        world_.violated("BOUNDED",
                        "the server made a message that cannot be read: " + decoded.error().text());
      message = *std::move(decoded);
    }
    queued_[link->id] += output.bytes.size();
    world_.each_checker(
        [&](Checker& checker) { checker.says(*link, output, message ? &*message : nullptr); });
    if (output.close) {
      links_.erase(link->id);
      queued_.erase(link->id);
      world_.each_checker([&](Checker& checker) { checker.closed(*link); });
    }
    const auto send = [this, link, life = life_, output] {
      if (life != life_ || !up_) {
        world_.sometimes("answers were on their way as the server died");
        return;
      }
      if (output.close) link->server_end = false;
      world_.to_device(link, output.bytes, output.close, output.close_reason);
    };
    if (busy_until_ > world_.now())
      world_.at(busy_until_, send);
    else
      send();
  }
}

}  // namespace wherry::sim

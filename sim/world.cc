#include "sim/world.h"

#include <cstdio>

#include "sim/checker.h"
#include "sim/device.h"
#include "sim/neighbour.h"
#include "sim/server.h"

namespace wherry::sim {

namespace {

// How long everything may take to drain once nothing goes wrong any more (LIVENESS).
constexpr int64_t kDrains = 10'000;

std::vector<std::string> table_names(const Bundle& bundle) {
  std::vector<std::string> names;
  for (const Table& table : bundle.tables) {
    const auto id = static_cast<size_t>(table.id);
    if (names.size() <= id) names.resize(id + 1);
    names[id] = table.name;
  }
  return names;
}

}  // namespace

void Figures::add(const Figures& other) {
  simulated_ms += other.simulated_ms;
  commands += other.commands;
  acknowledged += other.acknowledged;
  looks += other.looks;
  for (const auto& [kind, count] : other.crashes) crashes[kind] += count;
  for (const auto& [what, count] : other.sometimes) sometimes[what] += count;
}

World::World(const Plan& plan, uint64_t seed, std::shared_ptr<const Bundle> bundle, bool trace)
    : network(seed, "network"),
      people(seed, "people"),
      mishaps(seed, "mishaps"),
      ids(seed, "ids"),
      plan_(plan),
      seed_(seed),
      bundle_(std::move(bundle)),
      trace_(trace),
      history_(table_names(*bundle_),
               [this](const char* invariant, const std::string& what) { violated(invariant, what); }) {
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed % 0x7fffffff) | 1, nullptr);
  for (int u = 0; u < plan_.users; ++u) users.push_back("u" + std::to_string(u));
  for (int c = 0; c < plan_.channels; ++c) channels.push_back("c" + std::to_string(c));
  checkers_ = checkers(*this);
  server_ = std::make_unique<Server>(*this);
  neighbour_ = std::make_unique<Neighbour>(*this);
  for (int d = 0; d < plan_.devices; ++d) add_device(users[static_cast<size_t>(d % plan_.users)]);
}

World::~World() = default;

Device& World::add_device(std::string user, Device* clone_of) {
  // A few undo and re-run everything each time: what all others do must come to the same.
  const bool reference = mishaps.chance(0.15);
  devices_.push_back(
      std::make_unique<Device>(*this, static_cast<int>(devices_.size()), std::move(user), reference));
  Device& device = *devices_.back();
  if (clone_of != nullptr) device.copy_files_from(*clone_of);
  return device;
}

void World::at(int64_t time, std::function<void()> what) {
  events_.push({std::max(time, now_), ++event_order_, std::move(what)});
}

void World::someday(double mean, std::function<bool()> still, std::function<void()> what) {
  if (mean <= 0) return;
  after(mishaps.wait(mean), [this, still = std::move(still), what = std::move(what)] {
    if (!calm_ && still()) what();
  });
}

void World::now_and_then(double mean, const std::function<void()>& what) {
  someday(
      mean, [] { return true; },
      [this, mean, what] {
        what();
        now_and_then(mean, what);
      });
}

int World::fault(const Mishaps& of, Call call, const std::string& whose, std::string_view file) {
  if (calm_) return SQLITE_OK;
  const bool sync = call == Call::kSync && of.sync_error > 0 && mishaps.chance(of.sync_error);
  if (!sync && (of.io_error <= 0 || !mishaps.chance(of.io_error))) return SQLITE_OK;
  note(whose + ": a " + (sync ? "sync of " : "call on ") + std::string(file) + " fails");
  if (sync) sometimes("a sync failed");
  return sync ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_WRITE;
}

Crash World::crash_within_call(const Disk& disk) {
  if (const auto how = disk.burnt_how()) return *how;
  return mishaps.chance(0.5) ? Crash::kPower : Crash::kProcess;
}

void World::fill(Disk& disk, const char* what) {
  sometimes(what);
  disk.capacity = disk.size() + mishaps.below(20'000);
  after(mishaps.between(100, 10'000), [&disk] { disk.capacity = 0; });
}

void World::note(const std::string& event) {
  uint64_t hash = trace_hash_ ^ static_cast<uint64_t>(now_);
  for (const char c : event) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  trace_hash_ = hash;
  if (trace_) std::printf("%lld %s\n", static_cast<long long>(now_ - kBegin), event.c_str());
}

void World::violated(const char* invariant, const std::string& what) const {
  throw Violation(invariant, what);
}

void World::each_checker(const std::function<void(Checker&)>& call) {
  for (const auto& checker : checkers_) call(*checker);
}

Entropy World::entropy() {
  return [this](std::span<uint8_t> out) {
    for (uint8_t& byte : out) byte = static_cast<uint8_t>(ids.bits());
  };
}

void World::play_until(int64_t time) {
  while (!events_.empty() && events_.top().time <= time) {
    const Event event = events_.top();
    events_.pop();
    now_ = event.time;
    event.what();
  }
  now_ = time;
}

void World::run() {
  start();
  play(plan_.duration);
  come_to_rest();
}

void World::start() {
  server_->start();
  for (const auto& device : devices_) device->start();
  neighbour_->start();
  now_and_then(plan_.restore_server, [this] {
    if (!server_->has_backup() || mishaps.chance(0.5))
      server_->back_up();
    else
      server_->restore_backup();
  });
  now_and_then(plan_.restore_device, [this] {
    Device& device = *mishaps.pick(devices_);
    if (mishaps.chance(0.5))
      device.back_up();
    else
      device.restore_backup();
  });
  now_and_then(plan_.damage_server, [this] { server_->damage(); });
  now_and_then(plan_.damage_device, [this] { mishaps.pick(devices_)->damage(); });
  now_and_then(plan_.clone_device, [this] {
    if (devices_.size() >= static_cast<size_t>(plan_.devices) + 4) return;
    Device& original = *mishaps.pick(devices_);
    if (!original.is_up()) return;
    sometimes("a device's file was cloned");
    add_device(original.user(), &original).start();
  });
}

void World::come_to_rest() {
  calm_down();
  play(kDrains);
  check_at_rest();
  figures_.simulated_ms = elapsed();
}

void World::calm_down() {
  note("calm");
  calm_ = true;
  server_->calm_down();
  for (const auto& device : devices_) device->calm_down();
}

void World::check_at_rest() {
  each_checker([](Checker& checker) { checker.at_rest(); });
}

std::shared_ptr<Link> World::open_link(Device& device) {
  auto link = std::make_shared<Link>();
  link->id = next_link_++;
  link->device = &device;
  link->to_server_last =
      now_ + network.between(1, calm_ ? std::min<int64_t>(plan_.latency, 40) : plan_.latency);
  at(link->to_server_last, [this, link] { server_->connect(link); });
  if (plan_.cut > 0 && !calm_)
    after(mishaps.wait(plan_.cut), [this, link] {
      if (!calm_) cut(link);
    });
  return link;
}

// Either side notices in its own time, and what is on its way arrives for a while.
void World::cut(const std::shared_ptr<Link>& link) {
  if (!link->device_end && !link->server_end) return;
  const auto notices = [this] { return mishaps.between(0, calm_ ? 1 : plan_.unnoticed); };
  link->to_server_until = now_ + mishaps.between(0, plan_.unnoticed);
  link->to_device_until = now_ + mishaps.between(0, plan_.unnoticed);
  after(notices(), [this, link] { server_->disconnect(link); });
  after(notices(), [link] { link->device->link_lost(link); });
}

void World::to_server(const std::shared_ptr<Link>& link, std::string bytes) {
  int64_t arrives = now_ + network.between(1, calm_ ? std::min<int64_t>(plan_.latency, 40) : plan_.latency);
  if (plan_.stall > 0 && !calm_ && network.chance(plan_.stall)) arrives += network.between(1, 30'000);
  arrives = std::max(arrives, link->to_server_last);
  link->to_server_last = arrives;
  at(arrives, [this, link, bytes = std::move(bytes)] {
    if (now_ > link->to_server_until) return;
    if (!link->device_end) sometimes("bytes of a dead sender arrived");
    server_->receive(link, bytes);
  });
}

void World::to_device(const std::shared_ptr<Link>& link, std::string bytes, bool closes, std::string reason) {
  int64_t arrives = now_ + network.between(1, calm_ ? std::min<int64_t>(plan_.latency, 40) : plan_.latency);
  if (plan_.stall > 0 && !calm_ && network.chance(plan_.stall)) arrives += network.between(1, 30'000);
  arrives = std::max(arrives, link->to_device_last);
  link->to_device_last = arrives;
  at(arrives, [this, link, bytes = std::move(bytes), closes, reason = std::move(reason)] {
    if (now_ > link->to_device_until) return;
    server_->took(link, bytes.size());
    link->device->deliver(link, bytes, closes, reason);
  });
}

}  // namespace wherry::sim

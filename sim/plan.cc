#include "sim/plan.h"

#include <cassert>
#include <map>

namespace wherry::sim {

namespace {

constexpr double kSecond = 1'000, kMinute = 60 * kSecond, kHour = 60 * kMinute;

using Shape = void (*)(Plan&, Random&);

// Five people who write all the time; hardly anything goes wrong.
void busy(Plan& p, Random& r) {
  p.duration = static_cast<int64_t>(kHour);
  p.command = 12 * kSecond;
  p.cut = 10 * kMinute;
  p.device.kill = 20 * kMinute;
  p.server.kill = 20 * kMinute;
  p.offline = r.chance(0.5) ? 20 * kMinute : 0;
}

// Processes die more often than they work.
void crash_heavy(Plan& p, Random& r) {
  p.devices = 3;
  p.duration = static_cast<int64_t>(3 * kMinute);
  p.command = 1'500;
  p.server.fuse = 1'500;
  p.device.fuse = 3'000;
  p.server.kill = p.device.kill = 5'000;
  p.server.power = p.device.power = 5'000;
  p.server.fuse_at_start = p.device.fuse_at_start = 0.3;
  p.server.down = p.device.down = 200;
  p.look = 0.02;
  p.metadata = r.chance(0.5) ? Metadata::kStrict : Metadata::kOrdered;
}

// Hardly anyone writes, machines go on and off.
void idle(Plan& p, Random&) {
  p.duration = static_cast<int64_t>(4 * kHour);
  p.command = 4 * kMinute;
  p.server.power = 20 * kMinute;
  p.device.power = 20 * kMinute;
  p.server.fuse = p.device.fuse = 15 * kMinute;
  p.cut = 10 * kMinute;
}

// All about one message.
void hot_key(Plan& p, Random& r) {
  p.hot_key = true;
  p.window = 1;
  p.all_admins = r.chance(0.7);
  p.command = 800;
  p.duration = static_cast<int64_t>(4 * kMinute);
  p.offline = 30 * kSecond;
  p.offline_for = 10 * kSecond;
  p.channels = 2;
  p.cut = 40 * kSecond;
}

// Who may read what changes all the time.
void permissions(Plan& p, Random& r) {
  p.membership = 0.6;
  p.command = 800;
  p.duration = static_cast<int64_t>(5 * kMinute);
  p.cut = 30 * kSecond;
  p.offline = 60 * kSecond;
  p.device.kill = r.chance(0.5) ? kMinute : 0;
  p.limits.chunk_bytes = static_cast<size_t>(r.between(20, 300));
  p.look = 0.15;
  if (r.chance(0.5)) p.latency = r.between(500, 3'000);
  p.limits.group_commands = static_cast<size_t>(r.between(1, 40));
}

// Long away, then everybody at once.
void month_offline(Plan& p, Random&) {
  p.duration = static_cast<int64_t>(60 * 24 * kHour);
  p.command = 8 * kHour;
  p.offline = 12 * 24 * kHour;
  p.offline_for = 25 * 24 * kHour;
  p.device.kill = 10 * 24 * kHour;
  p.server.kill = 15 * 24 * kHour;
  p.checkpoint = 24 * kHour;
  p.retry = 24 * kHour;
  p.window = 40;
}

// Files are restored from backups and copied to other devices.
void restore_clone(Plan& p, Random& r) {
  p.duration = static_cast<int64_t>(10 * kMinute);
  p.command = 2'500;
  p.restore_device = 90 * kSecond;
  p.clone_device = 4 * kMinute;
  p.restore_server = r.chance(0.7) ? 2 * kMinute : 0;
  p.device.kill = kMinute;
  p.offline = kMinute;
}

// Disks that fail, fill up and lie down.
void bad_disk(Plan& p, Random& r) {
  p.duration = static_cast<int64_t>(5 * kMinute);
  p.command = 1'500;
  p.server.io_error = 0.0005;
  p.server.sync_error = r.chance(0.7) ? 0.01 : 0;
  p.device.io_error = 0.0005;
  p.device.sync_error = r.chance(0.7) ? 0.01 : 0;
  p.server.full = p.device.full = 40 * kSecond;
  p.server.power = p.device.power = 30 * kSecond;
  p.server.down = p.device.down = 500;
}

// Bits rot, sectors are lost, files are cut off; salvages and restores that are interrupted.
void bad_files(Plan& p, Random& r) {
  p.duration = static_cast<int64_t>(5 * kMinute);
  p.command = 1'500;
  p.damage_device = 20 * kSecond;
  p.damage_server = r.chance(0.5) ? 2 * kMinute : 0;
  p.device.kill = kMinute;
  p.device.fuse = r.chance(0.5) ? 20 * kSecond : 0;
  p.device.fuse_at_start = r.chance(0.5) ? 0.4 : 0;
  p.device.down = 500;
  p.offline = 30 * kSecond;
  p.checkpoint = 10 * kSecond;
  p.long_text = r.chance(0.7) ? 8'000 : 0;
}

// Everything that a network can do, and clocks.
void bad_network(Plan& p, Random& r) {
  p.duration = static_cast<int64_t>(10 * kMinute);
  p.command = 2'000;
  p.latency = r.between(1, 2'000);
  p.stall = 0.01;
  p.cut = 15 * kSecond;
  if (r.chance(0.3)) {
    p.cut = 4 * kSecond;
    p.stall = 0.1;
  }
  p.unnoticed = 40'000;
  p.slow_commit = 0.02;
  p.clock_jump = kMinute;
  p.server.pause = p.device.pause = 2 * kMinute;
  p.reader = kMinute;
  if (r.chance(0.5)) {
    p.limits.session_queue_bytes = 2'000;
    p.command = 700;
  }
  p.limits.chunk_bytes = r.chance(0.5) ? 500 : p.limits.chunk_bytes;
}

// Many devices, a little of everything.
void crowd(Plan& p, Random& r) {
  p.devices = static_cast<int>(r.between(8, 50));
  p.users = static_cast<int>(r.between(3, 12));
  p.channels = static_cast<int>(r.between(2, 10));
  p.duration = static_cast<int64_t>(5 * kMinute);
  p.command = 4'000;
  p.cut = kMinute;
  p.offline = 2 * kMinute;
  p.device.kill = p.device.power = 2 * kMinute;
  p.server.kill = p.server.power = kMinute;
  p.clock_jump = 3 * kMinute;
  p.look = 0.02;
}

const std::map<std::string, Shape, std::less<>>& shapes() {
  static const std::map<std::string, Shape, std::less<>> all = {
      {"busy", busy},           {"crash-heavy", crash_heavy},     {"idle", idle},
      {"hot-key", hot_key},     {"permissions", permissions},     {"month-offline", month_offline},
      {"crowd", crowd},         {"restore-clone", restore_clone}, {"bad-disk", bad_disk},
      {"bad-files", bad_files}, {"bad-network", bad_network}};
  return all;
}

}  // namespace

std::vector<std::string> presets() {
  std::vector<std::string> names;
  for (const auto& [name, _] : shapes()) names.push_back(name);
  return names;
}

Plan plan(std::string_view preset, uint64_t seed) {
  Random random(seed, "plan");
  Plan p;
  p.preset = preset;
  p.users = static_cast<int>(random.between(2, 5));
  p.channels = static_cast<int>(random.between(1, 5));
  p.metadata = random.chance(0.5) ? Metadata::kOrdered : Metadata::kStrict;
  if (random.chance(0.3)) p.limits.group_commands = static_cast<size_t>(random.between(1, 20));
  if (random.chance(0.3)) p.limits.chunk_bytes = static_cast<size_t>(random.between(200, 4'000));
  if (random.chance(0.2)) p.limits.session_queue_bytes = static_cast<size_t>(random.between(1'000, 20'000));
  const auto shape = shapes().find(preset);
  assert(shape != shapes().end());
  shape->second(p, random);
  return p;
}

}  // namespace wherry::sim

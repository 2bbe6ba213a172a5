#include <charconv>

#include "sim/plan.h"

namespace wherry::sim {

std::vector<PlanField> fields(Plan& p) {
  const WorkspaceLimits usual;
  std::vector<PlanField> all = {
      {"users", &p.users, 1},
      {"devices", &p.devices, 1},
      {"channels", &p.channels, 1},
      {"duration", &p.duration, 1'000},
      {"command", &p.command, 0},
      {"window", &p.window, 1},
      {"long_text", &p.long_text, 0},
      {"hot_key", &p.hot_key, 0},
      {"all_admins", &p.all_admins, 0},
      {"membership", &p.membership, 0},
      {"offline", &p.offline, 0},
      {"offline_for", &p.offline_for, 0},
      {"checkpoint", &p.checkpoint, 0},
      {"retry", &p.retry, 0},
      {"latency", &p.latency, 1},
      {"stall", &p.stall, 0},
      {"cut", &p.cut, 0},
      {"unnoticed", &p.unnoticed, 1},
      {"commit", &p.commit, 0},
      {"slow_commit", &p.slow_commit, 0},
      {"clock_jump", &p.clock_jump, 0},
      {"reader", &p.reader, 0},
      {"restore_server", &p.restore_server, 0},
      {"restore_device", &p.restore_device, 0},
      {"clone_device", &p.clone_device, 0},
      {"damage_server", &p.damage_server, 0},
      {"damage_device", &p.damage_device, 0},
      {"look", &p.look, 0},
      {"limits.group_commands", &p.limits.group_commands, static_cast<double>(usual.group_commands)},
      {"limits.chunk_bytes", &p.limits.chunk_bytes, static_cast<double>(usual.chunk_bytes)},
      {"limits.session_queue_bytes", &p.limits.session_queue_bytes,
       static_cast<double>(usual.session_queue_bytes)},
  };
  for (const bool at_server : {true, false}) {
    const std::string who = at_server ? "server." : "device.";
    Mishaps& m = at_server ? p.server : p.device;
    const std::pair<const char*, double*> mishaps[] = {{"kill", &m.kill},
                                                       {"power", &m.power},
                                                       {"fuse", &m.fuse},
                                                       {"down", &m.down},
                                                       {"fuse_at_start", &m.fuse_at_start},
                                                       {"io_error", &m.io_error},
                                                       {"full", &m.full},
                                                       {"sync_error", &m.sync_error},
                                                       {"pause", &m.pause}};
    for (const auto& [name, value] : mishaps) all.push_back({who + name, value, 0});
  }
  return all;
}

bool set(Plan& plan, std::string_view assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) return false;
  const char* end = assignment.data() + assignment.size();
  double value = 0;
  const auto parsed = std::from_chars(assignment.data() + equals + 1, end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end || value < 0) return false;
  for (const PlanField& field : fields(plan)) {
    if (field.name != assignment.substr(0, equals)) continue;
    std::visit([&](auto* member) { *member = static_cast<std::decay_t<decltype(*member)>>(value); },
               field.value);
    return true;
  }
  return false;
}

}  // namespace wherry::sim

// What goes out once the connection runs: commands within the window, pulls, credit.
#include <algorithm>

#include "base/limits.h"
#include "protocol/codec.h"
#include "replica/session.h"

namespace wherry {

using namespace protocol;

namespace {

// A message holds about this much at most, far below what a peer accepts.
constexpr size_t kPushBytes = 1 << 20;
// What a command adds to its data in a message.
constexpr size_t kCommandOverhead = 200;
constexpr size_t kScopesPerPull = 10'000;

}  // namespace

Result<std::vector<std::string>> Session::take_outgoing() {
  if (std::exchange(due_, false)) {
    if (core_.damage()) return std::unexpected(*core_.damage());
    if (Result<> pumped = pump(); !pumped) return std::unexpected(end_with(std::move(pumped).error()));
  }
  return std::exchange(outgoing_, {});
}

Result<> Session::pump() {
  TRY(push());
  return pull();
}

Result<> Session::push() {
  const auto window = static_cast<size_t>(std::max<int64_t>(welcome_.limits.window_commands, 1));
  const auto window_bytes = static_cast<size_t>(std::max<int64_t>(welcome_.limits.window_bytes, 1));
  Push message;
  size_t message_bytes = 0;
  const auto flush = [&] {
    if (message.commands.empty()) return;
    send(message);
    message.commands.clear();
    message_bytes = 0;
  };
  constexpr int64_t kAtOnce = 256;
  while (in_flight_.size() < window && in_flight_bytes_ < window_bytes) {
    TRY_ASSIGN(const std::vector<QueuedCommand> commands, core_.queue.pending(pushed_n_, kAtOnce));
    if (commands.empty()) {
      push_before_pull_ = false;
      break;
    }
    for (const QueuedCommand& command : commands) {
      const size_t bytes = command.data.size() + command.name.size() + kCommandOverhead;
      const bool fits =
          in_flight_.empty() || (in_flight_.size() < window && in_flight_bytes_ + bytes <= window_bytes);
      if (!fits) {
        flush();
        return {};
      }
      pushed_n_ = command.n;
      if (staged_answers_.contains(command.id)) continue;
      if (message_bytes + bytes > kPushBytes) flush();
      message.commands.push_back({command.id, command.replica_seq, command.name, command.data,
                                  command.client_timestamp, command.base_seq, command.user});
      message_bytes += bytes;
      in_flight_bytes_ += bytes;
      in_flight_.emplace(command.id, bytes);
    }
  }
  flush();
  return {};
}

Result<> Session::pull() {
  if (push_before_pull_) return {};
  Pull message;
  for (const auto& [id, scope] : core_.held.all()) {
    const auto handle = lines_.handles.find(id);
    if (!scope.wanted || handle == lines_.handles.end()) continue;
    Line& line = lines_.by_handle.at(handle->second);
    if (line.state != Line::State::kIdle) continue;
    Progress from;
    if (const auto at = resume_.find(id); at != resume_.end()) from = at->second;
    resume_.erase(id);
    message.scopes.push_back({handle->second, from.position, from.after});
    line.state = Line::State::kScanning;
    line.awaits_first = from.position == Seq{} && from.after.empty();
    line.unloaded = false;
    if (message.scopes.size() == kScopesPerPull) {
      send(message);
      message.scopes.clear();
    }
  }
  const bool scanning = std::ranges::any_of(
      lines_.by_handle, [](const auto& entry) { return entry.second.state == Line::State::kScanning; });
  // Credit is renewed when half of it is used, so that the server never waits for it.
  if (!message.scopes.empty() || (scanning && credits_ <= limits::kChunkCredits / 2)) {
    message.credits = std::max<int64_t>(limits::kChunkCredits - credits_, 0);
    credits_ += message.credits;
    send(message);
  }
  return {};
}

Result<> Session::unload(int64_t scope) {
  const auto handle = lines_.handles.find(scope);
  if (handle == lines_.handles.end()) return {};
  Line& line = lines_.by_handle.at(handle->second);
  resume_.erase(scope);
  if (line.state == Line::State::kIdle) return {};
  line.state = Line::State::kIdle;
  line.unloaded = true;
  send(Pull{{}, {handle->second}, 0});
  return {};
}

}  // namespace wherry

// What the inspector answers, as JSON.
#include <algorithm>
#include <filesystem>
#include <map>
#include <unordered_map>

#include "server/clock.h"
#include "server/inspector.h"
#include "server/json.h"

namespace wherry::server {

namespace {

// A worker answers between two groups; one that does not has a command that takes long.
constexpr std::chrono::seconds kPatience{1};
// Commands per second are those of so long at least.
constexpr std::chrono::seconds kPace{3};
constexpr size_t kPacesMost = 10'000;
constexpr size_t kEntitledMost = 200;
constexpr size_t kReceiversMost = 500;

int64_t size_of(const std::string& path) {
  std::error_code missing;
  const auto bytes = std::filesystem::file_size(path, missing);
  return missing ? 0 : static_cast<int64_t>(bytes);
}

int64_t second_now() {
  return server::now().count / 1000;
}

// Commands that were handled within the last second may not be in the log yet.
int64_t last_whole_second() {
  return second_now() - 1;
}

bool contains(std::string_view name, std::string_view text) {
  return name.find(text) != name.npos;
}

std::string_view state_of(const ScopeView& scope) {
  switch (scope.state) {
    case ScopeView::State::kIdle:
      return "unloaded";
    case ScopeView::State::kScanning:
      return "scanning";
    case ScopeView::State::kLive:
      return "live";
  }
  std::unreachable();
}

std::unexpected<Error> no_entry(Seq seq) {
  return fail(ErrorCode::kNotFound, cat("The log has no entry ", seq.number, "."));
}

using ScopeNames = std::unordered_map<int64_t, std::string>;

Result<ScopeNames> names_of(LogView& log, const std::vector<SessionView>& sessions) {
  ScopeNames names;
  for (const SessionView& session : sessions)
    for (const ScopeView& scope : session.scopes) names.emplace(scope.scope, std::string());
  std::vector<int64_t> numbers;
  for (const auto& [number, _] : names) numbers.push_back(number);
  TRY_ASSIGN(const auto found, log.scope_names(numbers));
  for (size_t i = 0; i < numbers.size(); ++i) names[numbers[i]] = found[i];
  return names;
}

std::string scopes_json(const SessionView& session, const ScopeNames& names, Seq head) {
  std::vector<std::string> scopes;
  for (const ScopeView& scope : session.scopes) {
    JsonObject json;
    json.text("name", names.at(scope.scope))
        .text("state", state_of(scope))
        .flag("on_demand", scope.on_demand);
    if (scope.state != ScopeView::State::kIdle)
      json.number("position", scope.position.number).number("lag", head.number - scope.position.number);
    scopes.push_back(json.done());
  }
  return json_array(scopes);
}

std::string session_json(const SessionView& session, const ScopeNames& names, Seq head) {
  JsonObject json;
  json.number("id", session.id).flag("ready", session.ready).text("user", session.user_id);
  json.json("roles", json_texts(session.roles)).text("replica_id", session.replica_id);
  json.number("connected_at", session.connected_at.count).number("expires", session.expires.count);
  json.number("position", session.position.number).number("lag", head.number - session.position.number);
  json.size("queued_bytes", session.queued_bytes).size("waiting_commands", session.waiting_commands);
  json.number("credits", session.credits).size("held", session.held).size("live", session.live);
  json.size("scanning", session.scanning).json("scopes", scopes_json(session, names, head));
  return json.done();
}

// What the session has got of a command that touched the scopes shown of it.
std::string_view received(const SessionView& session, bool is_author, Seq seq) {
  bool is_loaded = false, is_behind = false;
  for (const ScopeView& scope : session.scopes) {
    if (scope.state == ScopeView::State::kIdle) continue;
    is_loaded = true;
    is_behind |= scope.position < seq;
  }
  if (is_author && !is_loaded) is_behind = session.position < seq;  // the answer comes in order, too
  if (!is_loaded && !is_author) return session.scopes.empty() ? "not_entitled" : "not_loaded";
  return is_behind ? "behind" : "sent";
}

std::string entitled_json(const std::vector<Entitled>& entitled, const std::string& author) {
  std::vector<std::string> users;
  for (const Entitled& one : entitled) {
    JsonObject json;
    json.text("user", one.user_id).flag("author", one.user_id == author).number("since", one.since.count);
    if (one.until.count > 0) json.number("until", one.until.count);
    users.push_back(json.done());
  }
  return json_array(users);
}

std::string second_json(const LogSecond& second) {
  return JsonObject()
      .number("at", second.second)
      .number("commands", second.commands)
      .number("superseded", second.superseded)
      .number("rejected", second.rejected)
      .number("p50_ms", second.p50_ms)
      .number("p99_ms", second.p99_ms)
      .done();
}

}  // namespace

Result<std::optional<WorkspaceView>> Inspector::look(const std::string& name, ViewQuery query) const {
  auto look = std::make_shared<Look>();
  look->workspace = name;
  look->query = std::move(query);
  worker_of(options_.workers, name).look(look);
  if (!look->done.try_acquire_for(kPatience))
    return fail(ErrorCode::kBusy, "The workspace is busy with a command that takes long.");
  if (look->seen.empty()) return std::nullopt;
  return std::move(look->seen.front().second);
}

// Commands per second since the earlier of two looks; `null` at the first one.
std::string Inspector::pace(const std::string& name, Seq head) {
  const auto now = Clock::now();
  if (paces_.size() > kPacesMost) paces_.clear();
  const auto [at, is_first] = paces_.try_emplace(name, Pace{now, now, head, head});
  Pace& pace = at->second;
  if (is_first) return "null";
  if (now - pace.later > 4 * kPace) pace.later = now, pace.later_head = head;  // nobody has looked for long
  if (now - pace.later >= kPace) {
    pace.earlier = std::exchange(pace.later, now);
    pace.earlier_head = std::exchange(pace.later_head, head);
  }
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - pace.earlier).count();
  if (ms < 500) return "null";
  const int64_t tenths = (head.number - pace.earlier_head.number) * 10'000 / ms;
  return cat(tenths / 10, ".", tenths % 10);
}

std::string Inspector::summary(const DataFolder::WorkspaceInfo& info, const WorkspaceView* open,
                               bool is_busy) {
  JsonObject json;
  json.text("name", info.name).text("state", open ? "open" : is_busy ? "busy" : "at_rest");
  json.number("created_at", info.created_at).number("bytes", size_of(info.path));
  json.number("wal_bytes", size_of(info.path + "-wal"));
  if (open != nullptr) {
    json.number("head", open->head.number).size("sessions", open->sessions);
    json.size("waiting_commands", open->waiting_commands).json("per_second", pace(info.name, open->head));
  }
  return json.done();
}

Result<std::string> Inspector::workspaces(const InspectorRequest& request) {
  TRY_ASSIGN(auto all, options_.data.list());
  std::erase_if(all, [&](const DataFolder::WorkspaceInfo& info) {
    return !contains(info.name, request.text) ||
           (!request.workspace.empty() && info.name != request.workspace);
  });
  std::map<const Worker*, std::shared_ptr<Look>> looks;
  for (const auto& worker : options_.workers) {
    const auto& look = looks[worker.get()] = std::make_shared<Look>();
    look->workspace = request.workspace;
    worker->look(look);
  }
  std::unordered_map<std::string, WorkspaceView> open;
  const auto until = Clock::now() + kPatience;
  for (auto& [worker, look] : looks) {
    if (look->done.try_acquire_until(until)) {
      for (auto& [name, view] : look->seen) open.emplace(std::move(name), std::move(view));
    } else {
      look = nullptr;
    }
  }
  // Where most happens comes first.
  const auto rank = [&](const DataFolder::WorkspaceInfo& info) {
    const auto at = open.find(info.name);
    const int64_t sessions = at == open.end() ? -1 : static_cast<int64_t>(at->second.sessions);
    return std::pair(-sessions, std::string_view(info.name));
  };
  std::ranges::sort(all, {}, rank);
  std::vector<std::string> shown;
  const auto begin = std::min(static_cast<size_t>(request.offset), all.size());
  const auto end = std::min(begin + static_cast<size_t>(request.limit), all.size());
  for (size_t i = begin; i < end; ++i) {
    const auto at = open.find(all[i].name);
    const bool is_busy = looks[&worker_of(options_.workers, all[i].name)] == nullptr;
    shown.push_back(summary(all[i], at == open.end() ? nullptr : &at->second, is_busy));
  }
  const auto is_open = [&](const DataFolder::WorkspaceInfo& info) { return open.contains(info.name); };
  return JsonObject()
      .number("now", server::now().count)
      .size("total", all.size())
      .size("open", static_cast<size_t>(std::ranges::count_if(all, is_open)))
      .json("workspaces", json_array(shown))
      .done();
}

Result<std::string> Inspector::workspace(const InspectorRequest& request) {
  TRY_ASSIGN(const DataFolder::WorkspaceInfo info, options_.data.find(request.workspace));
  const auto view = look(request.workspace, {});
  TRY_ASSIGN(LogView* const log, log_of(request.workspace));
  Seq head;
  if (log != nullptr) {
    TRY_ASSIGN(head, log->head());
  }
  std::vector<std::string> names;
  for (const Command& command : options_.bundle->commands) names.push_back(command.name);
  return JsonObject()
      .number("now", server::now().count)
      .json("workspace", summary(info, view && *view ? &**view : nullptr, !view))
      .number("head", head.number)
      .text("bundle", options_.bundle->name)
      .json("commands", json_texts(names))
      .done();
}

Result<std::string> Inspector::sessions(const InspectorRequest& request) {
  ViewQuery query;
  query.after = request.after;
  query.sessions_most = static_cast<size_t>(request.limit);
  query.scopes_most = static_cast<size_t>(request.scopes);
  TRY_ASSIGN(const auto seen, look(request.workspace, std::move(query)));
  // After the look: who is seen has a file, which may have been made just now.
  TRY_ASSIGN(LogView* const log, log_of(request.workspace));
  const WorkspaceView view = seen.value_or(WorkspaceView{});
  ScopeNames names;
  if (log != nullptr) {
    TRY_ASSIGN(names, names_of(*log, view.shown));
  }
  std::vector<std::string> shown;
  for (const SessionView& session : view.shown) shown.push_back(session_json(session, names, view.head));
  return JsonObject()
      .number("now", server::now().count)
      .flag("open", seen.has_value())
      .number("head", view.head.number)
      .size("total", view.sessions)
      .flag("has_more", view.has_more)
      .json("sessions", json_array(shown))
      .done();
}

Result<std::string> Inspector::commands(const InspectorRequest& request) {
  TRY_ASSIGN(LogView* const log, log_of(request.workspace));
  LogPage page{.entries = {}, .head = {}, .reached = Seq{1}};
  if (log != nullptr) {
    TRY_ASSIGN(page, log->page(request.log));
  }
  return JsonObject()
      .number("now", server::now().count)
      .number("head", page.head.number)
      .number("reached", page.reached.number)
      .json("commands", json_array(page.entries))
      .done();
}

Result<std::string> Inspector::command(const InspectorRequest& request) {
  TRY_ASSIGN(LogView* const log, log_of(request.workspace));
  if (log == nullptr) return no_entry(request.seq);
  TRY_ASSIGN(const auto entry, log->entry(request.seq));
  if (!entry) return no_entry(request.seq);
  TRY_ASSIGN(const auto touched, log->touched(request.seq));
  std::vector<std::string> scopes;
  for (const auto& [number, name] : touched->scopes) scopes.push_back(name);
  return JsonObject()
      .number("now", server::now().count)
      .json("command", *entry)
      .json("scopes", json_texts(scopes))
      .done();
}

Result<std::string> Inspector::recipients(const InspectorRequest& request) {
  TRY_ASSIGN(LogView* const log, log_of(request.workspace));
  if (log == nullptr) return no_entry(request.seq);
  TRY_ASSIGN(const auto touched, log->touched(request.seq));
  if (!touched) return no_entry(request.seq);
  TRY_ASSIGN(auto entitled, log->entitled(touched->id, kEntitledMost + 1));
  const bool has_more = entitled.size() > kEntitledMost;
  if (has_more) entitled.pop_back();

  ViewQuery query;
  query.sessions_most = kReceiversMost;
  ScopeNames names;
  for (const auto& [number, name] : touched->scopes) {
    names.emplace(number, name);
    query.scopes.push_back(number);
  }
  TRY_ASSIGN(const auto seen, look(request.workspace, std::move(query)));
  const WorkspaceView view = seen.value_or(WorkspaceView{});
  std::vector<std::string> sessions;
  for (const SessionView& session : view.shown) {
    if (!session.ready) continue;
    const bool is_author = session.user_id == touched->user_id;
    sessions.push_back(JsonObject()
                           .number("id", session.id)
                           .text("user", session.user_id)
                           .text("replica_id", session.replica_id)
                           .text("received", received(session, is_author, request.seq))
                           .number("position", session.position.number)
                           .size("queued_bytes", session.queued_bytes)
                           .json("scopes", scopes_json(session, names, view.head))
                           .done());
  }
  return JsonObject()
      .number("now", server::now().count)
      .number("head", view.head.number)
      .json("entitled", entitled_json(entitled, touched->user_id))
      .flag("has_more", has_more)
      .json("sessions", json_array(sessions))
      .flag("has_more_sessions", view.has_more)
      .done();
}

Result<std::string> Inspector::activity(const InspectorRequest& request) {
  TRY_ASSIGN(LogView* const log, log_of(request.workspace));
  const int64_t until = last_whole_second();
  const int64_t from = std::max(until - request.seconds, request.since);
  Activity activity{.from = from, .seconds = {}};
  if (log != nullptr) {
    TRY_ASSIGN(activity, log->activity(from, until));
  }
  std::vector<std::string> seconds;
  for (const LogSecond& second : activity.seconds) seconds.push_back(second_json(second));
  return JsonObject()
      .number("from", std::min(activity.from, until))
      .number("until", until)
      .json("seconds", json_array(seconds))
      .done();
}

}  // namespace wherry::server

// What goes out after a group is durable: to each session the answers to its own commands, what it gained and
// lost, and the segments of its live scopes, each encoded once for all. Then chunks for those who scan.
#include <algorithm>
#include <set>

#include "base/limits.h"
#include "base/text.h"
#include "protocol/codec.h"
#include "workspace/scan.h"
#include "workspace/workspace_impl.h"

namespace wherry {

using namespace workspace;

namespace {

bool all_live(const Session& session) {
  return session.live == session.scopes.size();
}

}  // namespace

void Workspace::Impl::send(Session& session, const protocol::Message& message) {
  hand_out(session, protocol::encode(message, session.compression));
}

void Workspace::Impl::hand_out(Session& session, std::string bytes) {
  session.queued_bytes += bytes.size();
  outputs.push_back({session.id, std::move(bytes), false, 1000, {}});
}

void Workspace::Impl::say_bye(SessionId id, std::string code, std::string message, Millis retry_after) {
  const auto at = sessions.find(id);
  if (at == sessions.end()) return;
  const uint16_t close_code = protocol::close_code(code);
  std::string bytes =
      protocol::encode(protocol::Bye{code, std::move(message), retry_after}, protocol::Compression::kPlain);
  outputs.push_back({id, std::move(bytes), true, close_code, std::move(code)});
  disconnect(id);
}

// True when the session was closed.
bool Workspace::Impl::refuse_too_many_scopes(SessionId id, const Holder& holder) {
  if (holder.scopes.size() > options.limits.held_scopes) {
    // The grants of this user must become fewer before he can sync.
    say_bye(id, "limit", cat("this user holds more than ", options.limits.held_scopes, " scopes"),
            Millis{-1});
    return true;
  }
  if (holder.changed.size() > options.limits.scope_changes) {
    say_bye(id, "unavailable", "more scopes came and went at once than one message tells; connect again",
            Millis{0});
    return true;
  }
  return false;
}

SessionScope& Workspace::Impl::add_scope(Session& session, ScopeId scope, bool on_demand) {
  SessionScope& held = session.scopes[scope];
  held.handle = session.next_handle++;
  held.on_demand = on_demand;
  session.handles[held.handle] = scope;
  return held;
}

void Workspace::Impl::set_state(Session& session, ScopeId scope, SessionScope& held,
                                SessionScope::State state) {
  using State = SessionScope::State;
  if (held.state == State::kLive && state != State::kLive) {
    const auto live = live_.find(scope);
    live->second.erase(session.id);
    if (live->second.empty()) live_.erase(live);
    --session.live;
  }
  if (held.state == State::kScanning && state != State::kScanning)
    session.scans.erase(std::ranges::find(session.scans, scope));
  if (state == State::kScanning && held.state != State::kScanning) session.scans.push_back(scope);
  if (state == State::kLive && live_[scope].insert(session.id).second) ++session.live;
  held.state = state;
  if (may_read_chunk(session)) chunks_due_.insert(session.id);
}

bool Workspace::Impl::may_read_chunk(const Session& session) const {
  return !session.scans.empty() && session.credits > 0 &&
         session.queued_bytes < options.limits.session_queue_bytes / 2;
}

void Workspace::Impl::forget_scope(Session& session, ScopeId scope) {
  const auto at = session.scopes.find(scope);
  set_state(session, scope, at->second, SessionScope::State::kIdle);
  session.handles.erase(at->second.handle);
  session.scopes.erase(at);
}

// Of the group being published, up to the head of the log.
Result<std::string> Workspace::Impl::body_of(ScopeId scope, protocol::Compression compression,
                                             const Items& items) {
  const auto at = items.find(scope);
  if (at == items.end()) return std::string();
  std::string& body = bodies_[{scope, static_cast<int64_t>(compression)}];
  if (!body.empty()) return body;
  TRY_ASSIGN(const ScopeInfo* info, names_.info(scope));
  return body = protocol::encode_items(at->second.list, {log.head(), info->name}, compression);
}

// Compares what the session was told with what its holder holds now: toggled within the group is no change.
// `bytes`: what the batch holds besides, and then also what is born.
protocol::Scopes Workspace::Impl::scope_changes(Session& session, const Items& items, size_t bytes,
                                                std::vector<ScopeId>& born) {
  protocol::Scopes changes;
  for (const ScopeId scope : session.holder->changed) {
    const bool knows = session.scopes.contains(scope);
    if (knows == session.holder->holds(scope)) continue;
    if (knows) {
      changes.revoked.push_back(session.scopes[scope].handle);
      forget_scope(session, scope);
      continue;
    }
    const auto info = names_.info(scope);
    if (!info) continue;
    const bool on_demand = names_.kind(**info).on_demand;
    SessionScope& held = add_scope(session, scope, on_demand);
    // A scope that begins with this group arrives with it, whole.
    const bool is_born = !on_demand && names_.is_new(scope) && items.contains(scope) &&
                         items.at(scope).bytes < options.limits.chunk_bytes &&
                         bytes + items.at(scope).bytes <= limits::kMessageBytes / 2;
    if (is_born) {
      bytes += items.at(scope).bytes;
      set_state(session, scope, held, SessionScope::State::kLive);
      born.push_back(scope);
    }
    changes.granted.push_back({held.handle, (*info)->name, on_demand, is_born});
  }
  return changes;
}

// The rows that the author's commands touched, as they stand now, in the scopes he holds that are not live.
Result<> Workspace::Impl::add_own_rows(Session& session, const std::vector<RowRef>& rows,
                                       std::vector<protocol::Segment>& segments) {
  if (rows.empty() || all_live(session)) return {};
  std::map<ScopeId, std::vector<protocol::RowItem>> own;
  const RowReader read = [this](const RowRef& ref) { return engine_->rows().read(ref); };
  std::set<RowRef> seen;
  for (const RowRef& ref : rows) {
    const Table& table = options.bundle->tables[ref.table];
    if (table.kind != TableKind::kSynced || !seen.insert(ref).second) continue;
    TRY_ASSIGN(const std::optional<Version> version, versions_.stored(ref));
    if (!version) continue;
    TRY_ASSIGN(const std::optional<Row> row, read(ref));
    std::vector<ScopeId> lies_in, left;
    if (row) {
      TRY_ASSIGN(lies_in, access_.scope_ids(ref.table, *row, read));
    }
    if (const RowEffect* effect = effects_.of(ref))
      std::ranges::set_difference(effect->was, lies_in, std::back_inserter(left));
    const auto wants = [&](ScopeId scope) {
      const auto held = session.scopes.find(scope);
      return held != session.scopes.end() && held->second.state != SessionScope::State::kLive;
    };
    for (const ScopeId scope : lies_in)
      if (wants(scope)) own[scope].push_back(put_item(table, version->seq, *row));
    for (const ScopeId scope : left)
      if (wants(scope)) {
        TRY_ASSIGN(auto gone, gone_item(table, version->seq, ref.key));
        own[scope].push_back(std::move(gone));
      }
  }
  for (auto& [scope, items] : own) {
    TRY_ASSIGN(const ScopeInfo* info, names_.info(scope));
    std::ranges::sort(items, [](const protocol::RowItem& a, const protocol::RowItem& b) {
      return std::tie(a.seq, a.table) < std::tie(b.seq, b.table);
    });
    segments.push_back({session.scopes[scope].handle,
                        protocol::encode_items(items, {log.head(), info->name}, session.compression)});
  }
  return {};
}

void Workspace::Impl::fall_back_to_scanning(Session& session, protocol::Batch& batch) {
  for (auto& [scope, held] : session.scopes) {
    if (held.state != SessionScope::State::kLive) continue;
    held.position = session.boundary;
    held.after.clear();
    held.from_zero = false;
    set_state(session, scope, held, SessionScope::State::kScanning);
    batch.scanning.push_back(held.handle);
  }
}

// Most sessions are sent what some other one was sent: rows of one scope, which they know by the same handle.
Result<> Workspace::Impl::send_shared(Session& session, ScopeId scope, const Items& items) {
  const protocol::Handle handle = session.scopes[scope].handle;
  std::string& message = shared_[{scope, handle, static_cast<int64_t>(session.compression)}];
  if (message.empty()) {
    protocol::Batch batch;
    batch.upto = log.head();
    batch.hash = link();
    TRY_ASSIGN(std::string body, body_of(scope, session.compression, items));
    batch.segments.push_back({handle, std::move(body)});
    message = protocol::encode(batch, session.compression);
  }
  hand_out(session, message);
  return {};
}

// What lies in live scopes goes as the group's segments. When that is more than a session takes now, or more
// than one message holds, its live scopes go back to scanning instead.
Result<> Workspace::Impl::publish_to(Session& session, const std::vector<const Handled*>& answers,
                                     const Items& items) {
  protocol::Batch batch;
  batch.upto = log.head();
  batch.hash = link();
  std::vector<ScopeId> live, born;
  size_t bytes = 0;
  for (const auto& [scope, scope_items] : items)
    if (const auto held = session.scopes.find(scope);
        held != session.scopes.end() && held->second.state == SessionScope::State::kLive) {
      live.push_back(scope);
      bytes += scope_items.bytes;
    }
  for (const Handled* executed : answers)
    for (const protocol::LostCell& cell : executed->answer.lost)
      bytes += size_of(cell.key) + cell.column.size() + 16;
  // Rows of own commands travel apart only where their scopes are not live.
  if (!answers.empty() && !all_live(session))
    for (const Handled* executed : answers) bytes += executed->bytes;
  const bool too_much =
      session.queued_bytes > options.limits.session_queue_bytes || bytes > limits::kMessageBytes / 2;
  if (!too_much && answers.empty() && session.holder->changed.empty() && live.size() <= 1) {
    session.boundary = batch.upto;
    return live.empty() ? Result<>() : send_shared(session, live[0], items);
  }
  if (too_much) fall_back_to_scanning(session, batch);
  // Nothing more fits: what is born comes by scanning, too.
  protocol::Scopes changes = scope_changes(session, items, too_much ? limits::kMessageBytes : bytes, born);
  if (too_much) live.clear();
  live.insert(live.end(), born.begin(), born.end());
  for (const ScopeId scope : live)
    if (const auto held = session.scopes.find(scope);
        held != session.scopes.end()) {  // not revoked within the group
      TRY_ASSIGN(std::string body, body_of(scope, session.compression, items));
      batch.segments.push_back({held->second.handle, std::move(body)});
    }
  if (!changes.granted.empty() || !changes.revoked.empty()) batch.scopes = std::move(changes);
  for (const Handled* executed : answers) {
    batch.answers.push_back(executed->answer);
    if (!too_much) continue;
    // Its live scopes are scanning now: each answer may go by itself.
    TRY(add_own_rows(session, executed->rows, batch.segments));
    send(session, batch);
    batch.answers.clear();
    batch.segments.clear();
    batch.scanning.clear();
    batch.scopes.reset();
  }
  if (!too_much) {
    std::vector<RowRef> own;
    for (const Handled* executed : answers)
      own.insert(own.end(), executed->rows.begin(), executed->rows.end());
    TRY(add_own_rows(session, own, batch.segments));
  }
  session.boundary = batch.upto;
  if (batch.answers.empty() && batch.segments.empty() && !batch.scopes && batch.scanning.empty()) return {};
  send(session, batch);
  return {};
}

Result<> Workspace::Impl::publish(const std::vector<Waiting>& group, std::vector<Done>& done,
                                  const Items& items) {
  bodies_.clear();
  shared_.clear();
  std::map<SessionId, std::vector<size_t>> answered;
  std::set<SessionId> concerned, conflicting, overtaking;
  for (size_t i = 0; i < group.size(); ++i) {
    const auto at = sessions.find(group[i].session);
    if (at == sessions.end()) continue;
    --at->second.waiting_commands;
    at->second.waiting_bytes -= group[i].submission.data.size();
    if (done[i].identity_conflict) conflicting.insert(at->first);
    if (done[i].gap) overtaking.insert(at->first);
    if (!done[i].identity_conflict && !done[i].gap) answered[at->first].push_back(i);
    concerned.insert(at->first);
  }
  for (const auto& [scope, _] : items)
    if (const auto live = live_.find(scope); live != live_.end())
      concerned.insert(live->second.begin(), live->second.end());
  for (const Holder* holder : access_.changed())
    if (const auto his = sessions_of_.find(holder); his != sessions_of_.end())
      concerned.insert(his->second.begin(), his->second.end());

  for (const SessionId id : concerned) {
    const auto at = sessions.find(id);
    if (at == sessions.end() || at->second.state != Session::State::kReady) continue;
    if (refuse_too_many_scopes(id, *at->second.holder)) continue;
    std::vector<const Handled*> own;
    for (const size_t i : answered[id]) own.push_back(&done[i].executed);
    TRY(publish_to(at->second, own, items));
  }
  access_.published();
  names_.committed();
  for (const SessionId id : conflicting)
    say_bye(id, "identity", "a number was used under another command id: the file was restored or cloned",
            Millis{0});
  for (const SessionId id : overtaking)
    say_bye(id, "protocol", "replica_seq must be the last one plus one", Millis{1000});
  return {};
}

// Returns how many commands it passes over.
Result<int64_t> Workspace::Impl::send_chunk(Session& session) {
  const ScopeId scope = session.scans.front();
  SessionScope& held = session.scopes[scope];
  if (held.from_zero) held.began_at = log.head();
  TRY_ASSIGN(Chunk chunk, read_chunk(*db_, *options.bundle, engine_->rows(), scope, held.position, held.after,
                                     held.began_at, log.head(), options.limits.chunk_bytes));
  protocol::RowsChunk rows;
  rows.handle = held.handle;
  rows.upto = chunk.upto;
  rows.after = chunk.after;
  rows.live = chunk.at_head;
  rows.from_zero = std::exchange(held.from_zero, false);
  TRY_ASSIGN(const ScopeInfo* info, names_.info(scope));
  rows.body = protocol::encode_items(chunk.items, {chunk.upto, info->name}, session.compression);
  const int64_t passed = chunk.upto.number - held.position.number;
  held.position = chunk.upto;
  held.after = std::move(chunk.after);
  --session.credits;
  if (chunk.at_head) set_state(session, scope, held, SessionScope::State::kLive);
  send(session, rows);
  if (session.scans.empty()) {  // all is live: a boundary with its hash
    protocol::Batch batch;
    batch.upto = log.head();
    batch.hash = link();
    send(session, batch);
    session.boundary = batch.upto;
  }
  return passed;
}

// One chunk per session and round, so that nobody waits for another's history; after a group so many that
// they pass over twice as many commands. Who is behind would stay so for as long as groups come otherwise.
Result<> Workspace::Impl::read_chunks(size_t group) {
  for (auto due = chunks_due_.begin(); due != chunks_due_.end();) {
    Session& session = sessions.at(*due);
    auto left = 2 * static_cast<int64_t>(group);
    while (may_read_chunk(session)) {
      TRY_ASSIGN(const int64_t passed, send_chunk(session));
      left -= passed;
      if (left <= 0) break;
    }
    due = may_read_chunk(session) ? std::next(due) : chunks_due_.erase(due);
  }
  return {};
}

}  // namespace wherry

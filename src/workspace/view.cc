#include "workspace/view.h"

#include <algorithm>

#include "workspace/workspace_impl.h"

namespace wherry {

using namespace workspace;

namespace {

// A session may hold a hundred thousand scopes, and others wait while they are looked at.
constexpr size_t kScansMost = 1000;

// To a live scope everything has been sent as soon as it was in the log.
ScopeView view_of(ScopeId scope, const SessionScope& held, Seq head) {
  ScopeView view;
  view.scope = scope;
  view.on_demand = held.on_demand;
  if (held.state == SessionScope::State::kScanning) {
    view.state = ScopeView::State::kScanning;
    view.position = held.position;
  } else if (held.state == SessionScope::State::kLive) {
    view.state = ScopeView::State::kLive;
    view.position = head;
  }
  return view;
}

Seq position_of(const Session& session, Seq head) {
  Seq least = head;
  size_t looked_at = 0;
  for (const ScopeId scope : session.scans) {
    if (++looked_at > kScansMost) break;
    least = std::min(least, session.scopes.at(scope).position);
  }
  return least;
}

std::vector<ScopeView> scopes_of(const Session& session, const ViewQuery& query, Seq head) {
  std::vector<ScopeView> shown;
  for (const ScopeId scope : query.scopes)
    if (const auto at = session.scopes.find(scope); at != session.scopes.end())
      shown.push_back(view_of(scope, at->second, head));
  if (!query.scopes.empty()) return shown;
  for (const ScopeId scope : session.scans) {
    if (shown.size() >= query.scopes_most) return shown;
    shown.push_back(view_of(scope, session.scopes.at(scope), head));
  }
  for (const auto& [scope, held] : session.scopes) {
    if (shown.size() >= query.scopes_most) return shown;
    if (held.state != SessionScope::State::kScanning) shown.push_back(view_of(scope, held, head));
  }
  return shown;
}

SessionView view_of(const Session& session, const ViewQuery& query, Seq head) {
  SessionView view;
  view.id = session.id;
  view.ready = session.state == Session::State::kReady;
  view.user_id = session.who.user_id;
  view.roles = session.who.roles;
  view.replica_id = session.replica_id;
  view.connected_at = session.connected_at;
  view.expires = session.who.expires;
  view.queued_bytes = session.queued_bytes;
  view.waiting_commands = session.waiting_commands;
  view.credits = session.credits;
  view.held = session.scopes.size();
  view.live = session.live;
  view.scanning = session.scans.size();
  view.position = position_of(session, head);
  view.scopes = scopes_of(session, query, head);
  return view;
}

}  // namespace

WorkspaceView Workspace::Impl::view(const ViewQuery& query) const {
  WorkspaceView view;
  view.head = log.head();
  view.sessions = sessions.size();
  view.waiting_commands = waiting_.size();
  if (query.sessions_most == 0) return view;
  std::vector<SessionId> ids;
  for (const auto& [id, session] : sessions)
    if (id > query.after) ids.push_back(id);
  const size_t count = std::min(ids.size(), query.sessions_most);
  std::ranges::partial_sort(ids, ids.begin() + static_cast<ptrdiff_t>(count));
  view.has_more = ids.size() > count;
  ids.resize(count);
  for (const SessionId id : ids) view.shown.push_back(view_of(sessions.at(id), query, view.head));
  return view;
}

}  // namespace wherry

#include "server/actor.h"

#include <utility>

#include "server/goodbye.h"
#include "server/log.h"

namespace wherry::server {
namespace {

// Clients that come back at once must not make a failing disk busier.
constexpr Millis kReopenAfter{1000};
constexpr Millis kRetryAfter{2000};
constexpr Millis kRestartAfter{1000};
constexpr Millis kNever{-1};
constexpr std::string_view kGoingAway = "going_away";
constexpr std::string_view kGoingAwayText = "The server is shutting down.";

}  // namespace

Actor::Actor(std::string name, const Opener& opener, Outlet& outlet, RefusedTokens& tokens,
             std::shared_ptr<Gate> gate, int64_t idle_close_ms)
    : name_(std::move(name)),
      opener_(opener),
      outlet_(outlet),
      tokens_(tokens),
      gate_(std::move(gate)),
      idle_close_ms_(idle_close_ms) {}

void Actor::connect(net::ConnectionId id, std::string address, Millis now) {
  if (shutting_down_) return refuse(id, kGoingAway, kGoingAwayText, kRestartAfter);
  if (!ensure_open(id, now)) return;
  sessions_.emplace(id, std::move(address));
  workspace_->connect(id, now);
}

// What went wrong is for the log; a peer that has shown no token learns only what to do.
bool Actor::ensure_open(net::ConnectionId for_whom, Millis now) {
  if (workspace_) return true;
  if (now >= reopen_at_) {
    auto opened = opener_(name_, now);
    if (opened) {
      workspace_ = *std::move(opened);
      idle_since_ = now;
      log().info("workspace {}: opened", name_);
      return true;
    }
    if (opened.error().code == ErrorCode::kNotFound) {
      refuse(for_whom, "not_found", "There is no such workspace.", kNever);
      return false;
    }
    reopen_at_ = now + kReopenAfter;
    log().error("workspace {}: cannot be opened: {}", name_, opened.error().text());
  }
  refuse(for_whom, "unavailable", "The workspace cannot be opened now.", kRetryAfter);
  return false;
}

void Actor::receive(net::ConnectionId id, std::string_view bytes, Millis now) {
  ++held_messages_;
  held_bytes_ += bytes.size();
  if (workspace_ && sessions_.contains(id)) workspace_->receive(id, bytes, now);
}

void Actor::sent(net::ConnectionId id, size_t bytes, Millis now) {
  if (workspace_ && sessions_.contains(id)) workspace_->sent(id, bytes, now);
}

void Actor::disconnect(net::ConnectionId id, Millis now) {
  if (sessions_.erase(id) == 0) return;
  if (workspace_) workspace_->disconnect(id);
  if (sessions_.empty()) idle_since_ = now;
}

bool Actor::round(Millis now) {
  if (has_work()) {
    if (const auto done = workspace_->commit(now); !done) fail(done.error(), now);
  }
  send_outputs();
  // Until nothing is left, what has been fed to the workspace may still wait inside it.
  const bool more = has_work();
  if (!more) release();
  return more;
}

void Actor::tick(Millis now) {
  if (!workspace_) return;
  if (const auto done = workspace_->tick(now); !done) return fail(done.error(), now);
  send_outputs();
  if (sessions_.empty() && !workspace_->has_work() && now - idle_since_ >= Millis{idle_close_ms_}) {
    workspace_.reset();
    log().info("workspace {}: closed, nobody is connected", name_);
  }
}

void Actor::shut_down(Millis now) {
  shutting_down_ = true;
  if (!workspace_) return;
  workspace_->shut_down(std::string(kGoingAway), std::string(kGoingAwayText), kRestartAfter);
  send_outputs();
  idle_since_ = now;
}

// Nothing of the failed group has been acknowledged. The file is opened afresh for whoever comes back.
void Actor::fail(const Error& error, Millis now) {
  log().error("workspace {}: closed: {}", name_, error.text());
  workspace_->take_outputs();
  workspace_.reset();
  reopen_at_ = now + kReopenAfter;
  const bool passing = advice(error.code) == Advice::kRetry;
  for (const auto& [id, address] : std::exchange(sessions_, {})) {
    refuse(id, passing ? "unavailable" : "internal", "The workspace had to be closed.", kRetryAfter);
  }
}

void Actor::refuse(net::ConnectionId id, std::string_view code, std::string_view message,
                   Millis retry_after) {
  outlet_.send({goodbye(id, code, message, retry_after)});
}

void Actor::send_outputs() {
  if (!workspace_) return;
  std::vector<Output> outputs = workspace_->take_outputs();
  if (outputs.empty()) return;
  std::vector<net::Outgoing> batch;
  batch.reserve(outputs.size());
  for (Output& output : outputs) {
    note_token(output);
    batch.push_back({.id = output.session,
                     .bytes = std::move(output.bytes),
                     .close = output.close,
                     .close_code = output.close_code,
                     .close_reason = std::move(output.close_reason)});
  }
  outlet_.send(std::move(batch));
}

// The first answer to a session tells. A token that ends later was good, and does not count.
void Actor::note_token(const Output& output) {
  const auto session = sessions_.find(output.session);
  if (session == sessions_.end()) return;
  const std::string address = std::exchange(session->second, {});
  if (address.empty()) return;
  if (!output.close) {
    tokens_.accepted(address);
  } else if (output.close_reason == code_text(ErrorCode::kUnauthorized) && tokens_.refused(address)) {
    log_turned_away(address);
  }
}

void Actor::release() {
  if (held_messages_ == 0) return;
  auto resumed = gate_->release(std::exchange(held_messages_, 0), std::exchange(held_bytes_, 0));
  if (!resumed.empty()) outlet_.resume(std::move(resumed));
}

}  // namespace wherry::server

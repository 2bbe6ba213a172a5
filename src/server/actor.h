// One workspace on its worker: opened when someone connects, closed when nobody has been there for a while,
// and closed at once when it fails. Thread: its worker's.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "server/gate.h"
#include "server/hosted.h"
#include "server/outlet.h"
#include "server/refused_tokens.h"

namespace wherry::server {

class Actor {
 public:
  // `opener`, `outlet` and `tokens` must outlive the actor.
  Actor(std::string name, const Opener& opener, Outlet& outlet, RefusedTokens& tokens,
        std::shared_ptr<Gate> gate, int64_t idle_close_ms);

  // `address`: for which a refused token counts.
  void connect(net::ConnectionId id, std::string address, Millis now);
  void receive(net::ConnectionId id, std::string_view bytes, Millis now);
  void sent(net::ConnectionId id, size_t bytes, Millis now);
  void disconnect(net::ConnectionId id, Millis now);

  // Runs one group, if there is work, and sends what came out. True when there is more to do.
  bool round(Millis now);
  // About once a second: time-outs, and closing when idle.
  void tick(Millis now);
  // Says goodbye to everyone; who connects later hears the same.
  void shut_down(Millis now);

  // Nothing is lost when the actor goes.
  bool disposable(Millis now) const {
    return !workspace_ && sessions_.empty() && held_messages_ == 0 && now >= reopen_at_;
  }
  bool is_open() const { return workspace_ != nullptr; }
  // Only while it is open.
  WorkspaceView view(const ViewQuery& query) const { return workspace_->view(query); }

 private:
  bool has_work() const { return workspace_ && workspace_->has_work(); }
  bool ensure_open(net::ConnectionId for_whom, Millis now);
  void fail(const Error& error, Millis now);
  void refuse(net::ConnectionId id, std::string_view code, std::string_view message, Millis retry_after);
  void send_outputs();
  void note_token(const Output& output);
  void release();

  const std::string name_;
  const Opener& opener_;
  Outlet& outlet_;
  RefusedTokens& tokens_;
  const std::shared_ptr<Gate> gate_;
  const int64_t idle_close_ms_;
  std::unique_ptr<Hosted> workspace_;
  // Connected and not refused; the address, until it is known what became of the token.
  std::map<net::ConnectionId, std::string> sessions_;
  size_t held_messages_ = 0, held_bytes_ = 0;  // admitted by the gate, not yet released
  Millis idle_since_;
  Millis reopen_at_;  // after a failure, not sooner
  bool shutting_down_ = false;
};

}  // namespace wherry::server

// A workspace that answers every message with "ok " and the message, and an outlet that keeps what is sent.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "protocol/codec.h"
#include "server/hosted.h"
#include "server/outlet.h"

namespace wherry::server {

class FakeOutlet : public Outlet {
 public:
  void send(std::vector<net::Outgoing> batch) override {
    const std::lock_guard lock(mutex_);
    for (net::Outgoing& outgoing : batch) sent_[outgoing.id].push_back(std::move(outgoing));
    changed_.notify_all();
  }
  void resume(std::vector<net::ConnectionId> ids) override {
    const std::lock_guard lock(mutex_);
    resumed_.insert(resumed_.end(), ids.begin(), ids.end());
    changed_.notify_all();
  }

  // Waits until so much has been sent to the connection.
  std::vector<net::Outgoing> wait_for(net::ConnectionId id, size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return sent_[id].size() >= count; });
    return sent_[id];
  }
  std::vector<net::Outgoing> sent(net::ConnectionId id) { return wait_for(id, 0); }
  bool wait_for_resume(net::ConnectionId id) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] {
      return std::find(resumed_.begin(), resumed_.end(), id) != resumed_.end();
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<net::ConnectionId, std::vector<net::Outgoing>> sent_;
  std::vector<net::ConnectionId> resumed_;
};

// The code of the `bye` that the message is, or nothing.
inline std::string bye_code(const net::Outgoing& outgoing) {
  const auto message = protocol::decode(outgoing.bytes);
  if (!message) return {};
  const auto* bye = std::get_if<protocol::Bye>(&*message);
  return bye != nullptr ? bye->code : std::string();
}

// What the fakes of a test share. Set before use; counts are read when the worker rests.
struct FakeFile {
  std::mutex mutex;
  int opened = 0, closed = 0, ticks = 0;
  std::vector<size_t> groups;  // sizes of commits
  std::vector<std::pair<SessionId, size_t>> sent;
  std::vector<Millis> received;                // when each message came
  Result<> next_open, next_commit, next_tick;  // fail once with this
  std::string next_bye;                        // answers the next message with this code
  std::function<void()> before_commit, before_tick;
};

class FakeWorkspace : public Hosted {
 public:
  explicit FakeWorkspace(FakeFile& file) : file_(file) {}
  ~FakeWorkspace() override {
    const std::lock_guard lock(file_.mutex);
    ++file_.closed;
  }
  void connect(SessionId session, Millis) override { sessions_.push_back(session); }
  void disconnect(SessionId session) override { std::erase(sessions_, session); }
  void receive(SessionId session, std::string_view bytes, Millis now) override {
    const std::lock_guard lock(file_.mutex);
    file_.received.push_back(now);
    waiting_.emplace_back(session, std::string(bytes));
  }
  void sent(SessionId session, size_t bytes, Millis) override {
    const std::lock_guard lock(file_.mutex);
    file_.sent.emplace_back(session, bytes);
  }
  bool has_work() const override { return !waiting_.empty(); }
  Result<> commit(Millis) override {
    if (file_.before_commit) file_.before_commit();
    const std::lock_guard lock(file_.mutex);
    TRY(std::exchange(file_.next_commit, {}));
    file_.groups.push_back(waiting_.size());
    for (auto& [session, bytes] : std::exchange(waiting_, {})) {
      if (const std::string code = std::exchange(file_.next_bye, {}); !code.empty()) {
        outputs_.push_back(bye(session, code, {}, Millis{-1}));
        continue;
      }
      Output& output = outputs_.emplace_back();
      output.session = session;
      output.bytes = "ok " + bytes;
    }
    return {};
  }
  Result<> tick(Millis) override {
    if (file_.before_tick) file_.before_tick();
    const std::lock_guard lock(file_.mutex);
    ++file_.ticks;
    return std::exchange(file_.next_tick, {});
  }
  void shut_down(std::string code, std::string message, Millis retry_after) override {
    for (const SessionId session : sessions_) outputs_.push_back(bye(session, code, message, retry_after));
  }
  std::vector<Output> take_outputs() override { return std::exchange(outputs_, {}); }
  WorkspaceView view(const ViewQuery&) const override {
    WorkspaceView view;
    view.sessions = sessions_.size();
    return view;
  }

 private:
  static Output bye(SessionId session, const std::string& code, const std::string& message,
                    Millis retry_after) {
    return {
        .session = session,
        .bytes = protocol::encode(protocol::Bye{code, message, retry_after}, protocol::Compression::kPlain),
        .close = true,
        .close_code = protocol::close_code(code),
        .close_reason = code};
  }

  FakeFile& file_;
  std::vector<SessionId> sessions_;
  std::vector<std::pair<SessionId, std::string>> waiting_;
  std::vector<Output> outputs_;
};

// Opens the files by name; others do not exist.
inline Opener fake_opener(std::map<std::string, FakeFile>& files) {
  return [&files](const std::string& name, Millis) -> Result<std::unique_ptr<Hosted>> {
    const auto found = files.find(name);
    if (found == files.end()) return fail(ErrorCode::kNotFound, "no such file");
    const std::lock_guard lock(found->second.mutex);
    TRY(std::exchange(found->second.next_open, {}));
    ++found->second.opened;
    return std::make_unique<FakeWorkspace>(found->second);
  };
}

}  // namespace wherry::server

// The replica's half of the protocol on one connection after another: what it says, and what it makes of what
// the server says. What concerns the file goes to Core as steps.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "replica/core.h"

namespace wherry {

class Session {
 public:
  explicit Session(Core& core) : core_(core) {}

  Result<> connected(std::string token, Millis now);
  void disconnected();
  // Errors: kProtocol, kVersion and kInvalid (a file of another user or workspace) end the session; others
  // are faults of the file.
  Result<> receive(std::string_view bytes, Millis now);
  // What is pending or held may have changed: take_outgoing() looks what that makes to say.
  void changed() { due_ = due_ || (state_ == State::kRunning && answers_known_); }
  Result<> unload(int64_t scope);

  bool has_outgoing() const { return due_ || !outgoing_.empty(); }
  // Errors as those of receive().
  Result<std::vector<std::string>> take_outgoing();
  std::optional<protocol::Bye> take_bye() { return std::exchange(bye_, std::nullopt); }

  bool is_welcome() const { return state_ > State::kHello; }
  bool is_live(int64_t scope) const;
  bool is_scanning(int64_t scope) const;
  bool waits_for_schema() const { return waits_for_schema_; }
  // Every scope that is wanted is live and nothing is staged.
  bool caught_up() const;

 private:
  // In the order in which a connection passes through them.
  enum class State { kClosed, kHello, kWelcome, kRunning };
  // Of a scope on this connection.
  struct Line {
    int64_t scope = 0;
    enum class State { kIdle, kScanning, kLive } state = State::kIdle;
    bool awaits_first = false;  // chunks of an earlier pull may still arrive
    bool unloaded = false;      // so may its live rows
  };

  Result<> take(const protocol::Message& message, Millis now);
  Result<> on_welcome(const protocol::Welcome& welcome, Millis now);
  Result<> on_schema(const protocol::Schema& schema);
  Result<> on_scopes(const protocol::Scopes& scopes);
  Result<> on_batch(const protocol::Batch& batch);
  Result<> on_rows(const protocol::RowsChunk& chunk);
  Result<> on_error(const protocol::ErrorMessage& error);
  Result<> on_bye(const protocol::Bye& bye);

  Result<> replace_scopes(const std::vector<protocol::GrantedScope>& granted);
  Result<> change_scopes(const protocol::Scopes& scopes, Change& change);
  void note_answers(const std::vector<protocol::Answer>& answers, std::vector<Step>& steps);
  Result<> add_segments(const std::vector<protocol::Segment>& segments, Seq upto,
                        const std::vector<protocol::Answer>& answers, std::vector<Step>& steps);
  // Applies the steps, or stages them as long as a scope catches up.
  Result<> digest(Change& change, std::vector<Step> steps);
  // What has come up since: commands in the window, scopes to pull, credit.
  Result<> pump();
  Result<> push();
  Result<> pull();
  // The session cannot go on. Returns the error, or that of what had to be done about it.
  Error end_with(Error error);
  Line* line_of(protocol::Handle handle);
  bool catching_up() const;
  void progress(std::string what, int64_t done, int64_t total);
  void status_changed();
  void send(const protocol::Message& message);
  void close();

  Core& core_;
  State state_ = State::kClosed;
  protocol::Welcome welcome_;
  bool waits_for_schema_ = false;
  bool answers_known_ = false;  // the first batch has told what the server had already
  bool push_before_pull_ = false;
  std::vector<protocol::GrantedScope> list_;  // the list of scopes while it arrives
  bool list_open_ = false;
  struct Lines {
    std::unordered_map<protocol::Handle, Line> by_handle;
    std::unordered_map<int64_t, protocol::Handle> handles;  // by Scope::id
  };
  Lines lines_;
  int64_t credits_ = 0;
  // Progress of each scope when the connection began.
  std::map<int64_t, Progress> resume_;

  int64_t pushed_n_ = 0;                               // the last command that was sent
  std::unordered_map<std::string, size_t> in_flight_;  // sent and not answered, with their sizes
  size_t in_flight_bytes_ = 0;
  std::unordered_set<std::string> staged_answers_;
  bool staged_ = false;  // something waits in the stage
  int64_t rows_received_ = 0, answers_received_ = 0;

  bool due_ = false;  // pump() may find something
  std::vector<std::string> outgoing_;
  std::optional<protocol::Bye> bye_;
};

}  // namespace wherry

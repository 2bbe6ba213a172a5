// The parts of a workspace and its state between calls. Its work is spread over workspace.cc (calls and
// messages), group.cc (running and committing a group), hello.cc (who connects), publish.cc (what goes out)
// and view.cc (what is told of it).
#pragma once

#include <deque>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/engine.h"
#include "workspace/access.h"
#include "workspace/effects.h"
#include "workspace/executor.h"
#include "workspace/log.h"
#include "workspace/replica_bundles.h"
#include "workspace/scope_names.h"
#include "workspace/session.h"
#include "workspace/versions.h"
#include "workspace/workspace.h"

namespace wherry {

class Workspace::Impl {
 public:
  Impl(WorkspaceOptions o, std::unique_ptr<sqlite::Database> database, std::unique_ptr<Engine> e);
  Result<> boot(bool created, Millis now);

  void connect(SessionId id, Millis now);
  void disconnect(SessionId id);
  void receive(SessionId id, std::string_view bytes, Millis now);
  void sent(SessionId id, size_t bytes);
  bool has_work() const;
  Result<> commit(Millis now);
  Result<> tick(Millis now);
  void shut_down(const std::string& code, const std::string& message, Millis retry_after);
  Result<std::vector<protocol::Answer>> execute_all(const std::vector<DirectCommand>& commands, Millis now);
  WorkspaceView view(const ViewQuery& query) const;

  const WorkspaceOptions options;
  std::vector<Output> outputs;
  workspace::Log log;
  std::unordered_map<SessionId, workspace::Session> sessions;

 private:
  using ScopeId = workspace::ScopeId;
  using Session = workspace::Session;
  using SessionScope = workspace::SessionScope;

  struct Waiting {
    SessionId session = 0;  // 0: a direct command
    workspace::Submission submission;
  };
  struct Done {
    workspace::Handled executed;
    bool identity_conflict = false;
    bool gap = false;
  };

  // group.cc
  Result<std::vector<Done>> run_group(std::vector<Waiting>& group, Millis now);
  Result<bool> attempt_group(std::vector<Waiting>& group, std::vector<Done>& done, Millis now);
  Result<Done> run_one(Waiting& waiting, Millis now);
  Result<Done> resend(const Waiting& waiting, const workspace::Log::Stored& stored);
  Result<Done> once_more(const workspace::Submission& s);
  Result<> roll_back();
  Result<> index_rows(int64_t at_least);
  struct ReplicaState {
    int64_t received = 0;
    Stamp last_stamp;
    bool changed = false;
  };
  Result<ReplicaState*> replica_state(const std::string& replica_id);
  Result<> flush_replicas(Millis now);

  // hello.cc
  Result<> answer_hellos(Millis now);
  Result<> confirm_identities();
  struct Greeting {
    protocol::Welcome welcome;
    std::shared_ptr<workspace::Holder> holder;
    std::vector<workspace::Log::Stored> backlog;
  };
  // What a replica says that it was shown last of the log.
  enum class Memory {
    kNone,       // nothing
    kShared,     // part of this log
    kForgotten,  // shown by this workspace, and not in its log any more: it was restored from a backup
    kForeign,    // never shown by it
  };
  Result<Memory> memory_of(const protocol::Hello& hello);
  Result<> note_restore(Millis now);
  Result<Greeting> greet(Session& session, Memory memory, Millis now);
  std::string proof(Seq seq, std::string_view hash) const;
  const std::string& link();
  Result<> greet_replica(Session& session, Greeting& greeting, Millis now);
  Result<> welcome(Session& session, Greeting greeting, Millis now);
  void send_scope_list(Session& session);
  std::string random_bytes(size_t count);

  // publish.cc
  using Items = std::map<ScopeId, workspace::ScopeItems>;
  Result<> publish(const std::vector<Waiting>& group, std::vector<Done>& done, const Items& items);
  Result<> publish_to(Session& session, const std::vector<const workspace::Handled*>& answers,
                      const Items& items);
  protocol::Scopes scope_changes(Session& session, const Items& items, size_t bytes,
                                 std::vector<ScopeId>& born);
  Result<> add_own_rows(Session& session, const std::vector<RowRef>& rows,
                        std::vector<protocol::Segment>& segments);
  Result<> send_shared(Session& session, ScopeId scope, const Items& items);
  void fall_back_to_scanning(Session& session, protocol::Batch& batch);
  Result<> read_chunks(size_t group);
  Result<int64_t> send_chunk(Session& session);
  Result<std::string> body_of(ScopeId scope, protocol::Compression compression, const Items& items);
  bool refuse_too_many_scopes(SessionId id, const workspace::Holder& holder);
  void send(Session& session, const protocol::Message& message);
  void hand_out(Session& session, std::string bytes);
  void say_bye(SessionId id, std::string code, std::string message, Millis retry_after);
  SessionScope& add_scope(Session& session, ScopeId scope, bool on_demand);
  void set_state(Session& session, ScopeId scope, SessionScope& held, SessionScope::State state);
  bool may_read_chunk(const Session& session) const;
  void forget_scope(Session& session, ScopeId scope);

  // workspace.cc
  Result<> handle(Session& session, protocol::Message message, Millis now);
  Result<> handle_push(Session& session, protocol::Push push, Millis now);
  Result<> handle_pull(Session& session, const protocol::Pull& pull);
  Result<> run_initial(Millis now);
  Result<bool> sweep(Millis now);
  Result<> rest();

  std::unique_ptr<sqlite::Database> db_;
  std::unique_ptr<Engine> engine_;
  workspace::ScopeNames names_;
  workspace::Access access_;
  workspace::Versions versions_;
  workspace::Effects effects_;
  workspace::Executor executor_;
  UuidMaker uuids_;
  std::string epoch_;
  std::string epochs_;                // all there were, each followed by a space
  std::string link_key_;              // secret, and as old as the database: backups hold it too
  std::pair<Seq, std::string> link_;  // of the log's head

  std::deque<Waiting> waiting_;
  int64_t unindexed_ = 1;  // rows whose full-text entries follow, counted up to a bound; at first unknown
  bool worked_since_tick_ = false;
  bool has_written_ = false;            // commands ran since statements were forgotten
  int64_t quiet_ticks_ = 0;             // one after the other
  int64_t accepted_ = 0, handled_ = 0;  // commands that waited ever, and those of them that are done
  std::deque<SessionId> hellos_;        // not answered yet
  std::set<SessionId> chunks_due_;      // all sessions that may_read_chunk(), and some that may not any more
  std::unordered_map<std::string, SessionId> session_of_;  // by replica
  std::unordered_map<const workspace::Holder*, std::unordered_set<SessionId>> sessions_of_;
  std::unordered_map<std::string, ReplicaState> replicas_;           // of the running group
  std::unordered_map<ScopeId, std::unordered_set<SessionId>> live_;  // sessions for which the scope is live
  std::map<std::pair<ScopeId, int64_t>, std::string> bodies_;        // of the group being published
  std::map<std::tuple<ScopeId, protocol::Handle, int64_t>, std::string> shared_;  // batches of that group
  std::shared_ptr<ReplicaBundles> replica_bundles_;
  std::vector<std::pair<std::string, std::string>> confirmed_;  // replicas and the tokens that they have kept
  Millis last_sweep_;
};

}  // namespace wherry

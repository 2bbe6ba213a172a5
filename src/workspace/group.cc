// Running what waits as one transaction. A command whose interrupted write made SQLite roll everything back
// is refused, and the group runs again without it: its neighbours do not notice.
#include "base/limits.h"
#include "engine/deferred.h"
#include "workspace/schema.h"
#include "workspace/workspace_impl.h"

namespace wherry {

using namespace workspace;

namespace {

// Rows whose full-text entries are written in one go: the more, the fewer segments FTS5 has to merge, and the
// longer the one commit that it falls to (about 5 µs a row).
constexpr int64_t kIndexedTogether = 4000;

}  // namespace

Result<Workspace::Impl::ReplicaState*> Workspace::Impl::replica_state(const std::string& replica_id) {
  const auto [at, is_new] = replicas_.try_emplace(replica_id);
  if (is_new) {
    TRY_ASSIGN(const auto rows,
               db_->rows("SELECT received, last_stamp FROM wherry_replicas WHERE replica_id = ?",
                         {Value(replica_id)}));
    if (!rows.empty()) at->second = {*rows[0][0].integer(), Stamp{*rows[0][1].integer()}, false};
  }
  return &at->second;
}

Result<> Workspace::Impl::flush_replicas(Millis now) {
  for (const auto& [id, state] : replicas_)
    if (state.changed)
      TRY(db_->run(
          "UPDATE wherry_replicas SET received = ?, last_stamp = ?, seen_at = ? WHERE replica_id = ?",
          {Value(state.received), Value(state.last_stamp.bits), Value(now.count), Value(id)}));
  replicas_.clear();
  return {};
}

Result<> Workspace::Impl::roll_back() {
  if (db_->in_transaction()) TRY(db_->run("ROLLBACK"));
  engine_->forget_parents();
  versions_.discard();
  replicas_.clear();
  effects_.begin();
  link_ = decltype(link_)();
  TRY_ASSIGN(epoch_, meta(*db_, "epoch"));
  TRY_ASSIGN(epochs_, meta(*db_, "epochs"));
  TRY(log.reload());
  TRY(names_.reload());
  return access_.reload();
}

namespace {

// A rejection that has no place in the log.
protocol::Answer unlogged(const Submission& s, const char* code, const char* message) {
  return {s.id, s.replica_seq, {}, protocol::Outcome::kRejected, code, message, {}};
}

}  // namespace

Result<Workspace::Impl::Done> Workspace::Impl::resend(const Waiting& waiting, const Log::Stored& stored) {
  Done done;
  const Submission& s = waiting.submission;
  const std::string& sender = s.submitted_by.empty() ? s.user_id : s.submitted_by;
  if (stored.user_id != sender && stored.submitted_by != sender) {
    done.executed.answer = unlogged(s, "command_id_taken", "another command has this id");
    return done;
  }
  done.executed.answer = stored.answer;
  done.executed.answer.replica_seq = s.replica_seq;
  if (!stored.delta.empty()) {
    TRY_ASSIGN(const Delta delta, decode_delta(stored.delta, *options.bundle));
    for (const RowChange& change : delta.rows) done.executed.rows.push_back(change.ref);
    done.executed.bytes = stored.delta.size();
  }
  return done;
}

// A number that was used, of a command that the log does not have. Either another has the number, and this is
// a copy of the replica; or it was rejected beyond the quota, and the answer got lost.
Result<Workspace::Impl::Done> Workspace::Impl::once_more(const Submission& s) {
  TRY_ASSIGN(const std::vector<Log::Stored> next, log.of_replica(*s.replica_id, s.replica_seq - 1, 1));
  if (!next.empty() && next[0].answer.replica_seq == s.replica_seq) return Done{{}, true, false};
  Done done;
  done.executed.answer =
      unlogged(s, "limit_rejections",
               "it was rejected, and so many others within the hour that the log does not say why");
  return done;
}

Result<Workspace::Impl::Done> Workspace::Impl::run_one(Waiting& waiting, Millis now) {
  Submission& s = waiting.submission;
  ReplicaState* replica = nullptr;
  if (s.replica_id) {
    TRY_ASSIGN(replica, replica_state(*s.replica_id));
    if (s.replica_seq > replica->received + 1) return Done{{}, false, true};
  }
  TRY_ASSIGN(const std::optional<Log::Stored> stored, log.find(s.id));
  if (replica != nullptr) {
    if (s.replica_seq <= replica->received && !stored) return once_more(s);
    if (s.replica_seq == replica->received + 1) replica->received = s.replica_seq;
    replica->changed = true;
  }
  if (stored) return resend(waiting, *stored);
  Stamp none;
  Done done;
  TRY_ASSIGN(done.executed,
             executor_.execute(s, epoch_, replica != nullptr ? replica->last_stamp : none, now));
  return done;
}

// False when the transaction was lost; the offender then carries its refusal.
Result<bool> Workspace::Impl::attempt_group(std::vector<Waiting>& group, std::vector<Done>& done,
                                            Millis now) {
  done.clear();
  effects_.begin();
  std::unordered_set<SessionId> stopped;  // their numbers do not fit: nothing behind may overtake
  TRY(db_->run("BEGIN IMMEDIATE"));
  for (Waiting& waiting : group) {
    if (waiting.session != 0 && stopped.contains(waiting.session)) {
      done.push_back({{}, false, true});
      continue;
    }
    TRY_ASSIGN(Done one, run_one(waiting, now));
    if (one.executed.broke_transaction) {
      waiting.submission.refuse = one.executed.why;
      return false;
    }
    if (one.identity_conflict || one.gap) stopped.insert(waiting.session);
    done.push_back(std::move(one));
  }
  TRY(effects_.write_index());
  TRY(versions_.flush());
  TRY(flush_replicas(now));
  TRY(engine_->run_deferred());
  TRY(index_rows(kIndexedTogether));
  TRY(db_->run("COMMIT"));
  return true;
}

// Writes entries of rows that lack them, if so many do.
Result<> Workspace::Impl::index_rows(int64_t at_least) {
  DeferredTriggers& indexes = engine_->deferred();
  TRY_ASSIGN(unindexed_, indexes.unindexed(kIndexedTogether));
  if (unindexed_ < at_least) return {};
  TRY(indexes.index_more(kIndexedTogether));
  TRY_ASSIGN(unindexed_, indexes.unindexed(kIndexedTogether));
  return {};
}

Result<std::vector<Workspace::Impl::Done>> Workspace::Impl::run_group(std::vector<Waiting>& group,
                                                                      Millis now) {
  std::vector<Done> done;
  has_written_ = true;
  while (true) {
    auto finished = attempt_group(group, done, now);
    if (finished && *finished) return done;
    TRY(roll_back());
    if (!finished) return std::unexpected(std::move(finished).error());
  }
}

}  // namespace wherry

// REBASE: visible = confirmed rows, then the pending handlers run in order. The reference undoes every
// pending command, joins and runs them all again; the fast way runs again only what can come out differently.
// Both leave the same tables.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/limits.h"
#include "replica/images.h"
#include "replica/pending.h"
#include "replica/queue.h"
#include "replica/ready_calls.h"

namespace wherry {

// News of a row's confirmed state.
struct ConfirmedChange {
  RowRef ref;
  std::optional<Row> before, now;
};

// For whom commands run here.
struct Author {
  std::string user_id;
  std::vector<std::string> roles;
};

Call call_of(const QueuedCommand& queued, const Author& author, const Command& command, BoundParams params);

class Rebase {
 public:
  Rebase(sqlite::Database& db, Queue& queue, Images& images, bool reference)
      : db_(db), queue_(queue), images_(images), reference_(reference) {}

  // The pending commands as the file has them; what they read and wrote is learnt at the next join.
  Result<> load();

  // Runs a new command within the open transaction. Errors: if `interrupted` then names it, SQLite has rolled
  // the transaction back and the caller starts anew without it.
  Result<Execution> run(App& app, const Call& call);
  // Appends a new pending command whose run was `execution`.
  Result<> append(const App& app, int64_t n, Call call, Execution execution);

  // Within the open transaction: takes the answered commands off, joins the news, in the order of their
  // arrival, and makes REBASE true. Errors: as `run`.
  Result<> join(App& app, const Author& author, std::vector<ConfirmedChange> changes,
                const std::unordered_set<std::string>& answered);
  // The next join runs everything again (the bundle or the roles are new, commands are offered again).
  void run_all_next() { known_ = false; }

  size_t pending() const { return pending_.size(); }
  // Tables whose visible rows have changed since the last call.
  std::set<size_t> take_changed_tables() { return std::exchange(changed_tables_, {}); }
  // The id of the command whose run made SQLite roll back, once.
  std::optional<std::string> take_interrupted() { return std::exchange(interrupted_, std::nullopt); }
  // Its effect is left out until it is answered.
  void leave_out(std::string id) { left_out_.insert(std::move(id)); }

 private:
  struct Join {
    App& app;
    const Author& author;
    const std::vector<ConfirmedChange>& changes;
    const std::unordered_set<std::string>& answered;
  };
  Result<> show(App& app, std::vector<ConfirmedChange> changes);
  Result<bool> fast(const Join& join);
  Result<> full(const Join& join);
  bool answered_come_first(const std::unordered_set<std::string>& answered) const;
  Result<Execution> with_call(App& app, const Author& author, int64_t n,
                              const std::function<Result<Execution>(const Call&)>& work);
  // Notes the call if SQLite rolled everything back while it ran.
  Result<Execution> unless_interrupted(const Call& call, Result<Execution> execution);
  Result<Execution> check_again(App& app, const Author& author, const PendingCommand& command);
  Result<PendingCommand> rerun(App& app, const Author& author, const PendingCommand& command);
  Result<> note_refusal(const PendingCommand& before, const PendingCommand& now);
  Result<> keep_bases(const App& app, const Delta& delta);
  void forget_counts();
  void count(const App& app, const PendingCommand& command, int by);
  bool meets_nobody(const Touched& dirty) const;
  std::vector<bool> unique_tables(const App& app) const;

  sqlite::Database& db_;
  Queue& queue_;
  Images& images_;
  const bool reference_;
  std::vector<PendingCommand> pending_;
  // How many pending commands have changed a row, have read or written it, or would have to run again for
  // any row of a table.
  std::unordered_map<RowRef, int, RowRefHash> writers_, mentions_;
  std::unordered_map<size_t, int> table_mentions_;
  bool known_ = true;  // the footprints of all pending commands
  ReadyCalls ready_{limits::kReadyBytes};
  // Base images in the file of rows that are undone, and whether a command has changed the row again: then
  // they are right as they are.
  std::unordered_map<RowRef, bool, RowRefHash> loose_bases_;
  std::unordered_set<std::string> left_out_;
  std::optional<std::string> interrupted_;
  std::set<size_t> changed_tables_;
};

}  // namespace wherry

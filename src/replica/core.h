// Everything in a replica's file, and the one way to change it: a transaction at whose end REBASE holds.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bundle/functions.h"
#include "protocol/messages.h"
#include "replica/app.h"
#include "replica/held.h"
#include "replica/images.h"
#include "replica/join.h"
#include "replica/meta.h"
#include "replica/queue.h"
#include "replica/rebase.h"
#include "replica/stage.h"
#include "replica/store.h"

namespace wherry {

// What one transaction has gathered so far.
struct Change {
  Joiner joiner;
  std::unordered_set<std::string> answered;  // commands
  bool lost_access = false;                  // no byte of the rows that go may stay behind
  bool run_all = false;                      // run all pending commands again
  bool only_adds = false;                    // commands to the list, whose last tells the number of the next
  std::vector<ReplicaEvent> events;          // told once it is committed
};

class Core {
 public:
  static Result<std::unique_ptr<Core>> open(const Store::Options& options, bool reference_rebase);

  // Runs `work`, then REBASE, and commits; or nothing happens. `work` may run several times: when a pending
  // command makes SQLite roll back, all of it is done anew without that command's effect.
  Result<> transact(const std::function<Result<>(Change&)>& work);

  // Takes a step of what the server sent.
  Result<> take(Change& change, Step step);
  // The scope is not held any more.
  Result<> revoke(Change& change, int64_t scope);
  // The scope is not wanted on the device.
  Result<> unload(Change& change, int64_t scope);
  // The server's log is another one beyond `base`: everything is scanned anew, and commands whose place was
  // beyond it are pending again. How many.
  Result<int64_t> start_epoch(Change& change, Seq base);
  // Rows whose entries in full-text indexes follow: how many, counted up to `at_most`; writes those of a
  // slice, or all.
  Result<int64_t> unindexed(int64_t at_most);
  Result<> index_more();
  Result<> index_all();
  // Leaves no byte of removed rows in the file, nor a row without its entry.
  Result<> checkpoint();
  // The app as the server describes it, for this user.
  Result<> adopt_schema(const std::string& bundle_bytes, const std::string& hash);
  // Runs all pending commands, each of them anew.
  Result<> run_pending();

  sqlite::Database& db() { return store_->db(); }
  Store& store() { return *store_; }
  App* app() { return app_.get(); }
  Author author() const { return {meta.user_id, meta.roles}; }
  // Since the last call: tables whose rows have changed, and whether the list of commands may have.
  std::set<std::string> take_changed_tables();
  void table_changed(std::string name) { changed_.insert(std::move(name)); }
  std::vector<ReplicaEvent> take_events() { return std::exchange(events_, {}); }
  void tell(ReplicaEvent event) { events_.push_back(std::move(event)); }
  // Found corruption: nothing works from then on.
  const std::optional<Error>& damage() const { return damage_; }
  void note_damage(const Error& error);

 private:
  std::unique_ptr<Store> store_;  // outlives everything below
  FunctionContext schema_functions_;
  std::unique_ptr<App> app_;
  MetaTable meta_table_;

 public:
  Meta meta;
  Queue queue;
  Images images;
  Rebase rebase;
  Held held;
  Stage stage;

 private:
  Core(std::unique_ptr<Store> store, bool reference_rebase);
  Result<> attempt(const std::function<Result<>(Change&)>& work);
  Result<> reload();
  Result<> take_answer(Change& change, const Step& step);
  Result<> take_chunk(Change& change, Step step);
  Result<> take_boundary(const Step& step);
  Result<> freeze(Scope& scope);
  std::string lost_json(const std::vector<protocol::LostCell>& lost) const;

  size_t answered_since_trim_ = 0;
  bool may_be_unindexed_ = true;
  std::vector<int64_t> fresh_;  // scopes that are live since the last boundary
  std::set<std::string> changed_;
  std::vector<ReplicaEvent> events_;
  std::optional<Error> damage_;
};

}  // namespace wherry

#include "replica/rebase.h"

#include <algorithm>

#include "base/limits.h"
#include "bundle/params.h"
#include "replica/restore.h"

namespace wherry {

namespace {

using Effects = std::vector<std::pair<RowRef, std::optional<Row>>>;

Effects effects_of(Delta delta) {
  Effects effects;
  effects.reserve(delta.rows.size());
  for (RowChange& change : delta.rows)
    if (change.changes_row()) effects.emplace_back(std::move(change.ref), std::move(change.after));
  return effects;
}

Execution refused(std::string code, std::string message) {
  return {Refusal{std::move(code), std::move(message)}, {}, {}};
}

bool same_refusal(const std::optional<Refusal>& a, const std::optional<Refusal>& b) {
  return a.has_value() == b.has_value() && (!a || (a->code == b->code && a->message == b->message));
}

}  // namespace

Result<> Rebase::load() {
  pending_.clear();
  ready_.clear();
  loose_bases_.clear();
  forget_counts();
  constexpr int64_t kAtOnce = 1000;
  for (int64_t after = 0;;) {
    TRY_ASSIGN(const std::vector<QueuedCommand> commands, queue_.pending(after, kAtOnce));
    for (const QueuedCommand& command : commands) {
      pending_.push_back({command.n, command.id, command.refusal, {}, {}});
      after = command.n;
    }
    if (commands.size() < static_cast<size_t>(kAtOnce)) break;
  }
  known_ = pending_.empty();
  return {};
}

Call call_of(const QueuedCommand& queued, const Author& author, const Command& command, BoundParams params) {
  return {&command,
          queued.id,
          queued.user.value_or(author.user_id),
          author.roles,
          queued.client_timestamp,
          queued.now,
          std::move(params)};
}

Result<Execution> Rebase::run(App& app, const Call& call) {
  if (call.command->run == RunsWhere::kServer) return Execution{};
  if (left_out_.contains(call.command_id))
    return refused("limit_work", "the command took more work than a command may");
  return unless_interrupted(call, app.engine().run(call, nullptr));
}

Result<Execution> Rebase::unless_interrupted(const Call& call, Result<Execution> execution) {
  if (db_.in_transaction()) return execution;
  interrupted_ = call.command_id;
  return fail(ErrorCode::kInternal, "SQLite rolled the transaction back");
}

Result<Execution> Rebase::with_call(App& app, const Author& author, int64_t n,
                                    const std::function<Result<Execution>(const Call&)>& work) {
  if (Call* ready = ready_.find(n)) {
    ready->roles = author.roles;
    return work(*ready);
  }
  TRY_ASSIGN(const QueuedCommand queued, queue_.read(n));
  const Command* command = app.bundle().command(queued.name);
  if (command == nullptr) return refused("command_unknown", "the workspace has no such command");
  if (command->run == RunsWhere::kServer) return Execution{};
  auto params = bind_params(*command, queued.data);
  if (!params) return Execution{std::move(params).error(), {}, {}};
  Call call = call_of(queued, author, *command, *std::move(params));
  auto execution = work(call);
  ready_.keep(n, std::move(call));
  return execution;
}

// Only its guards and parents, where it stands.
Result<Execution> Rebase::check_again(App& app, const Author& author, const PendingCommand& command) {
  return with_call(app, author, command.n, [&](const Call& call) {
    return unless_interrupted(call, app.engine().check_again(call, command.effects));
  });
}

Result<> Rebase::keep_bases(const App& app, const Delta& delta) {
  for (const RowChange& change : delta.rows) {
    if (!change.changes_row()) continue;
    changed_tables_.insert(change.ref.table);
    if (const auto loose = loose_bases_.find(change.ref); loose != loose_bases_.end())
      loose->second = true;
    else
      TRY(images_.keep_base(app, change.ref, change.before));
  }
  return {};
}

void Rebase::forget_counts() {
  writers_.clear();
  mentions_.clear();
  table_mentions_.clear();
}

void Rebase::count(const App& app, const PendingCommand& command, int by) {
  const auto change = [by](auto& counts, const auto& key) {
    int& counted = counts[key];
    counted += by;
    if (counted == 0) counts.erase(key);
  };
  for (const auto& [ref, row] : command.effects) change(writers_, ref);
  const Footprint& f = command.footprint;
  for (const RowRef& ref : f.rows_read) change(mentions_, ref);
  for (const RowRef& ref : f.rows_written) {
    change(mentions_, ref);
    if (app.table(ref.table).unique_beyond_key) change(table_mentions_, ref.table);
  }
  for (const size_t table : f.tables_read) change(table_mentions_, table);
}

// The first pass of Affected would reach no command.
bool Rebase::meets_nobody(const Touched& dirty) const {
  return std::ranges::none_of(dirty.rows(), [this](const auto& row) {
    return mentions_.contains(row.first) || table_mentions_.contains(row.first.table);
  });
}

Result<> Rebase::append(const App& app, int64_t n, Call call, Execution execution) {
  TRY(keep_bases(app, execution.delta));
  pending_.push_back({n, call.command_id, std::move(execution.refusal), std::move(execution.footprint),
                      effects_of(std::move(execution.delta))});
  count(app, pending_.back(), 1);
  ready_.keep(n, std::move(call));
  return {};
}

Result<PendingCommand> Rebase::rerun(App& app, const Author& author, const PendingCommand& command) {
  TRY_ASSIGN(Execution execution,
             with_call(app, author, command.n, [&](const Call& call) { return run(app, call); }));
  TRY(keep_bases(app, execution.delta));
  return PendingCommand{command.n, command.id, std::move(execution.refusal), std::move(execution.footprint),
                        effects_of(std::move(execution.delta))};
}

Result<> Rebase::note_refusal(const PendingCommand& before, const PendingCommand& now) {
  if (same_refusal(before.refusal, now.refusal)) return {};
  return queue_.note_refusal(now.n, now.refusal);
}

std::vector<bool> Rebase::unique_tables(const App& app) const {
  std::vector<bool> unique;
  for (const Table& table : app.bundle().tables) unique.push_back(table.unique_beyond_key);
  return unique;
}

bool Rebase::answered_come_first(const std::unordered_set<std::string>& answered) const {
  if (answered.size() > pending_.size()) return false;
  return std::all_of(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(answered.size()),
                     [&](const PendingCommand& command) { return answered.contains(command.id); });
}

Result<> Rebase::join(App& app, const Author& author, std::vector<ConfirmedChange> changes,
                      const std::unordered_set<std::string>& answered) {
  TRY_ASSIGN(const bool any_aside, images_.any_aside());
  if (!reference_ && known_ && !any_aside && pending_.empty() && answered.empty())
    return show(app, std::move(changes));
  const Join join{app, author, changes, answered};
  // What the fast way leaves half done, the full way undoes: until it is sure, base images of rows that are
  // not among the news stay in the file.
  bool done = false;
  if (!reference_ && known_ && !any_aside && answered_come_first(answered)) {
    TRY_ASSIGN(done, fast(join));
    loose_bases_.clear();
  }
  if (!done) TRY(full(join));
  for (const std::string& id : answered) left_out_.erase(id);
  return {};
}

// Without pending commands the confirmed rows are the visible ones.
Result<> Rebase::show(App& app, std::vector<ConfirmedChange> changes) {
  std::vector<RowState> states;
  states.reserve(changes.size());
  for (ConfirmedChange& change : changes) {
    changed_tables_.insert(change.ref.table);
    const bool is_new = !change.before;
    states.push_back({std::move(change.ref), std::move(change.now), is_new});
  }
  TRY(restore_rows(db_, app, images_, states, OnConflict::kSetAside));
  return retry_asides(db_, app, images_);
}

Result<bool> Rebase::fast(const Join& join) {
  App& app = join.app;
  const size_t first = join.answered.size();
  // What the answered commands left behind here; where the server says the same, nothing has happened.
  std::unordered_map<RowRef, const std::optional<Row>*, RowRefHash> predicted;
  for (size_t i = 0; i < first; ++i)
    for (const auto& [ref, row] : pending_[i].effects) predicted[ref] = &row;

  struct Confirmed {
    std::optional<Row> row;
    bool is_new = false;   // neither was it confirmed before, nor has a pending command made it
    bool is_base = false;  // it stands in its base image
  };
  std::unordered_map<RowRef, Confirmed, RowRefHash> confirmed;
  Touched dirty;
  for (const ConfirmedChange& change : join.changes) {
    const auto prediction = predicted.find(change.ref);
    if ((prediction == predicted.end() ? change.before : *prediction->second) != change.now)
      dirty.add(change.ref, kConfirmed);
    confirmed.emplace(change.ref, Confirmed{change.now, !change.before && !writers_.contains(change.ref)});
  }
  for (const auto& [ref, row] : predicted) {
    if (confirmed.contains(ref)) continue;
    TRY_ASSIGN(std::optional<Images::Image> base, images_.base(app, ref));
    if (!base) return false;
    if (*row != *base) dirty.add(ref, kConfirmed);
    confirmed.emplace(ref, Confirmed{*std::move(base), false, true});
  }

  const std::vector<bool> unique = unique_tables(app);
  const size_t searched = meets_nobody(dirty) ? pending_.size() : first;
  const Affected affected(pending_, searched, unique, std::move(dirty));
  std::vector<RowState> undone;
  for (const auto& [ref, place] : affected.dirty().rows()) {
    if (const auto at = confirmed.find(ref); at != confirmed.end()) {
      undone.push_back({ref, at->second.row, at->second.is_new});
      if (at->second.is_base)
        loose_bases_.emplace(ref, false);
      else if (!at->second.is_new)
        TRY(images_.remove_base(app, ref));
      continue;
    }
    TRY_ASSIGN(std::optional<Images::Image> base, images_.base(app, ref));
    if (!base) continue;  // no pending command has changed it: what is visible is confirmed
    undone.push_back({ref, *std::move(base)});
    loose_bases_.emplace(ref, false);
  }
  TRY_ASSIGN(const bool restored, restore_rows(db_, app, images_, undone, OnConflict::kStop));
  if (!restored) return false;

  std::vector<std::pair<size_t, PendingCommand>> again;
  std::vector<std::pair<size_t, Footprint>> stands;
  if (affected.any()) {
    const Standing standing(pending_, first, affected, unique);
    for (size_t i = first; i < pending_.size(); ++i) {
      if (affected.how(i) == Affected::How::kNot) continue;
      if (affected.how(i) == Affected::How::kChecked) {
        TRY_ASSIGN(Execution checked, check_again(app, join.author, pending_[i]));
        if (checked.refusal || standing.meets_check(checked.footprint, static_cast<Place>(i))) return false;
        stands.emplace_back(i, std::move(checked.footprint));
        continue;
      }
      TRY_ASSIGN(PendingCommand command, rerun(app, join.author, pending_[i]));
      if (standing.meets(command.footprint, static_cast<Place>(i))) return false;
      again.emplace_back(i, std::move(command));
    }
  }

  // Nothing can send us to the full way any more: memory follows.
  for (const RowState& state : undone) changed_tables_.insert(state.ref.table);
  for (const auto& [ref, is_right] : loose_bases_)
    if (!is_right) TRY(images_.remove_base(app, ref));
  for (auto& [index, command] : again) {
    TRY(note_refusal(pending_[index], command));
    count(app, pending_[index], -1);
    count(app, command, 1);
    pending_[index] = std::move(command);
  }
  for (auto& [index, footprint] : stands) {
    if (pending_[index].footprint == footprint) continue;
    count(app, pending_[index], -1);
    pending_[index].footprint = std::move(footprint);
    count(app, pending_[index], 1);
  }
  for (size_t i = 0; i < first; ++i) {
    count(app, pending_[i], -1);
    ready_.forget(pending_[i].n);
  }
  for (const auto& [ref, row] : predicted) {
    if (affected.dirty().has(ref)) continue;
    if (writers_.contains(ref))
      TRY(images_.replace_base(app, ref, confirmed.at(ref).row));
    else
      TRY(images_.remove_base(app, ref));
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(first));
  return true;
}

Result<> Rebase::full(const Join& join) {
  App& app = join.app;
  std::unordered_set<RowRef, RowRefHash> news;
  for (const ConfirmedChange& change : join.changes) news.insert(change.ref);
  std::vector<RowState> states;
  TRY_ASSIGN(auto bases, images_.bases(app));
  for (auto& [ref, row] : bases)
    if (!news.contains(ref)) states.push_back({std::move(ref), std::move(row)});
  for (const ConfirmedChange& change : join.changes) {
    states.push_back({change.ref, change.now});
    TRY(images_.remove_aside(app, change.ref));
  }
  TRY(images_.remove_all_bases());
  TRY(restore_rows(db_, app, images_, states, OnConflict::kSetAside));
  TRY(retry_asides(db_, app, images_));
  for (const RowState& state : states) changed_tables_.insert(state.ref.table);

  std::vector<PendingCommand> left;
  for (const PendingCommand& command : pending_) {
    if (join.answered.contains(command.id)) {
      ready_.forget(command.n);
      continue;
    }
    TRY_ASSIGN(PendingCommand again, rerun(app, join.author, command));
    TRY(note_refusal(command, again));
    left.push_back(std::move(again));
  }
  pending_ = std::move(left);
  forget_counts();
  for (const PendingCommand& command : pending_) count(app, command, 1);
  known_ = true;
  return {};
}

}  // namespace wherry

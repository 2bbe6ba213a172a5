#include "replica/core.h"

#include <algorithm>

#include "base/msgpack.h"
#include "base/text.h"
#include "bundle/wire.h"
#include "engine/deferred.h"
#include "protocol/codec.h"
#include "replica/salvage.h"
#include "replica/schema.h"
#include "sqlite/free_pages.h"

namespace wherry {

namespace {

// The list is searched for what may go once in so many answers.
constexpr size_t kAnswersPerTrim = 1000;
// Of so many rows entries are written at once: some ten milliseconds' work.
constexpr int64_t kIndexedAtOnce = 1000;
// While somebody waits for all of them.
constexpr int64_t kIndexedInOneGo = 20'000;

}  // namespace

Core::Core(std::unique_ptr<Store> store, bool reference_rebase)
    : store_(std::move(store)),
      meta_table_(store_->db()),
      queue(store_->db()),
      images(store_->db()),
      rebase(store_->db(), queue, images, reference_rebase),
      held(store_->db()),
      stage(store_->db()) {}

Result<std::unique_ptr<Core>> Core::open(const Store::Options& options, bool reference_rebase) {
  TRY_ASSIGN(std::unique_ptr<Store> store, Store::open(options));
  std::unique_ptr<Core> core(new Core(std::move(store), reference_rebase));
  TRY_ASSIGN(std::optional<Bundle> bundle, core->store_->load_bundle());
  if (bundle) {
    TRY_ASSIGN(core->app_, App::create(core->db(), *std::move(bundle)));
  }
  TRY(core->reload());
  if (core->app_) core->app_->engine().set_user(core->meta.user_id);
  TRY_ASSIGN(const bool salvaged, awaits_salvaged(options.path, options.vfs));
  if (salvaged) TRY(take_salvaged(*core, options.path, options.vfs));
  if (core->app_ && core->meta.unrun) TRY(core->run_pending());
  return core;
}

Result<> Core::reload() {
  TRY_ASSIGN(meta, meta_table_.load());
  TRY_ASSIGN(const int64_t last, queue.last_pending_number());
  meta.next_replica_seq = std::max(meta.next_replica_seq, last + 1);
  TRY(held.load());
  return rebase.load();
}

void Core::note_damage(const Error& error) {
  if (error.code != ErrorCode::kCorrupt || damage_) return;
  damage_ = error;
  store_->note_damaged();
}

Result<> Core::transact(const std::function<Result<>(Change&)>& work) {
  while (true) {
    if (damage_) return std::unexpected(*damage_);
    const Result<> done = attempt(work);
    if (done) return done;
    note_damage(done.error());
    if (const Result<> again = reload(); !again) {
      note_damage(again.error());
      return again;
    }
    const std::optional<std::string> interrupted = rebase.take_interrupted();
    if (!interrupted) return done;
    rebase.leave_out(*interrupted);
  }
}

Result<> Core::attempt(const std::function<Result<>(Change&)>& work) {
  may_be_unindexed_ = true;
  if (app_) app_->engine().forget_parents();
  TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(db()));
  Change change{Joiner(db(), app_.get(), images), {}, false, false, false, {}};
  TRY(work(change));
  std::vector<ConfirmedChange> changes = change.joiner.take_changes();
  meta.remnants |=
      std::ranges::any_of(changes, [](const ConfirmedChange& c) { return c.before.has_value(); });
  if (app_ && (!changes.empty() || !change.answered.empty() || change.run_all))
    TRY(rebase.join(*app_, author(), std::move(changes), change.answered));
  if (app_) TRY(app_->engine().run_deferred());
  if (meta.remnants && change.lost_access) {
    if (app_) TRY(app_->engine().deferred().complete());
    TRY(rebuild_indexes(db()));
    TRY(sqlite::blank_free_pages(db()));
    meta.remnants = false;
  }
  answered_since_trim_ += change.answered.size();
  if (answered_since_trim_ >= kAnswersPerTrim) {
    answered_since_trim_ = 0;
    TRY(queue.trim());
  }
  meta.seen = std::max(meta.seen, change.joiner.seen());
  TRY(meta_table_.save(meta,
                       change.only_adds ? MetaTable::NextNumber::kIsKnown : MetaTable::NextNumber::kStored));
  TRY(transaction.commit());
  for (ReplicaEvent& event : change.events) events_.push_back(std::move(event));
  return {};
}

std::set<std::string> Core::take_changed_tables() {
  std::set<std::string> names = std::exchange(changed_, {});
  if (!app_) return names;
  for (const size_t index : rebase.take_changed_tables()) {
    names.insert(app_->table(index).name);
    for (const Table& table : app_->bundle().tables)
      if (std::ranges::find(table.sources, index) != table.sources.end()) names.insert(table.name);
  }
  return names;
}

std::string Core::lost_json(const std::vector<protocol::LostCell>& lost) const {
  if (lost.empty()) return {};
  std::vector<std::string> cells;
  for (const protocol::LostCell& cell : lost) {
    const auto index = app_ ? app_->index_of(cell.table) : std::nullopt;
    std::vector<std::string> key;
    for (const Value& value : cell.key) key.push_back(to_json(value));
    std::string json =
        cat("{\"table\":", index ? json_quote(app_->table(*index).name) : std::to_string(cell.table),
            ",\"key\":[", wherry::join(key, ","), "]");
    if (!cell.column.empty()) json += cat(",\"column\":", json_quote(cell.column));
    cells.push_back(json + "}");
  }
  return cat("[", wherry::join(cells, ","), "]");
}

Result<> Core::take(Change& change, Step step) {
  switch (step.kind) {
    case Step::Kind::kSession:
      fresh_.clear();
      for (const int64_t id : held.ids()) TRY(freeze(*held.find(id)));
      return {};
    case Step::Kind::kAnswer:
      return take_answer(change, step);
    case Step::Kind::kItems: {
      Scope* scope = held.find(step.scope);
      if (scope == nullptr) return {};
      if (scope->incarnation == 0) {
        scope->incarnation = meta.next_incarnation++;
        TRY(held.save(*scope));
      }
      TRY_ASSIGN(auto items, protocol::decode_items(step.body, {step.upto, scope->name}));
      return change.joiner.items(*scope, std::move(items));
    }
    case Step::Kind::kChunk:
      return take_chunk(change, std::move(step));
    case Step::Kind::kScanning:
      std::erase(fresh_, step.scope);
      if (Scope* scope = held.find(step.scope)) TRY(freeze(*scope));
      return {};
    case Step::Kind::kBoundary:
      return take_boundary(step);
  }
  return {};
}

Result<> Core::freeze(Scope& scope) {
  if (!scope.at_boundary) return {};
  scope.position = meta.boundary;
  scope.after.clear();
  scope.at_boundary = false;
  return held.save(scope);
}

Result<> Core::take_answer(Change& change, const Step& step) {
  TRY_ASSIGN(const protocol::Answer answer, answer_of(step));
  TRY_ASSIGN(const bool is_news, queue.answer(answer, lost_json(answer.lost)));
  if (!is_news) return {};
  change.answered.insert(answer.id);
  changed_.insert("wherry_commands");
  ReplicaEvent event{};
  event.kind = ReplicaEvent::Kind::kAnswered;
  event.id = answer.id;
  event.state = answer.outcome == protocol::Outcome::kApplied      ? CommandState::kApplied
                : answer.outcome == protocol::Outcome::kSuperseded ? CommandState::kSuperseded
                                                                   : CommandState::kRejected;
  event.code = answer.code;
  event.detail = answer.message;
  change.events.push_back(std::move(event));
  return {};
}

Result<> Core::take_chunk(Change& change, Step step) {
  Scope* scope = held.find(step.scope);
  if (scope == nullptr || !scope->wanted) return {};
  if (step.from_zero || scope->incarnation == 0) {
    if (scope->incarnation != 0) scope->earlier.push_back(scope->incarnation);
    scope->incarnation = meta.next_incarnation++;
  }
  if (!step.items) {
    TRY_ASSIGN(step.items, protocol::decode_items(step.body, {step.upto, scope->name}));
  }
  TRY(change.joiner.items(*scope, *std::move(step.items)));
  scope->position = step.upto;
  scope->after = step.after;
  scope->at_boundary = false;
  meta.seen = std::max(meta.seen, step.upto);
  if (step.live) {
    TRY(change.joiner.drop(scope->earlier));
    scope->earlier.clear();
    scope->complete = true;
    fresh_.push_back(scope->id);
  }
  return held.save(*scope);
}

Result<> Core::take_boundary(const Step& step) {
  meta.boundary = std::max(meta.boundary, step.upto);
  if (!step.body.empty()) {
    meta.hash_at = step.upto;
    meta.hash = step.body;
  }
  std::vector<int64_t> ahead;
  for (const int64_t id : fresh_) {
    Scope* scope = held.find(id);
    if (scope == nullptr) continue;
    if (scope->position > meta.boundary) {
      ahead.push_back(id);
      continue;
    }
    scope->at_boundary = true;
    scope->after.clear();
    TRY(held.save(*scope));
  }
  fresh_ = std::move(ahead);
  // Without a live scope a boundary says nothing about what is visible.
  if (std::ranges::any_of(held.all(), [](const auto& entry) { return entry.second.at_boundary; }))
    meta.seen = std::max(meta.seen, step.upto);
  return {};
}

Result<> Core::revoke(Change& change, int64_t id) {
  Scope* scope = held.find(id);
  if (scope == nullptr) return {};
  std::erase(fresh_, id);
  change.lost_access = true;
  TRY(change.joiner.drop(scope->incarnations()));
  TRY(stage.drop(id));
  return held.remove(id);
}

Result<> Core::unload(Change& change, int64_t id) {
  Scope* scope = held.find(id);
  if (scope == nullptr) return {};
  std::erase(fresh_, id);
  TRY(change.joiner.drop(scope->incarnations()));
  TRY(stage.drop(id));
  scope->wanted = scope->complete = scope->at_boundary = false;
  scope->incarnation = 0;
  scope->earlier.clear();
  scope->position = {};
  scope->after.clear();
  return held.save(*scope);
}

Result<int64_t> Core::start_epoch(Change& change, Seq base) {
  fresh_.clear();
  TRY(stage.clear());
  for (const int64_t id : held.ids()) {
    Scope& scope = *held.find(id);
    scope.position = {};
    scope.after.clear();
    scope.at_boundary = false;
    TRY(held.save(scope));
  }
  // Versions of the lost part of the log would outrank those to come.
  TRY(db().run("UPDATE wherry_rows SET seq = 0"));
  meta.boundary = std::min(meta.boundary, base);
  meta.seen = std::min(meta.seen, base);
  meta.hash_at = {};
  meta.hash.clear();
  TRY_ASSIGN(const int64_t count, queue.offer_again(base));
  TRY(rebase.load());
  changed_.insert("wherry_commands");
  change.run_all = true;
  return count;
}

Result<int64_t> Core::unindexed(int64_t at_most) {
  if (!app_ || !may_be_unindexed_) return 0;
  auto rows = app_->engine().deferred().unindexed(at_most);
  if (!rows) note_damage(rows.error());
  if (rows) may_be_unindexed_ = *rows > 0;
  return rows;
}

Result<> Core::index_more() {
  TRY_ASSIGN(const int64_t rows, unindexed(1));
  if (rows == 0) return {};
  return transact([this](Change&) { return app_->engine().deferred().index_more(kIndexedAtOnce); });
}

Result<> Core::index_all() {
  while (true) {
    TRY_ASSIGN(const int64_t rows, unindexed(1));
    if (rows == 0) return {};
    TRY(transact([this](Change&) { return app_->engine().deferred().index_more(kIndexedInOneGo); }));
  }
}

Result<> Core::checkpoint() {
  TRY(index_all());
  if (meta.remnants)
    TRY(transact([](Change& change) -> Result<> {
      change.lost_access = true;
      return {};
    }));
  return store_->checkpoint();
}

Result<> Core::adopt_schema(const std::string& bytes, const std::string& hash) {
  TRY_ASSIGN(Bundle bundle, decode_bundle(bytes));
  if (bundle_hash(bytes) != hash)
    return fail(ErrorCode::kProtocol, "the schema does not have the hash it was sent with");
  bundle.hash = hash;
  const Result<> stored = transact([&](Change&) -> Result<> {
    if (app_) TRY(app_->engine().deferred().complete());
    TRY_ASSIGN(const SchemaChange schema, apply_schema(db(), bundle, &schema_functions_));
    for (const std::string& name : schema.dropped) {
      const Table* table = app_ ? app_->bundle().table(name) : nullptr;
      if (table == nullptr) continue;
      TRY(images.forget_table(table->id));
      TRY(db().run("DELETE FROM wherry_rows WHERE tbl = ?1", {Value(int64_t{table->id})}));
    }
    meta.schema_hash = hash;
    meta.unrun = true;
    return store_->store_bundle(bytes);
  });
  TRY(stored);
  app_.reset();
  auto app = App::create(db(), std::move(bundle));
  if (!app) {
    note_damage({ErrorCode::kCorrupt, app.error().message});
    return std::unexpected(app.error());
  }
  app_ = *std::move(app);
  app_->engine().set_user(meta.user_id);
  for (const Table& table : app_->bundle().tables) changed_.insert(table.name);
  TRY(rebase.load());
  return run_pending();
}

// On a schema that has just come: the process may have died in between.
Result<> Core::run_pending() {
  return transact([this](Change& change) -> Result<> {
    change.run_all = true;
    meta.unrun = false;
    return {};
  });
}

}  // namespace wherry

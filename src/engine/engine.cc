// The order of a run, which is also the order of its refusals: the entity exists and may be read; guards; the
// entity and its parents are neither deleted nor locked; writes, and constraints as they meet them; the same
// checks on every row that changed.
#include "engine/engine.h"

#include <algorithm>
#include <span>
#include <unordered_map>

#include "base/limits.h"
#include "base/msgpack.h"
#include "base/text.h"
#include "bundle/functions.h"
#include "engine/capture.h"
#include "engine/deferred.h"
#include "engine/handler.h"
#include "engine/refusal.h"
#include "engine/restrictions.h"
#include "engine/scopes.h"

namespace wherry {

namespace {

constexpr int kStepsPerCheck = 1000;
constexpr size_t kParentsKept = 1000;
// A command that adds more rows runs again whole.
constexpr size_t kRowsChecked = 10;

Value text_or_null(const std::optional<std::string>& text) {
  return text ? Value(*text) : Value();
}

Refusal too_much_work() {
  return {"limit_work", "the command took more work than a command may"};
}

}  // namespace

class Engine::Impl {
 public:
  Impl(sqlite::Database& database, const Bundle& b, Side side)
      : db(database),
        bundle(b),
        with_footprint(side == Side::kReplica),
        authorizer(database),
        rows(database, b),
        predicates(database, b),
        restrictions(b, predicates),
        preupdate(database) {
    read_ = [this](const RowRef& ref) { return read_row(ref); };
    is_parent_.resize(bundle.tables.size());
    for (const Table& table : bundle.tables)
      if (table.parent) is_parent_[table.parent->table] = true;
  }

  Result<Execution> run(const Call& call, Judge* judge);
  Result<Execution> check_again(const Call& call, const Added& added);

  sqlite::Database& db;
  const Bundle& bundle;
  const bool with_footprint;
  Authorizer authorizer;
  Rows rows;
  Predicates predicates;
  Restrictions restrictions;
  FunctionContext functions;
  PreUpdate preupdate;  // calls the two below
  std::unique_ptr<Capture> capture;
  std::unique_ptr<DeferredTriggers> deferred;

  void forget_parents() { parents_.clear(); }
  void forget_handlers() { handlers_.clear(); }
  std::optional<RowRef> entity_of(const Call& call) const;
  std::optional<std::string> entity_id_of(const Call& call) const;

 private:
  // A step of a run: done, refused, or a fault of the database.
  using Verdict = Result<std::optional<Refusal>>;

  Result<Handler*> handler_of(const Command& command);
  template <typename Work>
  Result<Execution> with(const Handler& handler, const Call& call, Work work);
  Verdict check_entity(const Call& call, Judge* judge);
  Verdict ask_guards(Handler& handler, const Call& call);
  bool is_checkable(const Delta& delta, size_t entity, size_t asked) const;
  Verdict check_entity_free(const Call& call);
  Verdict run_statement(HandlerStatement& statement, const Call& call);
  Verdict run_writes(Handler& handler, const Call& call, Judge* judge, Execution& execution);
  Verdict check_changes(const Call& call, const Delta& delta, Judge* judge);
  Result<> undo(const Delta& delta);
  void bind(HandlerStatement& statement, const Call& call);
  void note_reads(const HandlerStatement& statement, const Call& call);
  void note_read(const RowRef& ref) {
    if (with_footprint) footprint_.rows_read.push_back(ref);
  }
  Value bound(const Binding& binding, const Call& call) const;
  static int on_progress(void* self);

  RowReader read_;
  std::vector<bool> is_parent_;  // tables that others name as theirs
  std::unordered_map<const Command*, std::unique_ptr<Handler>> handlers_;
  Footprint footprint_;
  size_t reads_of_writes_ = 0;  // where in rows_read those of the writing statements end
  int64_t steps_left_ = 0;
  std::optional<Row> entity_row_;
  // Rows of parents that were read since one may have changed.
  Result<std::optional<Row>> read_row(const RowRef& ref);
  bool keeps_parents_ = false;
  std::unordered_map<RowRef, std::optional<Row>, RowRefHash> parents_;
};

Result<std::optional<Row>> Engine::Impl::read_row(const RowRef& ref) {
  if (!keeps_parents_ || !is_parent_[ref.table]) return rows.read(ref);
  if (const auto known = parents_.find(ref); known != parents_.end()) return known->second;
  TRY_ASSIGN(std::optional<Row> row, rows.read(ref));
  if (parents_.size() == kParentsKept) parents_.clear();
  parents_.emplace(ref, row);
  return row;
}

int Engine::Impl::on_progress(void* self) {
  auto* impl = static_cast<Impl*>(self);
  impl->steps_left_ -= kStepsPerCheck;
  return impl->steps_left_ <= 0 || impl->capture->too_many_rows() ? 1 : 0;
}

Result<Handler*> Engine::Impl::handler_of(const Command& command) {
  std::unique_ptr<Handler>& handler = handlers_[&command];
  if (!handler) {
    TRY_ASSIGN(handler,
               Handler::prepare(db, authorizer, bundle, command, deferred->deferral(), with_footprint));
    for (const HandlerStatement& statement : handler->statements) {
      handler->reads_deferred |= statement.reads_deferred;
      for (const WriteIntent& intent : statement.intents) handler->writes_parents |= is_parent_[intent.table];
    }
  }
  return handler.get();
}

std::optional<RowRef> Engine::Impl::entity_of(const Call& call) const {
  if (!call.command->entity) return std::nullopt;
  RowRef ref{call.command->entity->table, {}};
  ref.key.reserve(20);
  msgpack::Writer writer(ref.key);
  for (const std::string& name : call.command->entity->params)
    for (size_t i = 0; i < call.command->params.size(); ++i)
      if (call.command->params[i].name == name) writer.value(call.params.values[i]);
  return ref;
}

std::optional<std::string> Engine::Impl::entity_id_of(const Call& call) const {
  const std::optional<RowRef> ref = entity_of(call);
  if (!ref) return std::nullopt;
  const Result<Row> key = decode_key(ref->key);
  if (!key) return std::nullopt;
  if (key->size() == 1) return (*key)[0].text() != nullptr ? *(*key)[0].text() : to_json((*key)[0]);
  std::vector<std::string> values;
  for (const Value& value : *key) values.push_back(to_json(value));
  return cat("[", join(values, ","), "]");
}

Engine::Impl::Verdict Engine::Impl::check_entity(const Call& call, Judge* judge) {
  entity_row_.reset();
  const std::optional<RowRef> ref = entity_of(call);
  if (!ref) return std::nullopt;
  note_read(*ref);
  TRY_ASSIGN(entity_row_, rows.read(*ref));
  const std::string& table = bundle.tables[ref->table].name;
  const EntityRule rule = call.command->entity->rule;
  if (rule == EntityRule::kMustBeNew) {
    if (entity_row_)
      return Refusal{"entity_exists", cat("a row of ", table, " with this key exists already")};
    return std::nullopt;
  }
  bool readable = entity_row_.has_value();
  if (readable && judge != nullptr && !call.command->allow_unseen) {
    TRY_ASSIGN(readable, judge->may_read(ref->table, *entity_row_));
  }
  if (!readable && (entity_row_ || rule == EntityRule::kMustExist))
    return Refusal{"entity_missing", cat("there is no such row of ", table)};
  return std::nullopt;
}

Engine::Impl::Verdict Engine::Impl::check_entity_free(const Call& call) {
  if (!entity_row_) return std::nullopt;
  return restrictions.check_row(*call.command, call.command->entity->table, *entity_row_, read_,
                                with_footprint ? &footprint_.rows_read : nullptr);
}

Value Engine::Impl::bound(const Binding& binding, const Call& call) const {
  using enum Binding::Source;
  switch (binding.source) {
    case kParam:
      return call.params.values[binding.param];
    case kUser:
      return Value(call.user_id);
    case kRole:
      return call.roles.empty() ? Value() : Value(call.roles.front());
    case kCommandId:
      return Value(call.command_id);
    case kEntityId:
      return text_or_null(entity_id_of(call));
    case kClientTimestamp:
      return Value(call.client_timestamp.count);
    case kNow:
      return Value(call.now.count);
    case kData:
      return Value(call.params.json);
  }
  return {};
}

void Engine::Impl::bind(HandlerStatement& statement, const Call& call) {
  statement.statement.reset();
  for (size_t i = 0; i < statement.bindings.size(); ++i) {
    const Binding& binding = statement.bindings[i];
    const int parameter = static_cast<int>(i) + 1;
    if (binding.source == Binding::Source::kParam)
      statement.statement.lend(parameter, call.params.values[binding.param]);
    else
      statement.statement.bind(parameter, bound(binding, call));
  }
}

void Engine::Impl::note_reads(const HandlerStatement& statement, const Call& call) {
  for (const TableRead& table_read : statement.reads) {
    if (!table_read.key) {
      footprint_.tables_read.push_back(table_read.table);
      continue;
    }
    Row key;
    for (const int parameter : *table_read.key)
      key.push_back(bound(statement.bindings[static_cast<size_t>(parameter) - 1], call));
    if (auto ref = row_sought(table_read, key))
      footprint_.rows_read.push_back(*std::move(ref));
    else
      footprint_.tables_read.push_back(table_read.table);
  }
}

Engine::Impl::Verdict Engine::Impl::run_statement(HandlerStatement& statement, const Call& call) {
  if (statement.reads_deferred) {
    const Result<> complete = deferred->complete();
    if (!complete && (sqlite3_errcode(db.handle()) & 0xFF) == SQLITE_INTERRUPT) return too_much_work();
    TRY(complete);
  }
  bind(statement, call);
  if (with_footprint) note_reads(statement, call);
  capture->expect(&statement.intents);
  Result<bool> more = true;
  while (more && *more) more = statement.statement.step();
  if (more) {
    statement.statement.reset();
    return std::nullopt;
  }
  // The code must be read before the reset, which step() has already done: it repeats the same code.
  if (functions.refusal) return *functions.refusal;
  if (capture->too_many_rows())
    return Refusal{"limit_rows", cat("a command may change at most ", limits::kCommandRows, " rows")};
  if ((sqlite3_errcode(db.handle()) & 0xFF) == SQLITE_INTERRUPT) return too_much_work();
  if (auto refusal = refusal_of(db.handle())) return refusal;
  return std::unexpected(std::move(more).error());
}

Engine::Impl::Verdict Engine::Impl::check_changes(const Call& call, const Delta& delta, Judge* judge) {
  if (capture->key_changed()) return Refusal{"handler_error", "a handler may not change a primary key"};
  std::vector<RowRef>* walked = with_footprint ? &footprint_.rows_read : nullptr;
  const RowReader then = before(delta, read_);
  const bool parents_change =
      std::ranges::any_of(delta.rows, [&](const RowChange& change) { return is_parent_[change.ref.table]; });
  for (const RowChange& change : delta.rows) {
    const size_t table = change.ref.table;
    if (change.before) {
      if (judge != nullptr && !call.command->allow_unseen) {
        TRY_ASSIGN(const bool readable, judge->may_read(table, *change.before));
        if (!readable)
          return Refusal{"entity_missing", cat("there is no such row of ", bundle.tables[table].name)};
      }
      if (!change.changes_row()) continue;
      TRY_ASSIGN(auto refusal, restrictions.check_row(*call.command, table, *change.before, then, walked));
      if (refusal) return refusal;
    }
    if (change.after) {
      TRY_ASSIGN(auto refusal,
                 restrictions.check_parents(*call.command, table, *change.after, read_, walked));
      if (refusal) return refusal;
      if (change.before || !parents_change) continue;
      TRY_ASSIGN(refusal, restrictions.check_parents(*call.command, table, *change.after, then, walked));
      if (refusal) return refusal;
    }
  }
  return std::nullopt;
}

Engine::Impl::Verdict Engine::Impl::run_writes(Handler& handler, const Call& call, Judge* judge,
                                               Execution& execution) {
  std::optional<Refusal> refusal;
  for (size_t i = call.command->guards; i < handler.statements.size() && !refusal; ++i) {
    TRY_ASSIGN(refusal, run_statement(handler.statements[i], call));
  }
  execution.delta = capture->end();
  reads_of_writes_ = footprint_.rows_read.size();
  if (with_footprint) {
    for (const RowChange& change : execution.delta.rows) footprint_.rows_written.push_back(change.ref);
    // A refused write leaves no trace of the row it met.
    if (refusal)
      for (const HandlerStatement& statement : handler.statements)
        for (const WriteIntent& intent : statement.intents) footprint_.tables_read.push_back(intent.table);
  }
  if (refusal) return refusal;
  // A row that is not there can be removed all the same: whoever adds it with an older stamp comes too late.
  if (const auto ref = entity_of(call); ref && !entity_row_ && handler.deletes_from(ref->table)) {
    bool listed = false;
    for (const RowChange& change : execution.delta.rows) listed |= change.ref == *ref;
    if (!listed) execution.delta.rows.push_back({*ref, std::nullopt, std::nullopt, 0, true});
  }
  sqlite3_progress_handler(db.handle(), 0, nullptr, nullptr);
  TRY_ASSIGN(refusal, check_changes(call, execution.delta, judge));
  if (refusal || judge == nullptr) return refusal;
  TRY_ASSIGN(refusal, judge->settle(call, execution.delta));
  if (refusal || call.command->allow_unseen) return refusal;
  TRY_ASSIGN(const bool admitted, judge->admits(execution.delta));
  if (!admitted) return Refusal{"entity_missing", "the command writes rows that its author may not read"};
  return std::nullopt;
}

// Rows that the verdict has taken out of the delta are as they were.
Result<> Engine::Impl::undo(const Delta& delta) {
  for (auto change = delta.rows.rbegin(); change != delta.rows.rend(); ++change)
    if (!change->is_absent()) TRY(rows.restore(change->ref, change->before));
  return {};
}

// Does the work of one call, with the connection set up for it.
template <typename Work>
Result<Execution> Engine::Impl::with(const Handler& handler, const Call& call, Work work) {
  keeps_parents_ = !handler.writes_parents;
  if (!keeps_parents_) parents_.clear();
  functions.command_id = call.command_id;
  functions.roles = call.roles;
  const std::string viewer = std::exchange(functions.user_id, call.user_id);
  functions.refusal.reset();
  footprint_ = {};
  steps_left_ = limits::kHandlerSteps;
  capture->begin();
  sqlite3_progress_handler(db.handle(), kStepsPerCheck, &Impl::on_progress, this);

  Execution execution;
  Verdict verdict = work(execution);

  sqlite3_progress_handler(db.handle(), 0, nullptr, nullptr);
  (void)capture->end();
  functions.user_id = viewer;
  if (!verdict) return std::unexpected(std::move(verdict).error());
  execution.refusal = std::move(*verdict);
  if (execution.refusal) execution.delta.rows.clear();
  execution.footprint = std::move(footprint_);
  return execution;
}

Engine::Impl::Verdict Engine::Impl::ask_guards(Handler& handler, const Call& call) {
  std::optional<Refusal> refusal;
  for (size_t i = 0; i < call.command->guards && !refusal; ++i) {
    TRY_ASSIGN(refusal, run_statement(handler.statements[i], call));
  }
  return refusal;
}

Result<Execution> Engine::Impl::run(const Call& call, Judge* judge) {
  auto prepared = handler_of(*call.command);
  if (!prepared && prepared.error().code == ErrorCode::kBundle)  // one that `check` would have refused
    return Execution{Refusal{"handler_error", prepared.error().message}, {}, {}};
  TRY_ASSIGN(Handler * handler, std::move(prepared));
  if (handler->reads_deferred) TRY(deferred->complete());  // what earlier transactions left is not its work
  return with(*handler, call, [&](Execution& execution) -> Verdict {
    TRY_ASSIGN(std::optional<Refusal> refusal, check_entity(call, judge));
    if (refusal) return refusal;
    TRY_ASSIGN(refusal, ask_guards(*handler, call));
    if (refusal) return refusal;
    TRY_ASSIGN(refusal, check_entity_free(call));
    if (refusal || call.command->guards == handler->statements.size()) return refusal;
    // A savepoint copies every page that the command touches.
    if (!handler->undoable) TRY(db.run("SAVEPOINT wherry_command"));
    const size_t asked = footprint_.rows_read.size();
    auto written = run_writes(*handler, call, judge, execution);
    // SQLite rolls the whole transaction back when it interrupts a write; there is no savepoint then.
    if (!db.in_transaction()) return written;
    sqlite3_progress_handler(db.handle(), 0, nullptr, nullptr);
    const bool refused = !written || *written;
    footprint_.checkable = !refused && is_checkable(execution.delta, call.command->entity ? 1 : 0, asked);
    if (handler->undoable) {
      if (refused) TRY(undo(execution.delta));
      return written;
    }
    if (refused) TRY(db.run("ROLLBACK TO wherry_command"));
    if (refused && handler->reads_deferred) deferred->rolled_back();
    TRY(db.run("RELEASE wherry_command"));
    return written;
  });
}

// Of the rows read, first comes the entity, if there is one, then up to `asked` what guards asked for, then
// up to reads_of_writes_ what writes asked for, then parents.
bool Engine::Impl::is_checkable(const Delta& delta, size_t entity, size_t asked) const {
  const Footprint& f = footprint_;
  if (!with_footprint || delta.empty() || delta.rows.size() > kRowsChecked || !f.tables_read.empty() ||
      entity_row_)
    return false;
  const bool adds_only = std::ranges::all_of(delta.rows, [&](const RowChange& change) {
    return change.is_insert() && !is_parent_[change.ref.table] &&
           !bundle.tables[change.ref.table].unique_beyond_key;
  });
  const auto is_own = [&](const RowRef& ref) { return f.wrote(ref); };
  const std::span<const RowRef> read(f.rows_read);
  return adds_only && std::ranges::all_of(read.first(entity), is_own) &&
         std::ranges::none_of(read.subspan(entity, asked - entity), is_own) &&
         std::ranges::all_of(read.subspan(asked, reads_of_writes_ - asked), is_own);
}

Result<Execution> Engine::Impl::check_again(const Call& call, const Added& added) {
  TRY_ASSIGN(Handler * handler, handler_of(*call.command));
  return with(*handler, call, [&](Execution&) -> Verdict {
    // In the order of a run, so that the same footprint looks the same.
    if (const auto ref = entity_of(call)) note_read(*ref);
    TRY_ASSIGN(std::optional<Refusal> refusal, ask_guards(*handler, call));
    if (refusal) return refusal;
    for (size_t i = call.command->guards; i < handler->statements.size(); ++i)
      note_reads(handler->statements[i], call);
    for (const auto& [ref, row] : added) {
      footprint_.rows_written.push_back(ref);
      TRY_ASSIGN(refusal,
                 restrictions.check_parents(*call.command, ref.table, *row, read_, &footprint_.rows_read));
      if (refusal) return refusal;
    }
    footprint_.checkable = true;
    return std::nullopt;
  });
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::create(sqlite::Database& db, const Bundle& bundle, Side side) {
  auto impl = std::make_unique<Impl>(db, bundle, side);
  TRY(register_functions(db, &impl->functions));
  TRY_ASSIGN(impl->deferred, DeferredTriggers::install(db, bundle, impl->preupdate));
  TRY_ASSIGN(impl->capture, Capture::watch(db, bundle, impl->preupdate));
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Result<Execution> Engine::run(const Call& call, Judge* judge) {
  return impl_->run(call, judge);
}
Result<Execution> Engine::check_again(const Call& call, const Added& added) {
  return impl_->check_again(call, added);
}
void Engine::forget_parents() {
  impl_->forget_parents();
}
void Engine::forget_handlers() {
  impl_->forget_handlers();
}
Result<> Engine::run_deferred() {
  return impl_->deferred->run();
}
DeferredTriggers& Engine::deferred() {
  return *impl_->deferred;
}
std::optional<std::string> Engine::entity_id(const Call& call) const {
  return impl_->entity_id_of(call);
}
std::optional<RowRef> Engine::entity(const Call& call) const {
  return impl_->entity_of(call);
}
void Engine::set_user(std::string user_id) {
  impl_->functions.user_id = std::move(user_id);
}
Rows& Engine::rows() {
  return impl_->rows;
}
Predicates& Engine::predicates() {
  return impl_->predicates;
}
Authorizer& Engine::authorizer() {
  return impl_->authorizer;
}
const Bundle& Engine::bundle() const {
  return impl_->bundle;
}

}  // namespace wherry

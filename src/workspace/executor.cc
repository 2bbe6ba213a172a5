#include "workspace/executor.h"

#include <algorithm>

#include "base/limits.h"
#include "base/msgpack.h"
#include "base/text.h"
#include "bundle/params.h"
#include "engine/refusal.h"
#include "workspace/arbitrate.h"

namespace wherry::workspace {

namespace {

// The server's say in a run: what the author may see, and who wins.
class ServerJudge : public Judge {
 public:
  ServerJudge(const Executor::Parts& parts, std::shared_ptr<Holder> holder, Contender contender)
      : p_(parts),
        holder_(std::move(holder)),
        contender_(std::move(contender)),
        read_([this](const RowRef& ref) { return p_.engine.rows().read(ref); }) {}

  Result<bool> may_read(size_t table, const Row& row) override { return readable(table, row, nullptr); }

  Result<std::optional<Refusal>> settle(const Call& call, Delta& delta) override {
    auto verdict = arbitrate(delta, contender_, p_.engine, p_.versions, p_.log);
    if (!verdict) {
      if (auto refusal = refusal_of(p_.db.handle()); refusal && verdict.error().code == ErrorCode::kSql)
        return refusal;
      return std::unexpected(std::move(verdict).error());
    }
    lost = *std::move(verdict);
    if (!lost.empty() && call.command->merge_whole) return Refusal{std::string(kSuperseded), {}};
    encoded = encode_delta(delta, p_.bundle);
    if (encoded.size() > limits::kDeltaBytes)
      return Refusal{"limit_size", cat("a command may change at most ", limits::kDeltaBytes, " bytes")};
    TRY_ASSIGN(edges, p_.access.edge_changes(delta));
    return std::nullopt;
  }

  Result<bool> admits(const Delta& delta) override {
    if (!holder_) return true;
    std::optional<std::unordered_set<ScopeId>> gained;
    for (const RowChange& change : delta.rows) {
      if (!change.after) continue;
      TRY_ASSIGN(bool may, readable(change.ref.table, *change.after, nullptr));
      if (may) continue;
      if (!gained) {
        TRY_ASSIGN(gained, p_.access.gains(*holder_, edges));
      }
      TRY_ASSIGN(may, readable(change.ref.table, *change.after, &*gained));
      if (!may) return false;
    }
    return true;
  }

  static constexpr std::string_view kSuperseded = "wherry_superseded";
  std::vector<protocol::LostCell> lost;
  EdgeChanges edges;
  std::string encoded;  // the delta

 private:
  Result<bool> readable(size_t table, const Row& row, const std::unordered_set<ScopeId>* gained) {
    // Nobody reads server-only tables; their handlers alone govern them.
    if (!holder_ || p_.bundle.tables[table].kind != TableKind::kSynced) return true;
    TRY_ASSIGN(const std::vector<ScopeId> scopes, p_.access.scope_ids(table, row, read_));
    return std::ranges::any_of(scopes, [&](ScopeId id) {
      return holder_->holds(id) || (gained != nullptr && gained->contains(id));
    });
  }

  const Executor::Parts& p_;
  std::shared_ptr<Holder> holder_;  // nothing: unrestricted
  Contender contender_;
  RowReader read_;
};

std::string json_array(const std::vector<std::string>& texts) {
  if (texts.empty()) return {};
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(json_quote(text));
  return cat("[", join(quoted, ","), "]");
}

std::string json_array(const std::vector<ScopeId>& ids) {
  std::vector<std::string> texts;
  for (const ScopeId id : ids) texts.push_back(std::to_string(id));
  return cat("[", join(texts, ","), "]");
}

}  // namespace

// The corrected time, but above all that the author had seen and all that his replica said before. Whoever
// had seen a value outranks it; a clock that is wrong gains and loses nothing else.
Result<Stamp> Executor::stamp_of(const Submission& s, Stamp last_stamp) {
  if (s.is_import) return Stamp::at(s.client_timestamp);
  const Millis corrected = std::min(s.received, s.client_timestamp + s.clock_offset);
  TRY_ASSIGN(const Stamp seen, p_.log.greatest_stamp(s.base_seq));
  return std::max({Stamp::at(std::max(corrected, Millis{0})), seen.next(), last_stamp.next()});
}

bool Executor::within_quota(const std::string& user_id, Millis now) {
  if (rejections_.size() > 100'000) rejections_.clear();
  Quota& quota = rejections_[user_id];
  const int64_t hour = now.count / 3'600'000;
  if (quota.hour != hour) quota = {hour, 0};
  return ++quota.count <= limits::kRejectionsPerHour;
}

Result<Handled> Executor::execute(const Submission& s, const std::string& epoch, Stamp& last_stamp,
                                  Millis now) {
  const Seq seq{p_.log.head().number + 1};
  TRY_ASSIGN(const Stamp stamp, stamp_of(s, last_stamp));
  Handled executed;
  executed.answer.id = s.id;
  executed.answer.replica_seq = s.replica_seq;

  Call call;
  call.command = p_.bundle.command(s.name);
  call.command_id = s.id;
  call.user_id = s.user_id;
  call.roles = s.roles;
  call.client_timestamp = s.client_timestamp;
  call.now = stamp.time();

  Record record;
  record.data = s.data;
  std::optional<Refusal> refusal = s.refuse;
  if (!refusal && call.command == nullptr) refusal = Refusal{"command_unknown", "there is no such command"};
  if (!refusal && call.command->run == RunsWhere::kLocal)
    refusal = Refusal{"command_local", "this command runs on devices only"};
  if (call.command != nullptr) {
    auto bound = bind_params(*call.command, s.data);
    if (bound) {
      call.params = *std::move(bound);
      record.data = call.params.json;
      record.entity_id = p_.engine.entity_id(call);
    } else if (!refusal) {
      refusal = std::move(bound).error();
    }
  }
  if (refusal) {  // what was sent is logged even if it is no JSON
    TRY_ASSIGN(const auto valid, p_.db.value("SELECT json_valid(?)", {Value(record.data)}));
    if (valid != Value(int64_t{1})) record.data = json_quote(record.data);
  }

  std::shared_ptr<Holder> holder;
  if (!s.unrestricted) {
    TRY_ASSIGN(holder, p_.access.holder(s.user_id, s.roles, seq));
  }
  const Contender contender{{stamp, s.id}, seq, s.base_seq, !s.is_import};
  ServerJudge judge(p_, holder, contender);
  Delta delta;
  bool superseded_whole = false;
  if (!refusal) {
    const ScopeId last_scope = p_.names.last();
    TRY_ASSIGN(Execution execution, p_.engine.run(call, &judge));
    if (!p_.db.in_transaction()) {
      executed.broke_transaction = true;
      executed.why =
          execution.refusal ? execution.refusal : Refusal{"handler_error", "the transaction was rolled back"};
      return executed;
    }
    superseded_whole = execution.refusal && execution.refusal->code == ServerJudge::kSuperseded;
    if (execution.refusal) TRY(p_.names.forget_after(last_scope));
    if (!superseded_whole) refusal = std::move(execution.refusal);
    delta = std::move(execution.delta);
  }

  protocol::Answer& answer = executed.answer;
  answer.seq = seq;
  if (refusal) {
    answer.outcome = protocol::Outcome::kRejected;
    answer.code = refusal->code;
    answer.message = refusal->message;
    if (!within_quota(s.user_id, now)) {
      answer.seq = {};
      return executed;
    }
  } else {
    if (!judge.lost.empty()) answer.outcome = protocol::Outcome::kSuperseded;
    answer.lost = judge.lost;
  }

  std::vector<ScopeId> touched;
  if (!delta.empty()) {
    TRY(record_versions(delta, contender, p_.bundle, p_.versions));
    TRY_ASSIGN(touched, p_.effects.add(delta, seq));
    TRY(p_.access.apply(judge.edges, seq));
    for (const RowChange& change : delta.rows) executed.rows.push_back(change.ref);
    executed.bytes = judge.encoded.size();
    record.delta = std::move(judge.encoded);
  }
  // The author is told the row that stands instead of his.
  for (const protocol::LostCell& cell : judge.lost) {
    RowRef ref{0, encode_key(cell.key)};
    for (size_t i = 0; i < p_.bundle.tables.size(); ++i)
      if (p_.bundle.tables[i].id == cell.table) ref.table = i;
    if (std::ranges::find(executed.rows, ref) == executed.rows.end()) executed.rows.push_back(ref);
  }

  record.seq = seq;
  record.id = s.id;
  record.user_id = s.user_id;
  record.name = s.name;
  record.client_timestamp = s.client_timestamp;
  record.received = s.received;
  record.handled = now;
  record.replica_id = s.replica_id;
  record.replica_seq = s.replica_seq;
  record.base_seq = s.base_seq;
  record.epoch = epoch;
  record.schema_version = p_.bundle.schema_version;
  record.roles = json_array(s.roles);
  record.submitted_by = s.submitted_by;
  record.stamp = stamp;
  record.outcome = answer.outcome;
  record.code = answer.code;
  record.message = answer.message;
  record.lost = encode_lost(answer.lost);
  record.scopes = touched.empty() ? "" : json_array(touched);
  if (answer.lost.size() > limits::kLostCells) answer.lost.resize(limits::kLostCells);
  TRY(p_.log.append(std::move(record)));
  last_stamp = std::max(last_stamp, stamp);
  return executed;
}

}  // namespace wherry::workspace

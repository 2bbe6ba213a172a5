// What arrives once the connection runs: scopes, batches and chunks.
#include <algorithm>

#include "base/text.h"
#include "protocol/codec.h"
#include "replica/session.h"

namespace wherry {

using namespace protocol;

Result<> Session::on_scopes(const Scopes& scopes) {
  if (state_ == State::kRunning) {
    if (scopes.reset) return fail(ErrorCode::kProtocol, "the list of scopes begins anew");
    const Lines before = lines_;
    const Result<> changed = core_.transact([&](Change& change) -> Result<> {
      lines_ = before;
      TRY(change_scopes(scopes, change));
      return digest(change, {});
    });
    TRY(changed);
    status_changed();
    return {};
  }
  if (scopes.reset == list_open_) return fail(ErrorCode::kProtocol, "the list of scopes is out of order");
  list_open_ = true;
  list_.insert(list_.end(), scopes.granted.begin(), scopes.granted.end());
  if (!scopes.last) return {};
  TRY(replace_scopes(list_));
  list_.clear();
  state_ = State::kRunning;
  status_changed();
  return {};
}

// What is not in the list was revoked while we were away.
Result<> Session::replace_scopes(const std::vector<GrantedScope>& granted) {
  std::unordered_set<std::string_view> names;
  for (const GrantedScope& scope : granted) names.insert(scope.name);
  const Result<> replaced = core_.transact([&](Change& change) -> Result<> {
    lines_ = {};
    for (const int64_t id : core_.held.ids())
      if (!names.contains(core_.held.find(id)->name)) TRY(core_.revoke(change, id));
    TRY(change_scopes({false, true, granted, {}}, change));
    // A revoke may have taken the last scope that others were waiting for.
    TRY_ASSIGN(const bool nothing_staged, core_.stage.empty());
    return nothing_staged ? Result<>() : digest(change, {});
  });
  TRY(replaced);
  TRY_ASSIGN(resume_, core_.stage.progress(core_.held, core_.meta.boundary));
  return {};
}

Result<> Session::change_scopes(const Scopes& scopes, Change& change) {
  for (const Handle handle : scopes.revoked) {
    const Line* line = line_of(handle);
    if (line == nullptr) continue;
    const int64_t scope = line->scope;
    TRY(core_.revoke(change, scope));
    lines_.handles.erase(scope);
    resume_.erase(scope);
    lines_.by_handle.erase(handle);
  }
  for (const GrantedScope& granted : scopes.granted) {
    TRY_ASSIGN(const Scope* scope, core_.held.grant(granted.name, granted.on_demand));
    if (const auto other = lines_.handles.find(scope->id); other != lines_.handles.end())
      lines_.by_handle.erase(other->second);
    lines_.by_handle[granted.handle] =
        Line{scope->id, granted.live ? Line::State::kLive : Line::State::kIdle, false, false};
    lines_.handles[scope->id] = granted.handle;
  }
  return {};
}

void Session::note_answers(const std::vector<Answer>& answers, std::vector<Step>& steps) {
  for (const Answer& answer : answers) {
    steps.push_back(answer_step(answer));
    const auto sent = in_flight_.find(answer.id);
    if (sent == in_flight_.end()) continue;
    in_flight_bytes_ -= sent->second;
    in_flight_.erase(sent);
    ++answers_received_;
  }
}

Result<> Session::add_segments(const std::vector<Segment>& segments, Seq upto,
                               const std::vector<Answer>& answers, std::vector<Step>& steps) {
  for (const Segment& segment : segments) {
    const Line* line = line_of(segment.handle);
    if (line == nullptr) return fail(ErrorCode::kProtocol, "rows of a scope that is not held");
    Step step;
    step.kind = Step::Kind::kItems;
    step.scope = line->scope;
    step.upto = upto;
    step.body = segment.body;
    if (line->unloaded) {
      // Only rows that own commands wrote are meant; others were on their way when the scope was unloaded.
      if (answers.empty()) continue;
      const BodyOf of{upto, core_.held.find(line->scope)->name};
      TRY_ASSIGN(std::vector<RowItem> items, decode_items(segment.body, of));
      std::erase_if(items, [&](const RowItem& item) {
        return std::ranges::none_of(answers, [&](const Answer& answer) { return answer.seq == item.seq; });
      });
      step.body = encode_items(items, of, Compression::kPlain);
    }
    steps.push_back(std::move(step));
  }
  return {};
}

Result<> Session::on_batch(const Batch& batch) {
  for (const Handle handle : batch.scanning)
    if (Line* line = line_of(handle)) line->state = Line::State::kScanning;
  std::optional<Lines> before;  // the work may be done anew
  if (batch.scopes) before = lines_;
  const Result<> taken = core_.transact([&](Change& change) -> Result<> {
    if (before) lines_ = *before;
    if (batch.scopes) TRY(change_scopes(*batch.scopes, change));
    std::vector<Step> steps;
    for (const Handle handle : batch.scanning)
      if (const Line* line = line_of(handle)) {
        Step step;
        step.kind = Step::Kind::kScanning;
        step.scope = line->scope;
        steps.push_back(std::move(step));
      }
    if (batch.scopes)
      for (const GrantedScope& granted : batch.scopes->granted) {
        if (!granted.live) continue;
        Step step;
        step.kind = Step::Kind::kChunk;
        step.scope = line_of(granted.handle)->scope;
        step.upto = batch.upto;
        step.live = true;
        steps.push_back(std::move(step));
      }
    note_answers(batch.answers, steps);
    TRY(add_segments(batch.segments, batch.upto, batch.answers, steps));
    Step boundary;
    boundary.kind = Step::Kind::kBoundary;
    boundary.upto = batch.upto;
    boundary.body = batch.hash;
    steps.push_back(std::move(boundary));
    return digest(change, std::move(steps));
  });
  TRY(taken);
  answers_known_ = true;
  if (!batch.answers.empty()) {
    const auto left = static_cast<int64_t>(core_.rebase.pending());
    progress("commands", answers_received_, answers_received_ + left);
  }
  if (batch.scopes || !batch.answers.empty()) status_changed();
  return {};
}

Result<> Session::on_rows(const RowsChunk& chunk) {
  --credits_;
  Line* line = line_of(chunk.handle);
  bool meant = line != nullptr && line->state == Line::State::kScanning;
  if (meant && line->awaits_first) {
    meant = chunk.from_zero;
    if (meant) line->awaits_first = false;
  }
  if (meant && chunk.live) line->state = Line::State::kLive;
  size_t rows = 0;
  const Result<> taken = core_.transact([&](Change& change) -> Result<> {
    std::vector<Step> steps;
    note_answers(chunk.answers, steps);
    TRY(add_segments(chunk.own, chunk.upto, chunk.answers, steps));
    if (meant) {
      // Staged bodies are looked into now: a malformed one must not be kept.
      const std::string& scope = core_.held.find(line->scope)->name;
      TRY_ASSIGN(std::vector<RowItem> items, decode_items(chunk.body, {chunk.upto, scope}));
      rows = items.size();
      Step step;
      step.kind = Step::Kind::kChunk;
      step.scope = line->scope;
      step.upto = chunk.upto;
      step.after = chunk.after;
      step.live = chunk.live;
      step.from_zero = chunk.from_zero;
      step.body = chunk.body;
      step.items = std::move(items);
      steps.push_back(std::move(step));
    }
    return digest(change, std::move(steps));
  });
  TRY(taken);
  rows_received_ += static_cast<int64_t>(rows);
  if (rows > 0) progress("rows", rows_received_, 0);
  if (meant && chunk.live) status_changed();
  return {};
}

Result<> Session::digest(Change& change, std::vector<Step> steps) {
  TRY_ASSIGN(const bool nothing_staged, core_.stage.empty());
  const bool waits = catching_up();
  if (!waits && nothing_staged) {
    for (Step& step : steps) TRY(core_.take(change, std::move(step)));
    staged_ = false;
    return {};
  }
  TRY(core_.stage.append(steps));
  for (const Step& step : steps)
    if (!step.command.empty()) staged_answers_.insert(step.command);
  staged_ = true;
  if (waits) return {};
  TRY(core_.stage.each([&](Step step) { return core_.take(change, std::move(step)); }));
  TRY(core_.stage.clear());
  staged_ = false;
  return {};
}

}  // namespace wherry

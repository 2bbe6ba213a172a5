#include "replica/stage.h"

#include "base/limits.h"
#include "base/msgpack.h"

namespace wherry {

Step answer_step(const protocol::Answer& answer) {
  Step step;
  step.kind = Step::Kind::kAnswer;
  step.command = answer.id;
  msgpack::Writer writer(step.body);
  writer.integer(answer.replica_seq);
  writer.integer(answer.seq.number);
  writer.integer(static_cast<int64_t>(answer.outcome));
  writer.text(answer.code);
  writer.text(answer.message);
  writer.array(answer.lost.size());
  for (const protocol::LostCell& cell : answer.lost) {
    writer.integer(cell.table);
    writer.row(cell.key);
    writer.text(cell.column);
  }
  return step;
}

Result<protocol::Answer> answer_of(const Step& step) {
  protocol::Answer answer;
  answer.id = step.command;
  msgpack::Reader reader(step.body);
  TRY_ASSIGN(answer.replica_seq, reader.integer());
  TRY_ASSIGN(answer.seq.number, reader.integer());
  TRY_ASSIGN(const int64_t outcome, reader.integer());
  answer.outcome = static_cast<protocol::Outcome>(outcome);
  TRY_ASSIGN(answer.code, reader.text());
  TRY_ASSIGN(answer.message, reader.text());
  TRY_ASSIGN(const size_t count, reader.array(step.body.size()));
  for (size_t i = 0; i < count; ++i) {
    protocol::LostCell cell;
    TRY_ASSIGN(cell.table, reader.integer());
    TRY_ASSIGN(cell.key, reader.row(limits::kTableColumns));
    TRY_ASSIGN(cell.column, reader.text());
    answer.lost.push_back(std::move(cell));
  }
  return answer;
}

Result<bool> Stage::empty() {
  TRY_ASSIGN(const auto any, db_.value("SELECT 1 FROM wherry_staged LIMIT 1"));
  return !any.has_value();
}

Result<> Stage::append(const std::vector<Step>& steps) {
  for (const Step& step : steps)
    TRY(
        db_.run("INSERT INTO wherry_staged(kind, scope, upto, after, live, from_zero, command, body)"
                " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                {Value(static_cast<int64_t>(step.kind)), Value(step.scope), Value(step.upto.number),
                 Value(Blob{step.after}), Value(int64_t{step.live}), Value(int64_t{step.from_zero}),
                 Value(step.command), Value(Blob{step.body})}));
  return {};
}

namespace {

Step step_of(const sqlite::Statement& row) {
  Step step;
  step.kind = static_cast<Step::Kind>(row.integer(0));
  step.scope = row.integer(1);
  step.upto = {row.integer(2)};
  step.after = row.blob(3);
  step.live = row.integer(4) != 0;
  step.from_zero = row.integer(5) != 0;
  step.command = row.text(6);
  step.body = row.blob(7);
  return step;
}

}  // namespace

Result<> Stage::each(const std::function<Result<>(Step)>& take) {
  TRY_ASSIGN(
      sqlite::Statement * read,
      db_.cached(
          "SELECT kind, scope, upto, after, live, from_zero, command, body FROM wherry_staged ORDER BY n"));
  while (true) {
    TRY_ASSIGN(const bool more, read->step());
    if (!more) break;
    const Result<> taken = take(step_of(*read));
    if (!taken) {
      read->reset();
      return taken;
    }
  }
  read->reset();
  return {};
}

Result<> Stage::clear() {
  return db_.run("DELETE FROM wherry_staged");
}

Result<> Stage::drop(int64_t scope) {
  return db_.run("DELETE FROM wherry_staged WHERE scope = ?1 AND scope <> 0", {Value(scope)});
}

Result<std::unordered_set<std::string>> Stage::answered() {
  TRY_ASSIGN(const std::vector<Row> rows, db_.rows("SELECT command FROM wherry_staged WHERE command <> ''"));
  std::unordered_set<std::string> ids;
  for (const Row& row : rows)
    if (const std::string* id = row[0].text()) ids.insert(*id);
  return ids;
}

Result<std::map<int64_t, Progress>> Stage::progress(const Held& held, Seq boundary) {
  std::map<int64_t, Progress> progress;
  std::unordered_set<int64_t> live;
  for (const auto& [id, scope] : held.all()) {
    progress[id] = {scope.complete_to(boundary), scope.after};
    if (scope.at_boundary) live.insert(id);
  }
  TRY_ASSIGN(sqlite::Statement * read,
             db_.cached("SELECT kind, scope, upto, after, live FROM wherry_staged ORDER BY n"));
  while (true) {
    TRY_ASSIGN(const bool more, read->step());
    if (!more) break;
    const int64_t scope = read->integer(1);
    const Seq upto{read->integer(2)};
    switch (static_cast<Step::Kind>(read->integer(0))) {
      case Step::Kind::kSession:
        live.clear();
        break;
      case Step::Kind::kScanning:
        live.erase(scope);
        break;
      case Step::Kind::kChunk:
        progress[scope] = {upto, std::string(read->blob(3))};
        if (read->integer(4) != 0) live.insert(scope);
        break;
      case Step::Kind::kBoundary:
        for (const int64_t id : live) progress[id] = {upto, {}};
        break;
      case Step::Kind::kAnswer:
      case Step::Kind::kItems:
        break;
    }
  }
  read->reset();
  return progress;
}

}  // namespace wherry

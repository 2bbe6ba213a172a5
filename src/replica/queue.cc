#include "replica/queue.h"

#include "base/text.h"

namespace wherry {

namespace {

constexpr std::string_view kColumns =
    "n, id, replica_seq, name, data, entity_id, client_timestamp, now, base_seq, user, retry_of, code, "
    "message";

Value text_or_null(const std::string& text) {
  return text.empty() ? Value() : Value(text);
}

std::string text_of(const Value& value) {
  return value.text() == nullptr ? std::string() : *value.text();
}
// Until renumber() gives the real one: greater than all that were given.
constexpr int64_t kUnnumbered = int64_t{1} << 62;

int64_t integer_of(const Value& value) {
  return value.integer() == nullptr ? 0 : *value.integer();
}

QueuedCommand queued(const Row& row) {
  QueuedCommand command;
  command.n = integer_of(row[0]);
  command.id = text_of(row[1]);
  command.replica_seq = integer_of(row[2]);
  command.name = text_of(row[3]);
  command.data = text_of(row[4]);
  command.entity_id = text_of(row[5]);
  command.client_timestamp = {integer_of(row[6])};
  command.now = {integer_of(row[7])};
  command.base_seq = {integer_of(row[8])};
  if (row[9].text() != nullptr) command.user = *row[9].text();
  command.retry_of = text_of(row[10]);
  if (row[11].text() != nullptr) command.refusal = Refusal{*row[11].text(), text_of(row[12])};
  return command;
}

constexpr std::string_view kOwnColumns =
    "id, name, data, entity_id, state, code, message, lost, retry_of, client_timestamp, base_seq, seq, "
    "replica_seq";

OwnCommand own(const Row& row) {
  OwnCommand command;
  command.id = text_of(row[0]);
  command.name = text_of(row[1]);
  command.data = text_of(row[2]);
  command.entity_id = text_of(row[3]);
  for (const CommandState state :
       {CommandState::kApplied, CommandState::kSuperseded, CommandState::kRejected})
    if (text_of(row[4]) == state_text(state)) command.state = state;
  command.code = text_of(row[5]);
  command.message = text_of(row[6]);
  command.lost_json = text_of(row[7]);
  command.retry_of = text_of(row[8]);
  command.client_timestamp = {integer_of(row[9])};
  command.base_seq = {integer_of(row[10])};
  command.seq = {integer_of(row[11])};
  command.replica_seq = integer_of(row[12]);
  return command;
}

CommandState state_of(protocol::Outcome outcome) {
  switch (outcome) {
    case protocol::Outcome::kApplied:
      return CommandState::kApplied;
    case protocol::Outcome::kSuperseded:
      return CommandState::kSuperseded;
    case protocol::Outcome::kRejected:
      return CommandState::kRejected;
  }
  return CommandState::kRejected;
}

}  // namespace

Result<> Queue::insert(sqlite::Database& db, const Row& row) {
  return db.run(cat("INSERT INTO wherry_commands(", kAllColumns,
                    ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"),
                row);
}

Result<bool> Queue::contains(std::string_view id) {
  TRY_ASSIGN(const auto found, db_.value("SELECT 1 FROM wherry_commands WHERE id = ?1", {Value(id)}));
  return found.has_value();
}

Result<int64_t> Queue::add(const QueuedCommand& c) {
  TRY(db_.run(
      "INSERT INTO wherry_commands(id, replica_seq, name, data, entity_id, client_timestamp, now, base_seq, "
      "user,"
      " retry_of, code, message) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
      {Value(c.id), Value(c.replica_seq), Value(c.name), Value(c.data), text_or_null(c.entity_id),
       Value(c.client_timestamp.count), Value(c.now.count), Value(c.base_seq.number),
       c.user ? Value(*c.user) : Value(), text_or_null(c.retry_of),
       c.refusal ? Value(c.refusal->code) : Value(), c.refusal ? Value(c.refusal->message) : Value()}));
  return int64_t{sqlite3_last_insert_rowid(db_.handle())};
}

Result<int64_t> Queue::last_pending_number() {
  TRY_ASSIGN(
      const auto number,
      db_.value("SELECT replica_seq FROM wherry_commands WHERE state = 'pending' ORDER BY n DESC LIMIT 1"));
  const int64_t last = number ? integer_of(*number) : 0;
  return last == kUnnumbered ? 0 : last;
}

Result<QueuedCommand> Queue::read(int64_t n) {
  TRY_ASSIGN(const std::vector<Row> rows,
             db_.rows(cat("SELECT ", kColumns, " FROM wherry_commands WHERE n = ?1"), {Value(n)}));
  if (rows.empty()) return fail(ErrorCode::kCorrupt, "a pending command is gone from the list");
  return queued(rows[0]);
}

Result<std::vector<QueuedCommand>> Queue::pending(int64_t after_n, int64_t most) {
  TRY_ASSIGN(const std::vector<Row> rows,
             db_.rows(cat("SELECT ", kColumns,
                          " FROM wherry_commands WHERE state = 'pending' AND n > ?1 ORDER BY n LIMIT ?2"),
                      {Value(after_n), Value(most)}));
  std::vector<QueuedCommand> commands;
  for (const Row& row : rows) commands.push_back(queued(row));
  return commands;
}

Result<bool> Queue::answer(const protocol::Answer& answer, const std::string& lost_json) {
  TRY(
      db_.run("UPDATE wherry_commands SET state = ?2, seq = ?3, code = ?4, message = ?5, lost = ?6"
              " WHERE id = ?1 AND state = 'pending'",
              {Value(answer.id), Value(state_text(state_of(answer.outcome))), Value(answer.seq.number),
               text_or_null(answer.code), text_or_null(answer.message), text_or_null(lost_json)}));
  return db_.changes() > 0;
}

Result<> Queue::note_refusal(int64_t n, const std::optional<Refusal>& refusal) {
  return db_.run(
      "UPDATE wherry_commands SET code = ?2, message = ?3 WHERE n = ?1",
      {Value(n), refusal ? Value(refusal->code) : Value(), refusal ? Value(refusal->message) : Value()});
}

Result<int64_t> Queue::offer_again(Seq base) {
  TRY(db_.run(
      "UPDATE wherry_commands SET state = 'pending', seq = NULL, code = NULL, message = NULL, lost = NULL,"
      " dismissed = 0, replica_seq = ?2 WHERE state IN ('applied', 'superseded') AND seq > ?1",
      {Value(base.number), Value(kUnnumbered)}));
  const int64_t count = db_.changes();
  TRY(db_.run("UPDATE wherry_commands SET base_seq = ?1 WHERE state = 'pending' AND base_seq > ?1",
              {Value(base.number)}));
  return count;
}

Result<int64_t> Queue::renumber(int64_t received) {
  TRY_ASSIGN(const std::vector<Row> rows, db_.rows("SELECT n, replica_seq FROM wherry_commands WHERE state = "
                                                   "'pending' AND replica_seq > ?1 ORDER BY n",
                                                   {Value(received)}));
  int64_t next = received + 1;
  for (const Row& row : rows) {
    if (integer_of(row[1]) != next)
      TRY(db_.run("UPDATE wherry_commands SET replica_seq = ?2 WHERE n = ?1", {row[0], Value(next)}));
    ++next;
  }
  return next;
}

Result<OwnCommand> Queue::answered(std::string_view id) {
  TRY_ASSIGN(const std::vector<Row> rows,
             db_.rows(cat("SELECT ", kOwnColumns, " FROM wherry_commands WHERE id = ?1"), {Value(id)}));
  if (rows.empty()) return fail(ErrorCode::kNotFound, cat("there is no command ", id, " in the list"));
  OwnCommand command = own(rows[0]);
  if (command.state == CommandState::kPending)
    return fail(ErrorCode::kInvalid, cat("the command ", id, " is not answered yet"));
  return command;
}

Result<> Queue::forget_numbers() {
  return db_.run("UPDATE wherry_commands SET replica_seq = ?1 WHERE state = 'pending'", {Value(kUnnumbered)});
}

Result<int64_t> Queue::answered_to(const std::unordered_set<std::string>& staged, int64_t next) {
  TRY_ASSIGN(sqlite::Statement * read,
             db_.cached("SELECT id, replica_seq FROM wherry_commands WHERE state = 'pending' ORDER BY n"));
  int64_t first = next;
  while (true) {
    TRY_ASSIGN(const bool more, read->step());
    if (!more) break;
    if (staged.contains(std::string(read->text(0)))) continue;
    first = std::min(first, read->integer(1));
    break;
  }
  read->reset();
  return first - 1;
}

// Rejected commands have no effect to offer again; what had one is only hidden.
Result<> Queue::dismiss(std::string_view id) {
  TRY(answered(id));
  TRY(db_.run("DELETE FROM wherry_commands WHERE id = ?1 AND state = 'rejected'", {Value(id)}));
  return db_.run("UPDATE wherry_commands SET dismissed = 1 WHERE id = ?1", {Value(id)});
}

Result<> Queue::dismiss_all() {
  TRY(db_.run("DELETE FROM wherry_commands WHERE state = 'rejected'"));
  return db_.run(
      "UPDATE wherry_commands SET dismissed = 1 WHERE state IN ('applied', 'superseded') AND dismissed = 0");
}

Result<> Queue::trim() {
  return db_.run(
      "DELETE FROM wherry_commands WHERE (state = 'applied' OR (state = 'superseded' AND dismissed))"
      " AND n <= (SELECT n FROM wherry_commands WHERE state = 'applied' ORDER BY n DESC LIMIT 1 OFFSET ?1)",
      {Value(kAppliedKept)});
}

Result<std::vector<OwnCommand>> Queue::list() {
  TRY_ASSIGN(const std::vector<Row> rows,
             db_.rows(cat("SELECT ", kOwnColumns, " FROM wherry_commands WHERE dismissed = 0 ORDER BY n")));
  std::vector<OwnCommand> commands;
  for (const Row& row : rows) commands.push_back(own(row));
  return commands;
}

Result<int64_t> Queue::count(CommandState state) {
  TRY_ASSIGN(const auto count,
             db_.value("SELECT count(*) FROM wherry_commands WHERE state = ?1 AND dismissed = 0",
                       {Value(state_text(state))}));
  return count ? integer_of(*count) : 0;
}

}  // namespace wherry

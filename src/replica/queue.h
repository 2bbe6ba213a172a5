// The list of own commands: wherry_commands. Pending ones are the queue, in order of `n`; answered ones stay
// for the app to see, and so that they can be offered again to a server that was restored.
#pragma once

#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "protocol/messages.h"
#include "sqlite/database.h"
#include "wherry/types.h"

namespace wherry {

struct QueuedCommand {
  int64_t n = 0;  // its place in the list
  std::string id;
  int64_t replica_seq = 0;
  std::string name, data;
  std::string entity_id;
  Millis client_timestamp, now;
  Seq base_seq;
  std::optional<std::string> user;  // role import: the author named
  std::string retry_of;
  std::optional<Refusal> refusal;  // for now, as long as it is pending
};

class Queue {
 public:
  // Applied commands kept for a restored server.
  static constexpr int64_t kAppliedKept = 10'000;

  // All columns of wherry_commands in their order, for whoever takes rows from one file to another.
  static constexpr std::string_view kAllColumns =
      "n, id, replica_seq, name, data, entity_id, client_timestamp, now, base_seq, user, state, seq, code, "
      "message, lost, retry_of, dismissed";
  // Adds a row of them as it is; without an `n` it gets the next one.
  static Result<> insert(sqlite::Database& db, const Row& row);

  explicit Queue(sqlite::Database& db) : db_(db) {}

  Result<bool> contains(std::string_view id);
  // Adds a pending command: its `n`.
  Result<int64_t> add(const QueuedCommand& command);
  // The replica_seq of the newest pending command, 0 if there is none or it has none yet.
  Result<int64_t> last_pending_number();
  Result<QueuedCommand> read(int64_t n);
  // Pending commands after `n`, in order, at most `most`.
  Result<std::vector<QueuedCommand>> pending(int64_t after_n, int64_t most);
  // False when the command is not in the list or answered already.
  Result<bool> answer(const protocol::Answer& answer, const std::string& lost_json);
  Result<> note_refusal(int64_t n, const std::optional<Refusal>& refusal);

  // Makes applied and superseded commands after `base` pending again: how many. What was pending has seen
  // nothing beyond `base` either. They have no number until renumber().
  Result<int64_t> offer_again(Seq base);
  // Numbers the pending commands after `received` from received + 1 on: the next free number.
  Result<int64_t> renumber(int64_t received);
  // As if no number was given yet.
  Result<> forget_numbers();
  // The number up to which every command is answered, counting `staged` as answered; below `next`.
  Result<int64_t> answered_to(const std::unordered_set<std::string>& staged, int64_t next);

  // Answered commands. Errors: kNotFound, kInvalid (still pending).
  Result<OwnCommand> answered(std::string_view id);
  Result<> dismiss(std::string_view id);
  Result<> dismiss_all();
  // Lets go of applied commands beyond kAppliedKept.
  Result<> trim();

  Result<std::vector<OwnCommand>> list();
  Result<int64_t> count(CommandState state);

 private:
  sqlite::Database& db_;
};

}  // namespace wherry

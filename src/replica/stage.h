// What arrives, taken apart into steps that concern the file alone. While scopes catch up, steps wait in
// wherry_staged, in order, also across restarts; then all are taken in one transaction.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "protocol/messages.h"
#include "replica/held.h"

namespace wherry {

struct Step {
  enum class Kind : int64_t {
    kSession = 0,   // a new connection: no scope is live
    kAnswer = 1,    // `body`: the answer, `command`: its id
    kItems = 2,     // rows of `scope` beside its scan
    kChunk = 3,     // a chunk of its scan, see protocol::RowsChunk
    kScanning = 4,  // `scope` is not live any more
    kBoundary = 5,  // live scopes are complete to `upto`; `body`: the log's hash there
  } kind = Kind::kSession;
  int64_t scope = 0;  // Scope::id
  Seq upto;           // of the message it came in
  std::string after;
  bool live = false, from_zero = false;
  std::string command;
  std::string body;
  std::optional<std::vector<protocol::RowItem>> items;  // of `body`, if it has been looked into
};

Step answer_step(const protocol::Answer& answer);
Result<protocol::Answer> answer_of(const Step& step);

// How far a scope is filled, or will be when what is staged is taken.
struct Progress {
  Seq position;
  std::string after;
};

class Stage {
 public:
  explicit Stage(sqlite::Database& db) : db_(db) {}

  Result<bool> empty();
  Result<> append(const std::vector<Step>& steps);
  Result<> each(const std::function<Result<>(Step)>& take);
  Result<> clear();
  Result<> drop(int64_t scope);
  // Commands whose answers are staged.
  Result<std::unordered_set<std::string>> answered();
  // Where each scope's scan goes on on a new connection.
  Result<std::map<int64_t, Progress>> progress(const Held& held, Seq boundary);

 private:
  sqlite::Database& db_;
};

}  // namespace wherry

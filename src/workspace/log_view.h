// Looking into the log of a workspace beside the server that writes it: pages of commands, newest first, one
// command with all there is, who was entitled to it, and how many came when. Each call reads a bounded part
// in a snapshot of its own, and shows only what is durable.
// Requires: no other process than this one writes the file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "bundle/bundle.h"

namespace wherry {

namespace sqlite {
class Database;
}

// What is empty does not matter. `text` is looked for in the data, whatever the case of ASCII letters.
struct LogFilter {
  std::string user, name, outcome, entity, text;
};

struct LogQuery {
  Seq before{INT64_MAX};
  Seq after;
  size_t entries_most = 100;
  LogFilter filter = {};
};

struct LogPage {
  std::vector<std::string> entries;  // JSON objects: the columns but delta, and of data the beginning
  Seq head;
  Seq reached;  // all from here on has been looked at, the entries before it have not
};

// One user, from when to when; `until` 0: he still is.
struct Entitled {
  std::string user_id;
  Millis since, until;
};

// What a command touched.
struct TouchedScopes {
  std::string id, user_id;
  std::vector<std::pair<int64_t, std::string>> scopes;  // number and name
};

// The commands that were handled within one second.
struct LogSecond {
  int64_t second = 0;  // since 1970
  int64_t commands = 0, superseded = 0, rejected = 0;
  int64_t p50_ms = 0, p99_ms = 0;  // from being received to being handled
};

struct Activity {
  int64_t from = 0;  // the first second that was looked at
  std::vector<LogSecond> seconds;
};

class LogView {
 public:
  // Entries that one call looks at.
  static constexpr int64_t kLookedAt = 20'000;
  static constexpr int64_t kTimesRead = 60'000;
  static constexpr size_t kDataShown = 240;
  static constexpr size_t kDeltaShown = 256 << 10;

  static Result<std::unique_ptr<LogView>> open(const std::string& path, std::shared_ptr<const Bundle> bundle);
  ~LogView();

  Result<Seq> head();
  Result<LogPage> page(const LogQuery& query);
  // All columns, delta and lost decoded. Nothing: there is no such entry.
  Result<std::optional<std::string>> entry(Seq seq);
  Result<std::optional<TouchedScopes>> touched(Seq seq);
  // As the view wherry_broadcasted_users has it, in order of name, at most `most`. kLimit when there are so
  // many grants that it takes too long.
  Result<std::vector<Entitled>> entitled(const std::string& command_id, size_t most);
  // Whole seconds from `from` to before `until`; of too many commands only the last.
  Result<Activity> activity(int64_t from, int64_t until);
  Result<std::vector<std::string>> scope_names(const std::vector<int64_t>& scopes);  // "?" if there is none

 private:
  LogView(std::unique_ptr<sqlite::Database> db, std::shared_ptr<const Bundle> bundle);
  Result<Seq> first_handled_at(Millis time, Seq head);

  std::unique_ptr<sqlite::Database> db_;
  const std::shared_ptr<const Bundle> bundle_;
};

}  // namespace wherry

// One command's way into the log: its stamp, its run, the verdict on concurrent writes, its record.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"
#include "workspace/access.h"
#include "workspace/effects.h"
#include "workspace/log.h"
#include "workspace/versions.h"

namespace wherry::workspace {

// A command as it waits for its group.
struct Submission {
  std::string id;
  std::string name;
  std::string data;
  std::string user_id;  // the author
  std::vector<std::string> roles;
  std::string submitted_by;  // empty: the author himself
  std::optional<std::string> replica_id;
  int64_t replica_seq = 0;
  Millis client_timestamp;
  Millis clock_offset;  // server clock minus the client's, as measured at hello
  Seq base_seq;
  Millis received;
  bool is_import = false;         // keeps client_timestamp as its stamp
  bool unrestricted = false;      // user `system`: sees everything
  std::optional<Refusal> refuse;  // set when an earlier attempt broke the transaction
};

struct Handled {
  protocol::Answer answer;
  std::vector<RowRef> rows;        // that it touched, for the author's answer…
  size_t bytes = 0;                // …and about how many bytes they are
  bool broke_transaction = false;  // nothing is left of the group: run it again with `refuse` set
  std::optional<Refusal> why;
};

class Executor {
 public:
  struct Parts {
    sqlite::Database& db;
    const Bundle& bundle;
    Engine& engine;
    ScopeNames& names;
    Access& access;
    Versions& versions;
    Log& log;
    Effects& effects;
  };
  explicit Executor(Parts parts) : p_(parts) {}

  // `last_stamp`: of the same replica's last command; raised to this one's.
  Result<Handled> execute(const Submission& submission, const std::string& epoch, Stamp& last_stamp,
                          Millis now);

 private:
  Result<Stamp> stamp_of(const Submission& submission, Stamp last_stamp);
  bool within_quota(const std::string& user_id, Millis now);

  Parts p_;
  struct Quota {
    int64_t hour = 0, count = 0;
  };
  std::unordered_map<std::string, Quota> rejections_;
};

}  // namespace wherry::workspace

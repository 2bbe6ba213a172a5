// What a replica knows of itself and its workspace: the values in wherry_meta.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "sqlite/database.h"

namespace wherry {

struct Meta {
  // Empty until the first welcome. A file belongs to one workspace and one user.
  std::string workspace, user_id;
  std::vector<std::string> roles;
  std::string replica_id;
  std::string identity;  // the token that proves that this file is the latest of its kind
  std::string epoch;
  std::string schema_hash;
  // A link of the log's chain that the server has shown.
  Seq hash_at;
  std::string hash;
  Seq boundary;  // every live scope is complete up to here
  Seq seen;      // the greatest seq of which anything is visible: base_seq of new commands
  int64_t next_replica_seq = 1;
  int64_t clock_offset_ms = 0;  // the server's clock less the device's, as last measured
  int64_t next_incarnation = 1;
  bool unrun = false;     // the schema is new, and pending commands have not been run on it yet
  bool remnants = false;  // rows have gone that may still be in full-text indexes and free pages

  bool operator==(const Meta&) const = default;
};

class MetaTable {
 public:
  explicit MetaTable(sqlite::Database& db) : db_(db) {}
  Result<Meta> load();
  // Writes the values that differ from those last loaded or saved; next_replica_seq only if it is to be
  // stored: each execution counts it on, and as long as its command is pending, the command's number tells
  // it.
  enum class NextNumber { kStored, kIsKnown };
  Result<> save(const Meta& meta, NextNumber number);

 private:
  sqlite::Database& db_;
  std::map<std::string, Value, std::less<>> stored_;
};

}  // namespace wherry

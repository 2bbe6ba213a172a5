// What a handler's statements may do; refuses clocks, random, ATTACH, PRAGMA, DDL, transaction statements and
// everything named wherry_. Used by the compiler when it checks a bundle and by the engine when it prepares.
#pragma once

#include <string>
#include <vector>

#include "sqlite/database.h"

namespace wherry {

// What the authorizer saw while a statement was prepared.
struct StatementAccess {
  struct TableWrite {
    std::string table;
    bool inserts = false;
    bool deletes = false;
    std::vector<std::string> updates;  // columns
    std::string trigger;               // the trigger that writes, empty: the statement itself
  };
  struct TableRead {
    std::string table;
    std::string column;   // "ROWID" for a rowid that is no column; empty: only rows are counted
    std::string trigger;  // the trigger or view that reads, empty: the statement itself
  };
  std::vector<TableWrite> writes;
  std::vector<TableRead> reads;
  std::string refused;  // why, empty when allowed: "the function random() is not deterministic"
};

// Toggles between "everything goes" and "handler rules, recording into *access". The callback stays
// installed, since installing it anew expires every prepared statement.
class Authorizer {
 public:
  explicit Authorizer(sqlite::Database& db);
  ~Authorizer();
  Authorizer(const Authorizer&) = delete;
  Authorizer& operator=(const Authorizer&) = delete;
  void begin(StatementAccess* access) { begin(access, Rules::kHandler); }
  // kQuery: what an app may ask of its replica besides its commands: any reads but of what is secret, no
  // writes.
  enum class Rules { kHandler, kQuery };
  void begin(StatementAccess* access, Rules rules) {
    access_ = access;
    rules_ = rules;
  }
  void end() { access_ = nullptr; }

 private:
  static int callback(void*, int, const char*, const char*, const char*, const char*);
  sqlite::Database& db_;
  StatementAccess* access_ = nullptr;
  Rules rules_ = Rules::kHandler;
};

}  // namespace wherry

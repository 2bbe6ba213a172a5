// Full-text indexes are written once per transaction and not once per row: FTS5 writes out what it has
// gathered whenever a savepoint ends, and around every statement that fires triggers.
//
// So the triggers that fill such an index are not made in the file. Temporary ones take their place, which
// put what they would have written into a temporary table, wherry_deferred; run() writes it before the
// transaction ends, and before a handler reads the index. What is written and taken back in between costs
// nothing. docs/decisions/0012-deferred-triggers.md.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "sqlite/database.h"

namespace wherry {

// One statement of a trigger, as it is run later with the values that its expressions had.
struct DeferredStatement {
  std::string target;  // the FTS5 table
  std::string sql;     // of the later run: parameters 1, 2, … are the values
  size_t values = 0;
  // To tell when two cancel out: one adds an entry, the other removes it. Nothing: neither, or unknown.
  enum class Effect { kOther, kAdds, kRemoves } effect = Effect::kOther;
  std::vector<std::string> columns;  // that are written, in order
  // Those of the entry itself: FTS5 is told of a removal in one more, which comes first.
  std::span<const std::string> entry() const;
  size_t rowid = 0;  // its place among the columns
};

struct DeferredTrigger {
  std::string name;    // in the bundle
  std::string create;  // CREATE TEMP TRIGGER …
};

struct Deferral {
  std::vector<DeferredTrigger> triggers;
  std::vector<DeferredStatement> statements;  // wherry_deferred names them by their place

  bool is_target(std::string_view table) const;  // or one of the tables behind it
};

// Which triggers of the bundle can be deferred. Those that only insert values into FTS5 tables, or delete
// from them by rowid, and read nothing but NEW and OLD; all triggers of one FTS5 table or none.
Deferral deferral_of(const Bundle& bundle);

// The statements that make the tables of a file: those of the bundle without the triggers that are deferred.
std::vector<std::string> stored_ddl(const Bundle& bundle);

class DeferredTriggers {
 public:
  // Makes the temporary objects, in place of any earlier ones of this connection and of triggers that the
  // file has.
  static Result<std::unique_ptr<DeferredTriggers>> install(sqlite::Database& db, const Bundle& bundle);

  const Deferral& deferral() const { return deferral_; }
  // Within a transaction: writes what waits.
  Result<> run();

 private:
  DeferredTriggers(sqlite::Database& db, Deferral deferral)
      : db_(db),
        deferral_(std::move(deferral)),
        waiting_(db, "SELECT * FROM temp.wherry_deferred WHERE n > ?1 ORDER BY n LIMIT ?2") {}

  struct Work {
    size_t statement = 0;
    Row values;
  };
  std::vector<Work> without_detours(std::vector<Work> work) const;
  std::optional<int64_t> rowid_of(const Work& work) const;
  bool cancel_out(const Work& a, const Work& b) const;
  std::span<const Value> entry_of(const Work& work) const;

  sqlite::Database& db_;
  const Deferral deferral_;
  sqlite::FixedStatement waiting_;
};

}  // namespace wherry

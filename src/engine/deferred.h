// Full-text indexes are written once per transaction and not once per row: FTS5 writes out what it has
// gathered whenever a savepoint ends, and around every statement that fires triggers.
//
// So the triggers that fill such an index are not made in the file. Temporary ones take their place, which
// put what they would have written into a temporary table, wherry_deferred; run() writes it before the
// transaction ends, and before a handler reads the index. What is written and taken back in between costs
// nothing. docs/decisions/0012-deferred-triggers.md.
//
// On a replica no transaction waits for the entries of new rows: they follow, a slice at a time, and before
// anybody reads the index. docs/decisions/0015-indexes-follow-their-rows.md.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "engine/unindexed.h"
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
  // What the value there is.
  enum class Rowid { kOther, kNew, kOld } rowid_is = Rowid::kOther;  // NEW.rowid, OLD.rowid
};

struct DeferredTrigger {
  std::string name;    // in the bundle
  std::string create;  // CREATE TEMP TRIGGER …
  std::string muted;   // the same, for a trigger that must not fire while rows are added without entries
};

// A table of which each row has one entry in one index, made from the row: it can be made later, from the row
// as it is then. It has no other triggers, nor UNIQUE beyond its key.
struct LateIndex {
  size_t table = 0;    // in the bundle
  std::string target;  // the FTS5 table
  std::string add;     // of one row, with all columns
  std::string fill;    // writes what the table ?1 lacks up to the rowid ?2
};

struct Deferral {
  std::vector<DeferredTrigger> triggers;
  std::vector<DeferredStatement> statements;  // wherry_deferred names them by their place
  std::vector<LateIndex> late;

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
  // file has. Entries may follow where the file has the table wherry_unindexed.
  static Result<std::unique_ptr<DeferredTriggers>> install(sqlite::Database& db, const Bundle& bundle);

  const Deferral& deferral() const { return deferral_; }
  // These are for within a transaction.
  // Writes what waits.
  Result<> run();

  // Whether the entries of a table's rows may follow.
  bool may_follow(size_t table) const { return late_of(table) != nullptr; }
  // Adds new rows whose entries follow, to a table for which they may. Errors: as Rows::add; the transaction
  // must be rolled back then.
  Result<> add_unindexed(size_t table, std::span<const Row* const> rows);
  // Whether so many rows lack their entries.
  Result<bool> lacks_entries(int64_t rows);
  // Writes the entries of at most so many rows.
  Result<> index_more(int64_t rows);
  // Writes whatever waits.
  Result<> complete();

 private:
  DeferredTriggers(sqlite::Database& db, const Bundle& bundle, Deferral deferral);

  struct Work {
    size_t statement = 0;
    Row values;
  };
  std::vector<Work> without_detours(std::vector<Work> work) const;
  std::optional<int64_t> rowid_of(const Work& work) const;
  Result<std::vector<Work>> without_unindexed(std::vector<Work> work);
  bool cancel_out(const Work& a, const Work& b) const;
  std::span<const Value> entry_of(const Work& work) const;

  // Nothing: entries of this table, or this one, do not follow.
  const LateIndex* late_of(size_t table) const;
  const LateIndex* late_of(const Work& work) const;

  sqlite::Database& db_;
  const Bundle& bundle_;
  const Deferral deferral_;
  sqlite::FixedStatement waiting_;
  Unindexed unindexed_;
};

}  // namespace wherry

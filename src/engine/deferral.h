// Which of a bundle's triggers are not made in the file, and how their work is done instead; see
// engine/deferred.h.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bundle/bundle.h"

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

// The temporary trigger in its place.
struct DeferredTrigger {
  std::string name;    // in the bundle
  std::string create;  // CREATE TEMP TRIGGER …
};

// An index in which each row of a table has one entry, made of some of its columns as they are. So it needs
// no triggers: which rows have changed says all.
struct RowIndex {
  size_t table = 0;                   // in the bundle
  std::string target;                 // the FTS5 table
  std::vector<std::string> triggers;  // in whose place it is kept: their names in the bundle
  std::vector<std::string> columns;   // of the table, in the order of the entry
  std::string read;                   // those columns of the row with rowid ?1
  std::string add;                    // an entry: ?1 is the rowid, ?2 and on its columns
  std::string remove;                 // one that was added with these
  // Entries of new rows may be added later: the table has no other triggers, nor UNIQUE beyond its key. Which
  // rows wait is in the files: whoever narrows this raises Store::kFormat, and makes servers' indexes anew.
  bool may_follow = false;
  std::string fill;  // adds the entries that the table ?1 lacks up to the rowid ?2
};

struct Deferral {
  std::vector<DeferredTrigger> triggers;      // those that no RowIndex replaces
  std::vector<DeferredStatement> statements;  // wherry_deferred names them by their place
  std::vector<RowIndex> indexes;

  bool is_target(std::string_view table) const;   // or one of the tables behind it
  bool replaces(std::string_view trigger) const;  // its name in the bundle
};

// Which triggers of the bundle can be deferred. Those that only insert values into FTS5 tables, or delete
// from them by rowid, and read nothing but NEW and OLD; all triggers of one FTS5 table or none.
Deferral deferral_of(const Bundle& bundle);

// The statements that make the tables of a file: those of the bundle without the triggers that are deferred.
std::vector<std::string> stored_ddl(const Bundle& bundle);

}  // namespace wherry

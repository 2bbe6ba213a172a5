// Which of a bundle's triggers are not made in the file but deferred, and how their work is done later; see
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

// The temporary trigger in its place, in three parts.
struct DeferredTrigger {
  std::string name;       // in the bundle
  std::string head;       // CREATE TEMP TRIGGER … ON …
  std::string condition;  // WHEN …, or empty
  std::string body;       // BEGIN … END
};

// A table of which each row has one entry in one index, made from the row: it can be made later, from the row
// as it is then. It has no other triggers, nor UNIQUE beyond its key.
struct LateIndex {
  size_t table = 0;     // in the bundle
  std::string target;   // the FTS5 table
  std::string trigger;  // that adds an entry, without condition: its name in the bundle
  std::string add;      // of one row, with all columns
  std::string fill;     // writes what the table ?1 lacks up to the rowid ?2
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

}  // namespace wherry

// The version of each row and which command wrote each of its cells; tombstones of rows that are gone.
#pragma once

#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "bundle/bundle.h"
#include "engine/delta.h"
#include "sqlite/database.h"

namespace wherry::workspace {

struct Version {
  Seq seq;                                    // of the last command that touched the row
  bool alive = false;                         // false: a tombstone
  Seq existence;                              // of the command that last added or removed the row
  std::vector<std::pair<size_t, Seq>> cells;  // columns written later than `existence`, by column

  Seq cell(size_t column) const;
  void set_cell(size_t column, Seq seq);
};

// Reads through a cache of what the running group has changed; flush() writes that at the end of the group.
class Versions {
 public:
  Versions(sqlite::Database& db, const Bundle& bundle);

  Result<std::optional<Version>> read(const RowRef& ref);
  // What the database holds, before the group.
  Result<std::optional<Version>> stored(const RowRef& ref);
  void write(const RowRef& ref, Version version) { changed_[ref] = std::move(version); }
  Result<> flush();
  void discard() {
    changed_.clear();
    stored_.clear();
  }

 private:
  const Bundle& bundle_;
  sqlite::FixedStatement read_, write_;
  std::unordered_map<RowRef, Version, RowRefHash> changed_;
  std::unordered_map<RowRef, std::optional<Version>, RowRefHash> stored_;  // what the group has read
};

}  // namespace wherry::workspace

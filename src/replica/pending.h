// The pending commands in memory: what each read and wrote when it last ran here.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/delta.h"
#include "engine/footprint.h"
#include "wherry/types.h"

namespace wherry {

struct PendingCommand {
  int64_t n = 0;  // wherry_commands.n
  std::string id;
  std::optional<Refusal> refusal;
  Footprint footprint;
  // The rows it changed, as it left them.
  std::vector<std::pair<RowRef, std::optional<Row>>> effects;
};

// Where in the order of pending commands something happened; kConfirmed is before all of them.
using Place = int64_t;
inline constexpr Place kConfirmed = -1;

// Rows and whole tables, each with the least place at which it was noted.
class Touched {
 public:
  void add(const RowRef& ref, Place place);
  void add_table(size_t table, Place place);
  // Noted at any place, or before `place`.
  bool has(const RowRef& ref) const { return rows_.contains(ref); }
  bool has_before(const RowRef& ref, Place place) const;
  bool has_table_before(size_t table, Place place) const;
  // A row of this table, noted before `place`.
  bool has_any_of_before(size_t table, Place place) const;
  bool empty() const { return rows_.empty() && tables_.empty(); }
  const std::unordered_map<RowRef, Place, RowRefHash>& rows() const { return rows_; }

 private:
  std::unordered_map<RowRef, Place, RowRefHash> rows_;
  std::unordered_map<size_t, Place> tables_;  // as a whole
  std::unordered_map<size_t, Place> any_;     // by the rows noted
};

// Which pending commands must run again when `dirty` rows have changed beneath them: a command that wrote one
// (it is undone with the row), read one that changed before its place, or wrote what an earlier one that runs
// again reads. What these write becomes dirty, too. A checkable one that only read such a row is not undone:
// it is checked again where it stands. `unique(table)`: the order of all writes in it matters.
class Affected {
 public:
  Affected(const std::vector<PendingCommand>& pending, size_t first, std::vector<bool> unique_tables,
           Touched dirty);

  enum class How : char { kNot, kChecked, kRun };
  How how(size_t index) const { return affected_[index]; }
  bool any() const { return any_; }
  const Touched& dirty() const { return dirty_; }

 private:
  How reached(const PendingCommand& command, Place place) const;
  void add(const PendingCommand& command, Place place);
  void add_checked(const PendingCommand& command, Place place);

  std::vector<bool> unique_tables_;
  Touched dirty_;
  Touched readers_;
  std::vector<How> affected_;
  bool any_ = false;
};

// What the commands that do not run again read and wrote, with the greatest place of each. What those that
// are checked again read is not known yet.
class Standing {
 public:
  Standing(const std::vector<PendingCommand>& pending, size_t first, const Affected& affected,
           std::vector<bool> unique_tables);
  // A command run again at `place` left this footprint: does it meet one of a later command that stands?
  bool meets(const Footprint& footprint, Place place) const;
  // The same for one that was checked again: its rows stand as they were.
  bool meets_check(const Footprint& footprint, Place place) const;

 private:
  struct Last {
    std::unordered_map<RowRef, Place, RowRefHash> rows;
    std::unordered_map<size_t, Place> tables;
  };
  static bool later(const Last& last, const RowRef& ref, Place place);
  static bool later(const Last& last, size_t table, Place place);
  Last writes_, reads_;  // writes_.tables: of any row; reads_.tables: as a whole
  std::vector<bool> unique_tables_;
};

}  // namespace wherry

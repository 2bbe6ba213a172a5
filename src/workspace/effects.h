// The net effect of one group of commands on each row and scope: what the index must say afterwards and what
// live sessions are sent.
#pragma once

#include <map>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"
#include "protocol/messages.h"
#include "workspace/access.h"
#include "workspace/versions.h"

namespace wherry::workspace {

struct RowEffect {
  Seq seq;                       // of the last command of the group that touched it
  std::vector<ScopeId> was, is;  // sorted: scopes before the group and after it
  bool whole = false;            // inserted or added anew in the group: cells alone do not tell it
  Cells changed = 0;             // cells whose value changed, over the group
  std::optional<Row> row;        // as the group leaves it
};

// The items of one scope, and about how many bytes they are unpacked.
struct ScopeItems {
  std::vector<protocol::RowItem> list;
  size_t bytes = 0;
};

class Effects {
 public:
  Effects(sqlite::Database& db, const Bundle& bundle, Rows& rows, Access& access, Versions& versions);

  void begin() { rows_touched_.clear(); }
  // The accepted delta of the command at `seq`, right after it ran. Rows that lie where a changed parent lies
  // move along. Returns the scopes it touched, sorted.
  Result<std::vector<ScopeId>> add(const Delta& delta, Seq seq);
  // Brings wherry_scope_index up to date; before Versions::flush().
  Result<> write_index();
  // For every touched scope its items in seq order, as the group leaves them.
  Result<std::map<ScopeId, ScopeItems>> items();

  const RowEffect* of(const RowRef& ref) const;

 private:
  // Folds one command's effect on a row into the group's; `touched` collects its scopes.
  void touch(const RowRef& ref, RowEffect effect, std::vector<ScopeId>& touched);
  Result<> move_children(size_t table, const Row& row, const RowReader& then, const RowReader& now, Seq seq,
                         int depth, std::vector<ScopeId>& touched);

  const Bundle& bundle_;
  Rows& rows_;
  Access& access_;
  Versions& versions_;
  sqlite::FixedStatement index_, unindex_;
  std::unordered_map<RowRef, RowEffect, RowRefHash> rows_touched_;
};

// About how many bytes the values are when packed.
size_t size_of(const Row& row);
// One row as it stands now, whole.
protocol::RowItem put_item(const Table& table, Seq seq, Row row);
Result<protocol::RowItem> gone_item(const Table& table, Seq seq, const std::string& key);

}  // namespace wherry::workspace

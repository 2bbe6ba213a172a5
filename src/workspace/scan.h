// Reading a scope from the index: the rows whose seq lies above a position, in seq order, departures
// included. A fresh replica, a new grant, a reconnect and a slow reader are all this.
#pragma once

#include "engine/rows.h"
#include "protocol/messages.h"
#include "workspace/effects.h"

namespace wherry::workspace {

struct Chunk {
  std::vector<protocol::RowItem> items;
  Seq upto;           // complete up to here
  std::string after;  // and within the next seq up to this place, if not empty
  bool at_head = false;
};

// Whether a replica's word for such a place is one: kProtocol if not.
Result<> check_place(std::string_view after);

// Reads at most about `bytes` of rows. Rows that left the scope at or below `gone_after` are not spoken of.
// `head`: of the log now.
Result<Chunk> read_chunk(sqlite::Database& db, const Bundle& bundle, Rows& rows, ScopeId scope, Seq position,
                         std::string_view after, Seq gone_after, Seq head, size_t bytes);

// Deletes departures at or below `seq`, at most `most` at once; true when none is left.
Result<bool> sweep_departures(sqlite::Database& db, Seq seq, int64_t most);

}  // namespace wherry::workspace

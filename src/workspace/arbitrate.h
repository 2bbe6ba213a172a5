// Last write wins: of the cells a command assigned, which it may keep.
//
// A cell belongs to the command with the greatest (stamp, command id) that assigned it; whether a row exists
// is such a cell too. Counters and sets are not arbitrated: their handlers ran on the present value. The
// result does not depend on the order in which commands arrive, as long as no restriction speaks.
#pragma once

#include "engine/delta.h"
#include "engine/engine.h"
#include "workspace/log.h"
#include "workspace/versions.h"

namespace wherry::workspace {

struct Contender {
  Log::Writer writer;      // stamp and id of the command
  Seq seq;                 // the place it is about to get
  Seq base_seq;            // all it had seen: cells written up to here are its to overwrite
  bool knows_base = true;  // false for imports, whose stamp is their own and may lie before what they saw
};

// A command that deletes a row softly keeps all that it sets in it: a deletion wins over edits, whenever
// made.
//
// Puts back the cells that the command loses, in the tables and in the delta; changes that vanish leave the
// delta. Returns what was lost.
Result<std::vector<protocol::LostCell>> arbitrate(Delta& delta, const Contender& contender, Engine& engine,
                                                  Versions& versions, Log& log);

// Notes in the versions what the accepted delta wrote.
Result<> record_versions(const Delta& delta, const Contender& contender, const Bundle& bundle,
                         Versions& versions);

}  // namespace wherry::workspace

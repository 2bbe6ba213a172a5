// The bytecode of a prepared statement as EXPLAIN shows it, and what the opcodes of the pinned SQLite do to
// registers and cursors. Source: the comments before each opcode in sqlite3.c.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sqlite/database.h"

namespace wherry::bytecode {

struct Instruction {
  std::string opcode;
  int p1 = 0, p2 = 0, p3 = 0;
  std::string p4;
  int p5 = 0;
};
// Addresses are indexes.
using Program = std::vector<Instruction>;

// The statement's program and, after it, those of the triggers it fires: each has registers and cursors of
// its own.
Result<std::vector<Program>> programs_of(sqlite::Database& db, std::string_view sql);

// Which registers an instruction sets by its P1, P2, P3, and whether it moves the cursor P1.
enum Effect : unsigned { kNothing = 0, kSets1 = 1, kSets2 = 2, kSets3 = 4, kMoves = 8 };

// Nothing for an opcode that is not known. Affinity, Copy, MakeRecord, Move, SCopy, TypeCheck and Variable do
// more than this says.
std::optional<unsigned> effect_of(std::string_view opcode);

// P5 of OpenRead and OpenWrite: P2 is a register and no page number.
inline constexpr int kRootIsRegister = 0x10;

}  // namespace wherry::bytecode

#include "engine/bytecode.h"

#include <ranges>
#include <unordered_map>

#include "base/text.h"

namespace wherry::bytecode {

namespace {

struct Opcodes {
  unsigned effect;
  std::string_view names;
};
constexpr Opcodes kOpcodes[] = {
    {kNothing,
     " Affinity Clear Close ClrSubtype ColumnsUsed Compare Copy CursorHint CursorLock CursorUnlock "
     "DeferredSeek "
     "Delete ElseEq Eq Filter FinishSeek FkCheck FkCounter FkIfZero Ge Goto Gt Halt HaltIfNull IdxDelete "
     "IdxInsert "
     "If IfNot IfNotOpen IfNullRow Init Insert IntCopy IsNull IsType Jump Le Lt Move Ne Noop NotNull Null "
     "NullRow Once "
     "OpenAutoindex OpenDup OpenEphemeral OpenPseudo OpenRead OpenWrite Permutation ReleaseReg ReopenIdx "
     "ResetCount "
     "ResetSorter ResultRow Return SCopy SeekHit SequenceTest SetSubtype SoftNull SorterCompare SorterInsert "
     "SorterNext SorterOpen SorterSort TableLock Trace Transaction TypeCheck VBegin VFilter VNext VOpen "
     "VUpdate "
     "Variable "},
    {kSets1,
     " AddImm AggFinal Cast CollSeq DecrJumpZero EndCoroutine FilterAdd Gosub IfNotZero IfPos InitCoroutine "
     "MemMax "
     "MustBeInt RealAffinity RowSetAdd RowSetTest Yield "},
    {kSets2,
     " BeginSubrtn BitNot Blob GetSubtype IdxRowid Int64 Integer IsTrue NewRowid Not OffsetLimit Param Real "
     "RowData "
     "Rowid Sequence SorterData String String8 VInitIn ZeroOrNull "},
    {kSets3,
     " Add AggInverse AggStep AggStep1 AggValue And BitAnd BitOr Column Concat Divide Function MakeRecord "
     "Multiply "
     "Offset Or Program PureFunc Remainder ShiftLeft ShiftRight Subtract VColumn "},
    {kSets1 | kSets3, " RowSetRead "},
    {kMoves,
     " Found IdxGE IdxGT IdxLE IdxLT IfEmpty IfNoHope IfSizeBetween Last Next NoConflict NotExists NotFound "
     "Prev "
     "Rewind RowCell SeekEnd SeekGE SeekGT SeekLE SeekLT SeekRowid SeekScan Sort "},
    {kMoves | kSets2, " Count "},
};

std::unordered_map<std::string_view, unsigned> effects() {
  std::unordered_map<std::string_view, unsigned> effects;
  for (const Opcodes& list : kOpcodes)
    for (const auto name : std::views::split(list.names, ' '))
      effects.emplace(std::string_view(name.begin(), name.end()), list.effect);
  return effects;
}

}  // namespace

std::optional<unsigned> effect_of(std::string_view opcode) {
  static const std::unordered_map<std::string_view, unsigned> known = effects();
  const auto at = known.find(opcode);
  return at == known.end() ? std::nullopt : std::optional(at->second);
}

Result<std::vector<Program>> programs_of(sqlite::Database& db, std::string_view sql) {
  TRY_ASSIGN(sqlite::Statement explain, db.prepare(cat("EXPLAIN ", sql)));
  std::vector<Program> programs;
  while (true) {
    TRY_ASSIGN(const bool more, explain.step());
    if (!more) return programs;
    if (explain.integer(0) == 0) programs.emplace_back();
    const auto number = [&](int column) { return static_cast<int>(explain.integer(column)); };
    programs.back().push_back({std::string(explain.text(1)), number(2), number(3), number(4),
                               std::string(explain.text(5)), number(6)});
  }
}

}  // namespace wherry::bytecode

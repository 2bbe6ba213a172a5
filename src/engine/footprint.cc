// A small abstract interpreter of SQLite's bytecode. It looks at instructions, not at paths: a register holds
// whatever any instruction may put there, and a cursor reaches whatever any instruction may move it to. A
// cursor on a table is at single rows only when each instruction that moves it is one of these:
//
//   NoConflict Found NotFound   on the key's b-tree, with all columns of the key from parameters
//   SeekGE, then IdxGT at once  the same for a loop: it ends at the first entry beyond the key sought
//   Next                        back to such an IdxGT
//   NotExists SeekRowid         with a rowid that was itself found in the same table
//
// The program that runs may be another one, planned on another connection. That does no harm: if one plan
// gets the result from certain rows alone, the result depends on those rows alone.
#include "engine/footprint.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/msgpack.h"
#include "engine/btrees.h"
#include "engine/bytecode.h"

namespace wherry {

namespace {

using bytecode::Instruction;
using bytecode::Program;

// What a register may hold; NULL is always possible too, but no key is NULL.
struct Content {
  enum Kind { kUnset, kParameter, kRowid, kAnything } kind = kUnset;
  size_t which = 0;                // the parameter's number, or the table whose rowid it is
  std::set<char> affinities = {};  // that may have been applied to it since
  bool operator==(const Content&) const = default;

  void join(const Content& other) {
    if (other.kind == kUnset) return;
    if (kind == kUnset) {
      kind = other.kind;
      which = other.which;
    } else if (kind != other.kind || which != other.which) {
      kind = kAnything;
    }
    affinities.insert(other.affinities.begin(), other.affinities.end());
  }
};

// The reads of a statement, shared by its programs.
class Reads {
 public:
  explicit Reads(const Bundle& bundle) : bundle_(bundle), whole_(bundle.tables.size()) {}

  void whole(size_t table) {
    if (whole_[table]) return;
    whole_[table] = true;
    for (const size_t source : bundle_.tables[table].sources) whole(source);
  }
  void everything() { whole_.assign(whole_.size(), true); }
  void row(size_t table, std::vector<int> parameters, std::string affinity) {
    rows_.emplace(std::pair(table, std::move(parameters)), std::move(affinity));
  }

  std::vector<TableRead> list() const {
    std::vector<TableRead> reads;
    for (size_t i = 0; i < whole_.size(); ++i)
      if (whole_[i] && bundle_.tables[i].kind != TableKind::kDerived) reads.push_back({i, std::nullopt, {}});
    for (const auto& [row, affinity] : rows_)
      if (!whole_[row.first]) reads.push_back({row.first, row.second, affinity});
    return reads;
  }

 private:
  const Bundle& bundle_;
  std::vector<bool> whole_;
  std::map<std::pair<size_t, std::vector<int>>, std::string> rows_;  // table and parameters → affinity
};

// Adds what one program reads.
class Interpreter {
 public:
  Interpreter(sqlite::Database& db, const Bundle& bundle, const Program& program, bool is_trigger,
              Reads& reads)
      : btrees_(db, bundle), bundle_(bundle), program_(program), is_trigger_(is_trigger), reads_(reads) {}

  Result<> run();

 private:
  struct Cursor {
    std::vector<Btree> trees;  // on which it may be opened
    bool ambiguous = false;    // it has several uses
  };

  Result<> open_cursors();
  Result<bool> propagate(const Instruction& op);
  bool set(int to, const Content& content);
  bool convert(int first, int count, std::string_view affinities);
  Content rowid_under(int cursor) const;
  bool starts_bounded_loop(size_t at) const;
  void follow_move(size_t at);
  void seek(const Btree& tree, const Instruction& op);
  void read_whole(size_t table);

  Btrees btrees_;
  const Bundle& bundle_;
  const Program& program_;
  const bool is_trigger_;
  Reads& reads_;
  std::map<int, Cursor> cursors_;
  std::map<int, Content> registers_;
};

// What a trigger finds in a derived table decides only what it writes there, which is nobody's input.
void Interpreter::read_whole(size_t table) {
  if (is_trigger_ && bundle_.tables[table].kind == TableKind::kDerived) return;
  reads_.whole(table);
}

Result<> Interpreter::open_cursors() {
  std::map<int, std::set<std::pair<std::string_view, int>>> uses;
  for (const Instruction& op : program_) {
    const bool opens_btree = op.opcode == "OpenRead" || op.opcode == "OpenWrite" || op.opcode == "ReopenIdx";
    if (!opens_btree && !op.opcode.starts_with("Open") && op.opcode != "SorterOpen" && op.opcode != "VOpen")
      continue;
    if (op.opcode == "VOpen") {
      TRY_ASSIGN(const Btrees::Virtual opened, btrees_.virtual_table(op.p4));
      if (!opened.known) reads_.everything();
      if (opened.table) read_whole(*opened.table);
    }
    if (opens_btree && (op.p5 & bytecode::kRootIsRegister) != 0) reads_.everything();
    const int root =
        opens_btree && op.p3 == 0 ? op.p2 : 0;  // P3: the database; the bundle's tables are in main, 0
    const bool is_new = uses[op.p1].emplace(opens_btree ? "" : std::string_view(op.opcode), root).second;
    Cursor& cursor = cursors_[op.p1];
    cursor.ambiguous = uses[op.p1].size() > 1;
    if (root == 0 || !is_new) continue;
    TRY_ASSIGN(const std::optional<Btree> tree, btrees_.at(root));
    if (tree) cursor.trees.push_back(*tree);
  }
  return {};
}

// These return whether anything changed.
bool Interpreter::set(int to, const Content& content) {
  Content& held = registers_[to];
  const Content before = held;
  held.join(content);
  return held != before;
}

bool Interpreter::convert(int first, int count, std::string_view affinities) {
  bool changed = false;
  for (int i = 0; i < count && static_cast<size_t>(i) < affinities.size(); ++i) {
    const char affinity = affinities[static_cast<size_t>(i)];
    if (affinity > 'A') changed |= registers_[first + i].affinities.insert(affinity).second;
  }
  return changed;
}

Content Interpreter::rowid_under(int cursor) const {
  const auto at = cursors_.find(cursor);
  if (at == cursors_.end() || at->second.ambiguous || at->second.trees.size() != 1)
    return {Content::kAnything};
  return {Content::kRowid, at->second.trees[0].table};
}

// What the instruction does to the registers.
Result<bool> Interpreter::propagate(const Instruction& op) {
  const std::string& name = op.opcode;
  if (name == "Variable") return set(op.p2, {Content::kParameter, static_cast<size_t>(op.p1)});
  if (name == "Rowid" || name == "IdxRowid") return set(op.p2, rowid_under(op.p1));
  if (name == "Affinity") return convert(op.p1, op.p2, op.p4);
  if (name == "TypeCheck") {
    TRY_ASSIGN(const std::string affinities, btrees_.affinities(op.p4));
    return convert(op.p1, op.p2, op.p3 < 2 ? affinities : "C");  // from 2 on P3 names a single column
  }
  if (name == "SCopy" || name == "IntCopy" || name == "Copy" || name == "Move") {
    const int count = name == "Copy" ? op.p3 + 1 : name == "Move" ? std::max(op.p3, 1) : 1;
    bool changed = false;
    for (int i = 0; i < count; ++i) changed |= set(op.p2 + i, Content(registers_[op.p1 + i]));
    return changed;
  }
  bool changed = name == "MakeRecord" && convert(op.p1, op.p2, op.p4);
  const unsigned effect = bytecode::effect_of(name).value_or(bytecode::kNothing);
  if ((effect & bytecode::kSets1) != 0) changed |= set(op.p1, {Content::kAnything});
  if ((effect & bytecode::kSets2) != 0) changed |= set(op.p2, {Content::kAnything});
  if ((effect & bytecode::kSets3) != 0) changed |= set(op.p3, {Content::kAnything});
  return changed;
}

// One row if all of the key's columns come from parameters, any row otherwise.
void Interpreter::seek(const Btree& tree, const Instruction& op) {
  if (tree.key.empty() || op.p4 != std::to_string(tree.key.size())) return read_whole(tree.table);
  std::vector<int> parameters;
  std::string affinity;
  for (const size_t column : tree.key) {
    const Content& value = registers_[op.p3 + static_cast<int>(column)];
    const char own = tree.affinity[column];
    // Converted for another column first, it need not be the parameter's value any more. (C, numeric, leaves
    // integers alone as D does; it is what a comparison with a column of integers applies.)
    const bool converted = std::ranges::any_of(
        value.affinities, [&](char applied) { return applied != own && !(own == 'D' && applied == 'C'); });
    if (value.kind != Content::kParameter || converted) return read_whole(tree.table);
    parameters.push_back(static_cast<int>(value.which));
    affinity.push_back(own);
  }
  reads_.row(tree.table, std::move(parameters), std::move(affinity));
}

// A SeekGE whose very next instruction leaves, to the same place, unless the entry found has the key sought.
bool Interpreter::starts_bounded_loop(size_t at) const {
  if (at + 1 >= program_.size()) return false;
  const Instruction& start = program_[at];
  const Instruction& bound = program_[at + 1];
  return start.opcode == "SeekGE" && bound.opcode == "IdxGT" && start.p1 == bound.p1 &&
         start.p2 == bound.p2 && start.p3 == bound.p3 && start.p4 == bound.p4;
}

// Which rows the instruction lets its cursor reach.
void Interpreter::follow_move(size_t at) {
  const Instruction& op = program_[at];
  const std::string& name = op.opcode;
  const bool probes =
      name == "NoConflict" || name == "Found" || name == "NotFound" || starts_bounded_loop(at);
  const bool bounds = name == "IdxGT" && at > 0 && starts_bounded_loop(at - 1);
  const size_t target = name == "Next" && op.p2 > 0 ? static_cast<size_t>(op.p2) : 0;
  const bool repeats = target > 0 && starts_bounded_loop(target - 1) && program_[target].p1 == op.p1;
  const Cursor& cursor = cursors_[op.p1];
  for (const Btree& tree : cursor.trees) {
    const Content& rowid = registers_[op.p3];
    const bool returns = (name == "NotExists" || name == "SeekRowid") && rowid.kind == Content::kRowid &&
                         rowid.which == tree.table;
    const bool sought = probes && !cursor.ambiguous;
    if (sought)
      seek(tree, op);
    else if (cursor.ambiguous || (!bounds && !repeats && !returns))
      read_whole(tree.table);
  }
}

Result<> Interpreter::run() {
  TRY(open_cursors());
  for (bool changed = true; changed;) {
    changed = false;
    for (const Instruction& op : program_) {
      TRY_ASSIGN(const bool more, propagate(op));
      changed |= more;
    }
  }
  for (size_t i = 0; i < program_.size(); ++i) {
    const Instruction& op = program_[i];
    const std::optional<unsigned> effect = bytecode::effect_of(op.opcode);
    if (!effect) reads_.everything();
    if (effect && (*effect & bytecode::kMoves) != 0) follow_move(i);
    const bool inserts = op.opcode == "Insert" || op.opcode == "IdxInsert";
    for (const Btree& tree : cursors_[op.p1].trees) {
      if (inserts && bundle_.tables[tree.table].unique_beyond_key) read_whole(tree.table);
      if (op.opcode == "NewRowid" && tree.key_is_rowid) read_whole(tree.table);
    }
    if (op.opcode == "Clear" && op.p2 == 0) {
      TRY_ASSIGN(const std::optional<Btree> tree, btrees_.at(op.p1));
      if (tree) read_whole(tree->table);
    }
  }
  return {};
}

}  // namespace

std::optional<RowRef> row_sought(const TableRead& read, const Row& key) {
  for (size_t i = 0; i < key.size(); ++i) {
    const Value& value = key[i];
    const bool stays = read.affinity[i] == 'D' ? value.integer() != nullptr
                                               : value.text() != nullptr || value.blob() != nullptr;
    if (!stays && !value.is_null()) return std::nullopt;
  }
  return RowRef{read.table, encode_key(key)};
}

Result<std::vector<TableRead>> analyse_reads(sqlite::Database& db, const Bundle& bundle,
                                             const std::string& sql) {
  TRY_ASSIGN(const std::vector<Program> programs, bytecode::programs_of(db, sql));
  Reads reads(bundle);
  for (size_t i = 0; i < programs.size(); ++i) {
    TRY(Interpreter(db, bundle, programs[i], i > 0, reads).run());
  }
  return reads.list();
}

}  // namespace wherry

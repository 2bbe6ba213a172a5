#include "engine/btrees.h"

#include <algorithm>

#include "base/text.h"
#include "engine/bytecode.h"

namespace wherry {

namespace {

// What SQLite does to a value stored in a column of this declared type.
char affinity_of(std::string type) {
  std::ranges::transform(type, type.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  const auto has = [&](std::string_view part) { return type.find(part) != std::string::npos; };
  if (has("INT")) return 'D';
  if (has("CHAR") || has("CLOB") || has("TEXT")) return 'B';
  if (type.empty() || has("BLOB")) return 'A';
  return 'C';  // or E, REAL: alike here
}

std::string text_of(const Value& value) {
  return value.text() != nullptr ? *value.text() : std::string();
}

bool same_name(const std::string& a, const std::string& b) {
  return sqlite3_stricmp(a.c_str(), b.c_str()) == 0;
}

}  // namespace

std::optional<size_t> Btrees::find(const std::string& name) const {
  for (size_t i = 0; i < bundle_.tables.size(); ++i)
    if (same_name(bundle_.tables[i].name, name)) return i;
  // The tables in which a virtual table keeps its rows count as that table.
  for (size_t i = 0; i < bundle_.tables.size(); ++i) {
    const std::string prefix = bundle_.tables[i].name + "_";
    if (bundle_.tables[i].kind == TableKind::kDerived && same_name(name.substr(0, prefix.size()), prefix))
      return i;
  }
  return std::nullopt;
}

Result<std::optional<Btree>> Btrees::at(int root_page) {
  const Row root = {Value(int64_t{root_page})};
  TRY_ASSIGN(
      const std::vector<Row> owner,
      db_.rows("SELECT tbl_name, EXISTS (SELECT 1 FROM pragma_index_list(tbl_name) WHERE origin = 'pk') "
               "FROM sqlite_schema WHERE rootpage = ?",
               root));
  if (owner.empty()) return std::nullopt;
  const std::optional<size_t> index = find(text_of(owner[0][0]));
  if (!index) return std::nullopt;
  const Table& table = bundle_.tables[*index];
  Btree other{*index, {}, {}, owner[0][1] == Value(int64_t{0})};
  // The key's index is a b-tree of its own, or the table itself when it is WITHOUT ROWID: then the schema
  // does not list the index.
  TRY_ASSIGN(
      const std::vector<Row> columns,
      db_.rows("SELECT x.name, x.coll, c.type FROM sqlite_schema s JOIN pragma_index_list(s.tbl_name) l "
               "JOIN pragma_index_xinfo(l.name) x JOIN pragma_table_xinfo(s.tbl_name) c ON c.cid = x.cid "
               "WHERE s.rootpage = ? AND l.origin = 'pk' AND x.key AND (s.name = l.name OR (s.type = 'table' "
               "AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = l.name))) ORDER BY x.seqno",
               root));
  if (table.kind == TableKind::kDerived || columns.size() != table.key.size()) return other;
  Btree tree = other;
  for (const Row& column : columns) {
    tree.affinity.push_back(affinity_of(text_of(column[2])));
    if (text_of(column[1]) != "BINARY" || tree.affinity.back() == 'C') return other;
  }
  for (const size_t part : table.key) {
    const std::string& name = table.columns[part].name;
    const auto at =
        std::ranges::find_if(columns, [&](const Row& column) { return same_name(text_of(column[0]), name); });
    if (at == columns.end()) return other;
    tree.key.push_back(static_cast<size_t>(at - columns.begin()));
  }
  return tree;
}

// EXPLAIN shows only the address of a virtual table. The program that reads nothing else tells whose it is.
Result<Btrees::Virtual> Btrees::virtual_table(const std::string& handle) {
  TRY_ASSIGN(const std::vector<Row> names,
             db_.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage = 0 "
                      "UNION ALL VALUES ('json_each'), ('json_tree')"));
  for (const Row& row : names) {
    const std::string name = text_of(row[0]);
    TRY_ASSIGN(const auto programs, bytecode::programs_of(db_, cat("SELECT 1 FROM ", quote_name(name))));
    const auto opens = [&](const bytecode::Instruction& op) {
      return op.opcode == "VOpen" && op.p4 == handle;
    };
    if (!programs.empty() && std::ranges::any_of(programs[0], opens)) return Virtual{true, find(name)};
  }
  return Virtual{};
}

Result<std::string> Btrees::affinities(const std::string& table) {
  TRY_ASSIGN(
      const std::vector<Row> types,
      db_.rows("SELECT type FROM pragma_table_xinfo(?) WHERE hidden IN (0, 3) ORDER BY cid", {Value(table)}));
  std::string affinities;
  for (const Row& type : types) affinities.push_back(affinity_of(text_of(type[0])));
  return affinities;
}

}  // namespace wherry

// Which of the bundle's tables stands behind what the bytecode opens: a root page or a virtual table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "sqlite/database.h"

namespace wherry {

// A table's b-tree or an index's.
struct Btree {
  size_t table = 0;
  // If rows are found by primary key in it: for each column of Table::key, its place in the b-tree's key.
  // Otherwise empty.
  std::vector<size_t> key = {};
  std::string affinity = {};  // of the b-tree's key columns, in SQLite's letters: A none, B text, D integer
  bool key_is_rowid = false;  // the table's INTEGER PRIMARY KEY, which SQLite may give out itself
};

class Btrees {
 public:
  // Both must outlive it.
  Btrees(sqlite::Database& db, const Bundle& bundle) : db_(db), bundle_(bundle) {}

  // Nothing for a table that is not in the bundle.
  Result<std::optional<Btree>> at(int root_page);

  struct Virtual {
    bool known = false;           // it is in the schema, or json_each or json_tree
    std::optional<size_t> table;  // if it is in the bundle
  };
  // `handle`: P4 of VOpen.
  Result<Virtual> virtual_table(const std::string& handle);

  // Of the stored columns, in their order.
  Result<std::string> affinities(const std::string& table);

 private:
  std::optional<size_t> find(const std::string& name) const;
  sqlite::Database& db_;
  const Bundle& bundle_;
};

}  // namespace wherry

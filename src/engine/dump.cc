#include "engine/dump.h"

#include <algorithm>

#include "base/text.h"

namespace wherry {

std::string dump_line(const Table& table, const Row& row) {
  std::string line = cat(table.name, " {");
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) line += ',';
    line += json_quote(table.columns[i].name);
    line += ':';
    if (const Blob* blob = row[i].blob())
      line += cat("{\"blob\":\"", to_hex(blob->bytes), "\"}");
    else
      line += to_json(row[i]);
  }
  line += "}";
  return line;
}

std::vector<size_t> dump_order(const Bundle& bundle) {
  std::vector<size_t> order;
  for (size_t i = 0; i < bundle.tables.size(); ++i)
    if (bundle.tables[i].kind == TableKind::kSynced) order.push_back(i);
  std::ranges::sort(order, {}, [&](size_t i) -> const std::string& { return bundle.tables[i].name; });
  return order;
}

}  // namespace wherry

#include "cli/typescript_rows.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/text.h"
#include "bundle/functions.h"
#include "bundle/schema.h"
#include "sqlite/database.h"

namespace wherry::cli::typescript {

namespace {

// As the client returns it. What SQLite does not hold to a type, the app must look at.
std::string column_type(std::string_view declared, bool not_null) {
  const std::string null = not_null ? "" : " | null";
  switch (affinity_of(declared)) {
    case Affinity::kText:
      return "string" + null;
    case Affinity::kInteger:
    case Affinity::kReal:
      return "number" + null;
    case Affinity::kNumeric:
      return "number | string" + null;
    case Affinity::kBlob:
      return declared.empty() ? "SqlValue" : "Uint8Array" + null;
  }
  return "SqlValue";
}

std::string_view merge_comment(const Table* table, std::string_view column) {
  if (table == nullptr) return {};
  const auto found = std::ranges::find(table->columns, column, &Column::name);
  if (found == table->columns.end()) return {};
  if (found->merge == Merge::kCounter) return "A counter.";
  return found->merge == Merge::kSet ? "A set: the text of a JSON array." : "";
}

std::string about(const Table& table) {
  std::string text = cat("A row of the table `", table.name, "`");
  if (table.kind == TableKind::kLocal) text.append(", which never leaves this device");
  if (!table.roles.empty()) text.append(cat(", for users with the role `", join(table.roles, "` or `"), "`"));
  return text + ".";
}

class RowWriter {
 public:
  RowWriter(sqlite::Database& db, TypeNames& names) : db_(db), names_(names) {}

  // `table` is nullptr for a view.
  Result<> add(const std::string& name, const Table* table, std::string_view text) {
    const std::string type = names_.make(name, "Row");
    out_.append(cat(comment(text, ""), "export interface ", type, " {\n"));
    // Hidden: 1 belongs to a virtual table's interface.
    TRY_ASSIGN(const std::vector<Row> columns,
               db_.rows("SELECT name, type, \"notnull\" FROM pragma_table_xinfo(?) WHERE hidden <> 1",
                        {Value(name)}));
    for (const Row& column : columns) {
      const std::string& column_name = *column[0].text();
      out_.append(comment(merge_comment(table, column_name), "  "));
      out_.append(cat("  ", property(column_name), ": ",
                      column_type(*column[1].text(), *column[2].integer() != 0), ";\n"));
    }
    out_.append("}\n\n");
    map_.append(cat("  ", property(name), ": ", type, ";\n"));
    return {};
  }

  std::string take() {
    return cat(out_, comment("A row of each table and view on a device.", ""), "export interface Rows {\n",
               map_, "}\n");
  }

 private:
  sqlite::Database& db_;
  TypeNames& names_;
  std::string out_, map_;
};

}  // namespace

Result<std::string> rows(const Bundle& bundle, TypeNames& names) {
  FunctionContext context;
  TRY_ASSIGN(const auto db, sqlite::Database::open(":memory:", sqlite::Access::kReadWriteCreate));
  TRY(register_functions(*db, &context));
  for (const std::string& sql : bundle.ddl) TRY(db->execute(sql));
  RowWriter writer(*db, names);
  for (const Table& table : bundle.tables) TRY(writer.add(table.name, &table, about(table)));
  TRY_ASSIGN(const std::vector<Row> views,
             db->rows("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY rowid"));
  for (const Row& view : views) {
    const std::string& name = *view[0].text();
    TRY(writer.add(name, nullptr, cat("A row of the view `", name, "`.")));
  }
  return writer.take();
}

}  // namespace wherry::cli::typescript

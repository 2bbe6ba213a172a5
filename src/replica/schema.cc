#include "replica/schema.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "engine/deferred.h"

namespace wherry {

namespace {

struct Object {
  std::string type, name, sql;
};

// Everything the app declares, in the order of its making; the tables behind a virtual table are not
// declared.
Result<std::vector<Object>> objects_of(sqlite::Database& db) {
  TRY_ASSIGN(
      const std::vector<Row> rows,
      db.rows("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
              " AND name NOT LIKE 'wherry\\_%' ESCAPE '\\' AND tbl_name NOT LIKE 'wherry\\_%' ESCAPE '\\'"
              " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
              " AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')"
              " ORDER BY rowid"));
  std::vector<Object> objects;
  for (const Row& row : rows) objects.push_back({*row[0].text(), *row[1].text(), *row[2].text()});
  return objects;
}

const Object* find(const std::vector<Object>& objects, const std::string& name) {
  const auto at = std::ranges::find(objects, name, &Object::name);
  return at == objects.end() ? nullptr : &*at;
}

}  // namespace

Result<SchemaChange> apply_schema(sqlite::Database& db, const Bundle& bundle, FunctionContext* functions) {
  FunctionContext unused;
  TRY_ASSIGN(auto model, sqlite::Database::open(":memory:", sqlite::Access::kReadWriteCreate));
  TRY(register_functions(*model, &unused));
  for (const std::string& statement : stored_ddl(bundle)) TRY(model->execute(statement));
  TRY_ASSIGN(const std::vector<Object> wanted, objects_of(*model));

  TRY(register_functions(db, functions));
  TRY_ASSIGN(const std::vector<Object> present, objects_of(db));
  for (const Object& object : present) {
    const Object* other = find(wanted, object.name);
    if (other != nullptr && (other->type != object.type || other->sql != object.sql))
      return fail(ErrorCode::kVersion, cat("the workspace has another form of ", object.type, " ",
                                           object.name, "; start a fresh replica"));
  }
  SchemaChange change;
  // Triggers and views first: what they name may go with the tables.
  for (const std::string_view type : {"trigger", "view", "index", "table"})
    for (const Object& object : present) {
      if (object.type != type || find(wanted, object.name) != nullptr) continue;
      TRY(db.execute(cat("DROP ", type, " IF EXISTS ", quote_name(object.name))));
      if (type == "table") change.dropped.push_back(object.name);
    }
  for (const Object& object : wanted) {
    if (find(present, object.name) != nullptr) continue;
    TRY(db.execute(object.sql));
  }
  return change;
}

Result<> rebuild_indexes(sqlite::Database& db) {
  // FTS5 tables are told by their shadows; a statement's text may be spelled in many ways.
  TRY_ASSIGN(const std::vector<Row> rows,
             db.rows("SELECT name FROM pragma_table_list AS t WHERE type = 'virtual' AND schema = 'main'"
                     " AND EXISTS (SELECT 1 FROM sqlite_schema AS s WHERE s.name = t.name || '_config')"
                     " AND EXISTS (SELECT 1 FROM sqlite_schema AS s WHERE s.name = t.name || '_idx')"));
  for (const Row& row : rows) {
    const std::string name = quote_name(*row[0].text());
    TRY(db.execute(cat("INSERT INTO ", name, "(", name, ") VALUES('rebuild')")));
  }
  return {};
}

}  // namespace wherry

// The schema that the migrations make, built in a private database and read back from it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bundle/functions.h"
#include "bundle/report.h"
#include "sqlite/database.h"

namespace wherry {

// SQLite's five affinities, by the declared type.
enum class Affinity { kText, kInteger, kReal, kBlob, kNumeric };
Affinity affinity_of(std::string_view declared_type);

struct SchemaColumn {
  std::string name;
  Affinity affinity = Affinity::kBlob;
  bool is_integer_type = false;  // declared exactly INTEGER, which can make it the rowid
  bool not_null = false;
  bool generated = false;
};

struct SchemaTable {
  std::string name;
  Place place;
  bool is_virtual = false;
  bool without_rowid = false;
  std::vector<SchemaColumn> columns;
  std::vector<size_t> key;                  // indexes into columns, in key order
  std::vector<std::string> key_collations;  // other than BINARY
  bool unique_beyond_key = false;
  bool has_rowid_key() const { return !without_rowid && key.size() == 1 && columns[key[0]].is_integer_type; }
  // SIZE_MAX when there is none.
  size_t column(std::string_view column_name) const;
  std::vector<std::string> column_names() const;
};

struct SchemaTrigger {
  std::string name;
  std::string table;
  Place place;
};

struct Schema {
  FunctionContext context;  // what the functions of `db` see
  std::unique_ptr<sqlite::Database> db;
  int64_t version = 0;
  std::vector<std::string> ddl;
  std::vector<SchemaTable> tables;  // in the order of their creation
  std::map<std::string, Place> views;
  std::vector<SchemaTrigger> triggers;

  const SchemaTable* table(std::string_view name) const;
  std::vector<std::string> table_names() const;
};

// Runs migrations/*.sql in their order and reports what they may not do.
std::unique_ptr<Schema> build_schema(const std::vector<BundleFile>& files, Report& report);

// Reports what SQLite said about `sql`, with the line it concerns and, for an unknown name, the nearest known
// one.
void report_sql(Report& report, const Schema& schema, const Place& statement, std::string_view sql,
                const std::string& subject);

}  // namespace wherry

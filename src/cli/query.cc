#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "replica/reader.h"

namespace wherry::cli {

namespace {

struct QueryOptions {
  std::string file, sql;
  bool json = false;
};

std::string cell_text(const Value& value) {
  if (const std::string* text = value.text()) return *text;
  return value.is_null() ? std::string() : to_json(value);
}

void print_text(const QueryResult& result) {
  print_line(join(result.columns, "\t"));
  for (const Row& row : result.rows) {
    std::vector<std::string> cells;
    for (const Value& value : row) cells.push_back(cell_text(value));
    print_line(join(cells, "\t"));
  }
}

void print_objects(const QueryResult& result) {
  for (const Row& row : result.rows) {
    Json object = Json::object();
    for (size_t i = 0; i < row.size(); ++i) object[result.columns[i]] = to_json_value(row[i]);
    print_json(object);
  }
}

Result<Exit> query(const QueryOptions& options) {
  TRY_ASSIGN(const auto reader, ReplicaReader::open(options.file));
  TRY_ASSIGN(const QueryResult result, reader->query(options.sql));
  if (options.json)
    print_objects(result);
  else
    print_text(result);
  return Exit::kOk;
}

}  // namespace

void add_query(Program& program) {
  add_command<QueryOptions>(
      program, program.app, "query", "Runs one reading SQL statement on a replica, pending commands included",
      [](CLI::App& command, QueryOptions& options) {
        command.add_option("FILE", options.file, "The replica's file; may be in use")->required();
        command.add_option("SQL", options.sql, "The statement")->required();
        command.add_flag("--json", options.json, "One JSON object per row; blobs as base64");
        command.footer(
            "Without --json: a line of column names, then one line per row, tabs between columns.");
      },
      query);
}

}  // namespace wherry::cli

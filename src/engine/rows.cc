#include "engine/rows.h"

#include "base/msgpack.h"
#include "base/text.h"

namespace wherry {

namespace {

std::string column_list(const Table& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(quote_name(column.name));
  return join(names, ", ");
}

// "a" = ?1 AND "b" = ?2, over the key columns, numbered from `first`.
std::string key_condition(const Table& table, size_t first) {
  std::vector<std::string> terms;
  for (size_t column : table.key)
    terms.push_back(cat(quote_name(table.columns[column].name), " = ?", first++));
  return join(terms, " AND ");
}

bool is_key(const Table& table, size_t column) {
  for (size_t k : table.key)
    if (k == column) return true;
  return false;
}

std::string put_sql(const Table& table) {
  std::vector<std::string> sets, keys;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (is_key(table, i)) continue;
    const std::string name = quote_name(table.columns[i].name);
    sets.push_back(cat(name, " = excluded.", name));
  }
  for (size_t column : table.key) keys.push_back(quote_name(table.columns[column].name));
  return cat(insert_sql("INSERT INTO ", table), " ON CONFLICT(", join(keys, ", "), ") DO ",
             sets.empty() ? "NOTHING" : "UPDATE SET ", join(sets, ", "));
}

// All columns are parameters, in their order.
std::string change_sql(const Table& table) {
  std::vector<std::string> sets, terms;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const std::string term = cat(quote_name(table.columns[i].name), " = ?", i + 1);
    (is_key(table, i) ? terms : sets).push_back(term);
  }
  if (sets.empty()) sets = terms;
  return cat("UPDATE ", quote_name(table.name), " SET ", join(sets, ", "), " WHERE ", join(terms, " AND "));
}

}  // namespace

std::string insert_sql(std::string_view insert, const Table& table) {
  std::vector<std::string> values;
  for (size_t i = 0; i < table.columns.size(); ++i) values.push_back(cat("?", i + 1));
  return cat(insert, quote_name(table.name), "(", column_list(table), ") VALUES(", join(values, ", "), ")");
}

Rows::Rows(sqlite::Database& db, const Bundle& bundle) : db_(db), bundle_(bundle) {
  for (const Table& table : bundle.tables) {
    const std::string name = quote_name(table.name);
    const std::string select = cat("SELECT ", column_list(table), " FROM ", name);
    const std::string is_key = cat(" WHERE ", key_condition(table, 1));
    Sql sql{{db, cat(select, is_key)},
            {db, put_sql(table)},
            {db, insert_sql("INSERT INTO ", table)},
            {db, change_sql(table)},
            {db, cat("DELETE FROM ", name, is_key)},
            {},
            {}};
    if (table.key.empty()) {
      sql_.push_back(std::move(sql));
      continue;
    }
    std::vector<std::string> keys;
    for (size_t column : table.key) keys.push_back(quote_name(table.columns[column].name));
    sql.all = cat(select, " ORDER BY ", join(keys, ", "));
    if (table.parent) {
      std::vector<std::string> terms;
      for (size_t i = 0; i < table.parent->columns.size(); ++i)
        terms.push_back(cat(quote_name(table.columns[table.parent->columns[i]].name), " = ?", i + 1));
      sql.children = cat(select, " WHERE ", join(terms, " AND "));
    }
    sql_.push_back(std::move(sql));
  }
}

Result<std::optional<Row>> Rows::read(const RowRef& ref) {
  TRY_ASSIGN(const Row key, decode_key(ref.key));
  TRY_ASSIGN(sqlite::Statement * statement, sql_[ref.table].read.use());
  statement->lend_all(key);
  TRY_ASSIGN(const bool found, statement->step());
  std::optional<Row> row;
  if (found) row = statement->row();
  statement->reset();
  return row;
}

Result<> Rows::put(size_t table, const Row& row) {
  return sql_[table].put.run(row);
}

Result<> Rows::add(size_t table, const Row& row) {
  return sql_[table].add.run(row);
}

Result<> Rows::change(size_t table, const Row& row) {
  TRY(sql_[table].change.run(row));
  return db_.changes() > 0 ? Result<>() : add(table, row);
}

Result<> Rows::remove(const RowRef& ref) {
  TRY_ASSIGN(const Row key, decode_key(ref.key));
  return sql_[ref.table].remove.run(key);
}

Result<> Rows::restore(const RowRef& ref, const std::optional<Row>& row) {
  return row ? put(ref.table, *row) : remove(ref);
}

Result<std::vector<Row>> Rows::children(size_t child, const Row& parent_key) {
  return db_.rows(sql_[child].children, parent_key);
}

Row Rows::key_of(size_t table, const Row& row) const {
  Row key;
  for (size_t column : bundle_.tables[table].key) key.push_back(row[column]);
  return key;
}

RowRef Rows::ref_of(size_t table, const Row& row) const {
  return {table, encode_key(key_of(table, row))};
}

}  // namespace wherry

// Thin ownership over one SQLite connection and its statements. Nothing here knows of commands or sync.
// Thread: a connection and its statements belong to one thread at a time.
// Errors: kFull, kIo, kBusy, kCorrupt as SQLite reports them, else kSql with its message.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <sqlite3.h>

#include "base/error.h"
#include "base/value.h"

namespace wherry::sqlite {

class Statement;

enum class Access { kReadWriteCreate, kReadWrite, kReadOnly };

class Database {
 public:
  // `vfs`: the name of a registered VFS, empty for the default. Switches on recursive triggers,
  // DEFENSIVE and the query planner's stability, and off trusted_schema.
  static Result<std::unique_ptr<Database>> open(const std::string& path, Access access,
                                                const std::string& vfs = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs one or more statements that return nothing of interest.
  Result<> execute(std::string_view sql);
  // Prepares one statement; the text must hold no other.
  Result<Statement> prepare(std::string_view sql);
  // A statement that is kept, prepared at the first call; reset and unbound. The pointer stays valid until
  // forget_statements(). Not to be used again while a first use still steps.
  Result<Statement*> cached(std::string_view sql);
  // The first column of the first row, if there is a row.
  Result<std::optional<Value>> value(std::string_view sql, const Row& parameters = {});
  // Runs one statement with parameters 1, 2, … to its end, through the cache.
  Result<> run(std::string_view sql, const Row& parameters = {});
  // All rows of a query, through the cache. For results known to be small.
  Result<std::vector<Row>> rows(std::string_view sql, const Row& parameters = {});

  // Writes the WAL once more as it is, and syncs it. A sync that fails may leave parts of it lost and yet in
  // the system's cache, where recovery finds them, no later sync would write them, and a power loss takes
  // them with all that was committed behind. To be called once after opening, before anything is built on
  // what was found.
  Result<> harden_wal();

  // Lets go of pages of the file that are kept in memory.
  void release_memory() { sqlite3_db_release_memory(handle_); }
  // They are prepared again when they are used again. None may be in use.
  void forget_statements();
  int64_t forgotten() const { return forgotten_; }  // how often
  // It is read again when a statement needs it; those that were prepared are prepared again.
  Result<> forget_schema();

  sqlite3* handle() const { return handle_; }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  int64_t changes() const { return sqlite3_changes64(handle_); }
  // The error that SQLite last reported on this connection, as ours.
  Error last_error(std::string_view doing) const;

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  sqlite3* handle_;
  std::unordered_map<std::string, std::unique_ptr<Statement>, Hash, std::equal_to<>> cache_;
  int64_t forgotten_ = 0;
};

class Statement {
 public:
  Statement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;

  // Parameters and columns: parameters count from 1, columns from 0, as in SQLite.
  // Text and blobs are copied.
  Statement& bind(int parameter, const Value& value);
  Statement& bind(int parameter, int64_t value);
  Statement& bind_text(int parameter, std::string_view text);
  Statement& bind_blob(int parameter, std::string_view bytes);
  // The same without copying: what is bound must stay until the statement is reset.
  Statement& lend(int parameter, const Value& value);
  Statement& lend_all(const Row& values);  // parameters 1, 2, …
  Statement& lend_text(int parameter, std::string_view text);
  Statement& lend_blob(int parameter, std::string_view bytes);
  Statement& bind_null(int parameter);
  // True while there is a row.
  Result<bool> step();
  // Steps to the end and resets.
  Result<> run();
  void reset();

  int columns() const { return sqlite3_column_count(statement_); }
  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string_view text(int column) const;  // valid until the next step
  std::string_view blob(int column) const;
  Value value(int column) const;
  Row row() const;
  std::string column_name(int column) const { return sqlite3_column_name(statement_, column); }
  sqlite3_stmt* handle() const { return statement_; }

 private:
  sqlite3* db_;
  sqlite3_stmt* statement_;
};

// A statement of a text that never changes: looked for in the connection's cache once.
class FixedStatement {
 public:
  FixedStatement(Database& db, std::string sql) : db_(db), sql_(std::move(sql)) {}
  // Reset and unbound.
  Result<Statement*> use();
  // With these as parameters 1, 2, …, to the end.
  Result<> run(const Row& values);

 private:
  Database& db_;
  std::string sql_;
  Statement* statement_ = nullptr;
  int64_t forgotten_ = 0;  // when it was found
};

// Reads a value that SQLite hands to a function or hook.
Value from_sqlite(sqlite3_value* value);
void result(sqlite3_context* context, const Value& value);

// BEGIN IMMEDIATE … COMMIT; rolls back when it goes out of scope uncommitted.
class Transaction {
 public:
  static Result<Transaction> begin(Database& db);
  ~Transaction();
  Transaction(Transaction&& other) noexcept : db_(other.db_) { other.db_ = nullptr; }
  Transaction& operator=(Transaction&&) = delete;
  Result<> commit();
  void roll_back();

 private:
  explicit Transaction(Database* db) : db_(db) {}
  Database* db_;
};

}  // namespace wherry::sqlite

#include "sqlite/database.h"

#include <algorithm>

#include "base/text.h"

namespace wherry::sqlite {

namespace {

ErrorCode code_of(int sqlite_code) {
  switch (sqlite_code & 0xFF) {
    case SQLITE_FULL:
      return ErrorCode::kFull;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return ErrorCode::kIo;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::kBusy;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kCorrupt;
    default:
      return ErrorCode::kSql;
  }
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Access access,
                                                 const std::string& vfs) {
  const int flags = access == Access::kReadOnly    ? SQLITE_OPEN_READONLY
                    : access == Access::kReadWrite ? SQLITE_OPEN_READWRITE
                                                   : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_EXRESCODE,
                                   vfs.empty() ? nullptr : vfs.c_str());
  std::unique_ptr<Database> db(new Database(handle));
  if (code != SQLITE_OK)
    return fail(code_of(code),
                cat("cannot open ", path, ": ", handle ? sqlite3_errmsg(handle) : "no memory"));
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // Plans do not depend on what is bound: else a statement with `LIMIT ?` is compiled anew for each value.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_QPSG, 1, nullptr);
  TRY(db->execute("PRAGMA recursive_triggers = ON"));
  return db;
}

Database::~Database() {
  cache_.clear();
  sqlite3_close_v2(handle_);
}

Error Database::last_error(std::string_view doing) const {
  return {code_of(sqlite3_errcode(handle_)), cat(doing, ": ", sqlite3_errmsg(handle_))};
}

Result<> Database::harden_wal() {
  // Within a write transaction nobody else may reset the WAL meanwhile.
  TRY_ASSIGN(Transaction transaction, Transaction::begin(*this));
  sqlite3_file* wal = nullptr;
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&wal));
  if (wal == nullptr || wal->pMethods == nullptr) return {};
  const auto failed = [](const char* doing) {
    return fail(ErrorCode::kIo, cat("cannot ", doing, " the write-ahead log"));
  };
  sqlite3_int64 size = 0;
  if (wal->pMethods->xFileSize(wal, &size) != SQLITE_OK) return failed("measure");
  // SQLite's own VFS writes less than 128 KiB at once.
  std::string block(64 << 10, '\0');
  for (sqlite3_int64 at = 0; at < size; at += static_cast<sqlite3_int64>(block.size())) {
    const auto amount =
        static_cast<int>(std::min<sqlite3_int64>(size - at, static_cast<sqlite3_int64>(block.size())));
    if (wal->pMethods->xRead(wal, block.data(), amount, at) != SQLITE_OK) return failed("read");
    const int written = wal->pMethods->xWrite(wal, block.data(), amount, at);
    if (written == SQLITE_FULL) return fail(ErrorCode::kFull, "cannot write the write-ahead log");
    if (written != SQLITE_OK) return failed("write");
  }
  if (size > 0 && wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL) != SQLITE_OK) return failed("sync");
  return {};
}

Result<> Database::execute(std::string_view sql) {
  const std::string text(sql);
  if (sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return std::unexpected(last_error(text.substr(0, 80)));
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement, &tail) != SQLITE_OK)
    return std::unexpected(last_error(sql.substr(0, 80)));
  Statement made(handle_, statement);
  if (statement == nullptr) return fail(ErrorCode::kSql, "the statement is empty");
  const auto used = static_cast<size_t>(tail - sql.data());
  if (!trim(sql.substr(used)).empty())
    return fail(ErrorCode::kSql, cat("more than one statement: ", sql.substr(used, 80)));
  return made;
}

Result<Statement*> Database::cached(std::string_view sql) {
  auto at = cache_.find(sql);
  if (at == cache_.end()) {
    TRY_ASSIGN(Statement made, prepare(sql));
    at = cache_.emplace(std::string(sql), std::make_unique<Statement>(std::move(made))).first;
  }
  at->second->reset();
  return at->second.get();
}

void Database::forget_statements() {
  cache_.clear();
  ++forgotten_;
}

Result<> Database::forget_schema() {
  return execute("PRAGMA writable_schema = RESET");
}

Result<std::optional<Value>> Database::value(std::string_view sql, const Row& parameters) {
  TRY_ASSIGN(Statement * statement, cached(sql));
  statement->lend_all(parameters);
  TRY_ASSIGN(const bool found, statement->step());
  std::optional<Value> value;
  if (found) value = statement->value(0);
  // A statement that writes and returns a row commits only here: `PRAGMA journal_mode` is one.
  const int ended = sqlite3_reset(statement->handle());
  statement->reset();
  if (ended != SQLITE_OK) return std::unexpected(last_error(sql.substr(0, 80)));
  return value;
}

Result<> Database::run(std::string_view sql, const Row& parameters) {
  TRY_ASSIGN(Statement * statement, cached(sql));
  statement->lend_all(parameters);
  return statement->run();
}

Result<std::vector<Row>> Database::rows(std::string_view sql, const Row& parameters) {
  TRY_ASSIGN(Statement * statement, cached(sql));
  statement->lend_all(parameters);
  std::vector<Row> rows;
  while (true) {
    TRY_ASSIGN(const bool more, statement->step());
    if (!more) break;
    rows.push_back(statement->row());
  }
  statement->reset();
  return rows;
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement::Statement(Statement&& other) noexcept : db_(other.db_), statement_(other.statement_) {
  other.statement_ = nullptr;
}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(db_, other.db_);
  std::swap(statement_, other.statement_);
  return *this;
}

Statement& Statement::bind(int parameter, const Value& value) {
  if (const int64_t* i = value.integer())
    sqlite3_bind_int64(statement_, parameter, *i);
  else if (const double* r = value.real())
    sqlite3_bind_double(statement_, parameter, *r);
  else if (const std::string* t = value.text())
    bind_text(parameter, *t);
  else if (const Blob* b = value.blob())
    bind_blob(parameter, b->bytes);
  else
    bind_null(parameter);
  return *this;
}

Statement& Statement::bind(int parameter, int64_t value) {
  sqlite3_bind_int64(statement_, parameter, value);
  return *this;
}

Statement& Statement::bind_text(int parameter, std::string_view text) {
  // A null pointer would bind NULL.
  sqlite3_bind_text64(statement_, parameter, text.empty() ? "" : text.data(), text.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  sqlite3_bind_blob64(statement_, parameter, bytes.empty() ? "" : bytes.data(), bytes.size(),
                      SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::lend(int parameter, const Value& value) {
  if (const std::string* t = value.text()) return lend_text(parameter, *t);
  if (const Blob* b = value.blob()) return lend_blob(parameter, b->bytes);
  return bind(parameter, value);
}

Statement& Statement::lend_all(const Row& values) {
  for (size_t i = 0; i < values.size(); ++i) lend(static_cast<int>(i) + 1, values[i]);
  return *this;
}

Statement& Statement::lend_text(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_, parameter, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
  return *this;
}

Statement& Statement::lend_blob(int parameter, std::string_view bytes) {
  sqlite3_bind_blob64(statement_, parameter, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind_null(int parameter) {
  sqlite3_bind_null(statement_, parameter);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Error error{code_of(code),
              cat(sqlite3_errmsg(db_), " in: ", std::string_view(sqlite3_sql(statement_)).substr(0, 120))};
  sqlite3_reset(statement_);
  return std::unexpected(std::move(error));
}

Result<> Statement::run() {
  while (true) {
    TRY_ASSIGN(const bool more, step());
    if (!more) break;
  }
  reset();
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

std::string_view Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

Value Statement::value(int column) const {
  return from_sqlite(sqlite3_column_value(statement_, column));
}

Row Statement::row() const {
  Row row;
  const int count = columns();
  row.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) row.push_back(value(i));
  return row;
}

Result<Statement*> FixedStatement::use() {
  if (statement_ == nullptr || forgotten_ != db_.forgotten()) {
    TRY_ASSIGN(statement_, db_.cached(sql_));
    forgotten_ = db_.forgotten();
  } else {
    statement_->reset();
  }
  return statement_;
}

Result<> FixedStatement::run(const Row& values) {
  TRY_ASSIGN(Statement * statement, use());
  return statement->lend_all(values).run();
}

Value from_sqlite(sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      return Value(int64_t{sqlite3_value_int64(value)});
    case SQLITE_FLOAT:
      return Value(sqlite3_value_double(value));
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
      return Value(std::string(text, static_cast<size_t>(sqlite3_value_bytes(value))));
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
      const auto size = static_cast<size_t>(sqlite3_value_bytes(value));
      return Value(Blob{size == 0 ? std::string() : std::string(bytes, size)});
    }
    default:
      return Value();
  }
}

void result(sqlite3_context* context, const Value& value) {
  if (const int64_t* i = value.integer())
    sqlite3_result_int64(context, *i);
  else if (const double* r = value.real())
    sqlite3_result_double(context, *r);
  else if (const std::string* t = value.text())
    sqlite3_result_text64(context, t->data(), t->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  else if (const Blob* b = value.blob())
    sqlite3_result_blob64(context, b->bytes.data(), b->bytes.size(), SQLITE_TRANSIENT);
  else
    sqlite3_result_null(context);
}

Result<Transaction> Transaction::begin(Database& db) {
  TRY(db.run("BEGIN IMMEDIATE"));
  return Transaction(&db);
}

Transaction::~Transaction() {
  roll_back();
}

Result<> Transaction::commit() {
  TRY(db_->run("COMMIT"));
  db_ = nullptr;
  return {};
}

void Transaction::roll_back() {
  if (db_ != nullptr && db_->in_transaction()) (void)db_->run("ROLLBACK");
  db_ = nullptr;
}

}  // namespace wherry::sqlite

#include "replica/salvage.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/text.h"
#include "replica/core.h"
#include "replica/store.h"
#include "sqlite/page_vfs.h"
#include "sqlite/vfs_files.h"

namespace wherry {

namespace {

constexpr int kPage = 4096;
// In the file's header.
constexpr int kHeader = 100;
constexpr size_t kPagesAt = 28, kApplicationIdAt = 68;
// A crafted file must not make us copy without end.
constexpr size_t kCommandsMost = 1'000'000;
constexpr int64_t kPagesMost = 1 << 20;

// What a new file takes over of the old one's meta values: whose it is, and what it knows of the log. Its
// number is not among them, so that the server gives it another.
constexpr std::string_view kMeta = "('workspace', 'user_id', 'epoch', 'hash_at', 'hash', 'clock_offset_ms')";

std::string salvage_path(const std::string& path) {
  return cat(path, "-salvage");
}

std::string suspect_path(const std::string& path) {
  return cat(path, "-suspect");
}

// SQLite takes no WAL for a file that is empty or missing: the file goes first.
Result<> remove_database(const std::string& path, const std::string& vfs) {
  for (const char* part : {"", "-wal", "-journal"}) TRY(sqlite::remove_file(cat(path, part), vfs));
  return {};
}

// A number in the file's header; 0 when it is too short.
Result<int64_t> header_number(const std::string& path, const std::string& vfs, size_t at) {
  TRY_ASSIGN(const std::string header, sqlite::file_start(path, vfs, kHeader));
  int64_t number = 0;
  for (size_t i = at; i < at + 4 && i < header.size(); ++i)
    number = number << 8 | static_cast<unsigned char>(header[i]);
  return number;
}

Result<> check_recognised(const std::string& path, const std::string& vfs) {
  TRY_ASSIGN(const int64_t id, header_number(path, vfs, kApplicationIdAt));
  if (id != Store::kApplicationId)
    return fail(
        ErrorCode::kCorrupt,
        cat(path,
            " is not the file of a Wherry replica, or its beginning is damaged; move it away to start anew"));
  return {};
}

Result<std::unique_ptr<sqlite::Database>> open_sealed(const std::string& path, const std::string& vfs) {
  TRY_ASSIGN(const std::string paged, sqlite::page_vfs(vfs));
  return sqlite::Database::open(path, sqlite::Access::kReadWriteCreate, paged);
}

Result<bool> has_tables(sqlite::Database& db) {
  TRY_ASSIGN(const std::optional<Value> count, db.value("SELECT count(*) FROM sqlite_schema"));
  return count != Value(int64_t{0});
}

// Rows of the list on their way from a damaged file into that of the salvage.
class Rows {
 public:
  // `before`: the last place that is taken already.
  Rows(sqlite::Database& to, int64_t before) : to_(to), before_(before) {}

  // Takes those of a table that have the shape of commands. False when some of it cannot be read; the error
  // is one of writing. Each by itself, for a long one may be damaged where no other lies.
  Result<bool> take(sqlite::Database& from, std::string_view table) {
    auto read = from.prepare(cat("SELECT ", Queue::kAllColumns, " FROM ", table,
                                 " NOT INDEXED WHERE n = ?1 AND typeof(id) = 'text' AND length(id) = 36"
                                 " AND typeof(replica_seq) = 'integer' AND typeof(name) = 'text'"
                                 " AND typeof(data) = 'text' AND typeof(base_seq) = 'integer'"
                                 " AND state IN ('pending', 'applied', 'superseded', 'rejected')"));
    if (!read) return false;
    auto [numbers, complete] = numbers_in(from, table);
    for (const int64_t n : numbers) {
      read->reset();
      const auto found = read->bind(1, n).step();
      complete = complete && found;
      if (!found || !*found) continue;
      if (seen_.size() >= kCommandsMost) break;
      if (!seen_.insert(n).second) continue;
      Row row = read->row();
      row[0] = Value(before_ + n);
      TRY_ASSIGN(const bool known, Queue(to_).contains(*row[1].text()));
      if (!known) TRY(Queue::insert(to_, row));
    }
    return complete;
  }

 private:
  struct Numbers {
    std::vector<int64_t> numbers;
    bool complete = false;
  };
  // Of rows as far as they can be found.
  static Numbers numbers_in(sqlite::Database& from, std::string_view table) {
    Numbers found;
    auto read = from.prepare(cat("SELECT n FROM ", table, " NOT INDEXED"));
    while (read && found.numbers.size() < kCommandsMost) {
      const auto more = read->step();
      found.complete = more && !*more;
      if (!more || !*more) break;
      found.numbers.push_back(read->integer(0));
    }
    return found;
  }

  sqlite::Database& to_;
  const int64_t before_;
  std::set<int64_t> seen_;
};

// A page that is a leaf of the list's b-tree is a b-tree by itself. So the pages get another page 1, that of
// a file with a single table, and each of them in turn is made that table's root. Rows of other tables are
// told by their shape; pages that are no such leaf, or damaged, are errors of reading, which are passed over.
Result<> take_pages(const std::string& path, const std::string& vfs, Rows& rows) {
  const std::string scratch = cat(path, "-pages");
  TRY(remove_database(scratch, vfs));
  TRY_ASSIGN(auto db, open_sealed(scratch, vfs));
  sqlite::reserve_seals(*db);
  TRY(db->execute(cat("CREATE TABLE list(n INTEGER PRIMARY KEY", Queue::kAllColumns.substr(1), ")")));
  db.reset();
  TRY_ASSIGN(std::string first, sqlite::file_start(scratch, vfs, kPage));
  TRY_ASSIGN(const int64_t size, sqlite::file_size(path, vfs));
  const int64_t pages = size / kPage;
  if (pages < 2) return remove_database(scratch, vfs);
  for (size_t i = 0; i < 4; ++i) first[kPagesAt + i] = static_cast<char>(pages >> 8 * (3 - i));
  std::ranges::fill(first.end() - sqlite::kSeal, first.end(), '\0');
  TRY(sqlite::copy_file(path, scratch, vfs));
  TRY(sqlite::write_start(scratch, vfs, first));
  TRY_ASSIGN(db, open_sealed(scratch, vfs));
  sqlite3_db_config(db->handle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
  TRY(db->execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY"));
  for (int64_t page = 2; page <= pages; ++page) {
    // RESET makes SQLite read the schema again.
    TRY(db->execute(cat("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = ", page,
                        "; PRAGMA writable_schema = RESET")));
    TRY(rows.take(*db, "list"));
  }
  db.reset();
  return remove_database(scratch, vfs);
}

// What can be read of the damaged file, as tables of a file that nobody else has.
Result<Salvaged> write_salvage(const std::string& path, const std::string& vfs) {
  TRY_ASSIGN(auto to, open_sealed(salvage_path(path), vfs));
  sqlite::reserve_seals(*to);
  TRY(to->execute("PRAGMA synchronous = EXTRA"));
  TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(*to));
  // What a new file had not taken in yet when it was damaged as well stays, before what that one has.
  TRY_ASSIGN(const bool begun, has_tables(*to));
  if (!begun) {
    TRY(to->execute(Store::kCommandsTable));
    TRY(to->execute(
        "CREATE TABLE wherry_meta(key TEXT PRIMARY KEY, value); CREATE TABLE loaded(name TEXT PRIMARY KEY)"));
  }
  // SQLite does not checkpoint into a file that is much too short.
  TRY_ASSIGN(const int64_t pages, header_number(path, vfs, kPagesAt));
  if (pages <= kPagesMost) TRY(sqlite::grow_file(path, vfs, pages, kPage));
  TRY_ASSIGN(const std::optional<Value> last, to->value("SELECT coalesce(max(n), 0) FROM wherry_commands"));
  Rows rows(*to, *last->integer());
  bool complete = false;
  {
    TRY_ASSIGN(auto from, open_sealed(path, vfs));
    TRY_ASSIGN(complete, rows.take(*from, "wherry_commands"));
    const auto copy = [&](std::string_view select, std::string_view insert) -> Result<> {
      auto found = from->rows(select);
      if (!found) return {};  // unreadable: the server tells it again
      for (const Row& row : *found) TRY(to->run(insert, row));
      return {};
    };
    TRY(copy(cat("SELECT key, value FROM wherry_meta WHERE key IN ", kMeta),
             "INSERT OR IGNORE INTO wherry_meta VALUES(?1, ?2)"));
    TRY(copy("SELECT name FROM wherry_scopes WHERE on_demand AND wanted",
             "INSERT OR IGNORE INTO loaded VALUES(?1)"));
    // Pages are looked at where they are in the file itself.
    sqlite3_wal_checkpoint_v2(from->handle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  }
  if (!complete) TRY(take_pages(path, vfs, rows));
  TRY_ASSIGN(const std::optional<Value> count, to->value("SELECT count(*) FROM wherry_commands"));
  TRY(transaction.commit());
  return Salvaged{.commands = *count->integer(), .complete = complete};
}

Result<> take(Core& core, sqlite::Database& from) {
  TRY_ASSIGN(const Meta saved, MetaTable(from).load());
  TRY_ASSIGN(const std::vector<Row> loaded, from.rows("SELECT name FROM loaded"));
  return core.transact([&](Change& change) -> Result<> {
    // As a rule the file is a new one. It is not when it could be opened after all.
    if (core.meta.workspace.empty()) core.meta = saved;
    TRY_ASSIGN(sqlite::Statement commands,
               from.prepare(cat("SELECT ", Queue::kAllColumns, " FROM wherry_commands ORDER BY n")));
    while (true) {
      TRY_ASSIGN(const bool more, commands.step());
      if (!more) break;
      TRY_ASSIGN(const bool known, core.queue.contains(commands.text(1)));
      if (known) continue;
      Row row = commands.row();
      row[0] = Value();  // behind all that are there
      TRY(Queue::insert(core.db(), row));
    }
    // Whose log it was cannot be told, nor whether that has forgotten some of them: the server knows those it
    // has.
    if (saved.epoch.empty()) TRY(core.queue.offer_again(Seq{}));
    TRY(core.queue.forget_numbers());
    for (const Row& row : loaded) {
      TRY_ASSIGN(Scope * scope, core.held.grant(*row[0].text(), true));
      scope->wanted = true;
      TRY(core.held.save(*scope));
    }
    TRY(core.rebase.load());
    change.run_all = true;
    return {};
  });
}

}  // namespace

// As well as it can be done: a disk that takes nothing now may be found damaged again.
void note_damaged(const std::string& path, const std::string& vfs) {
  (void)sqlite::touch_file(suspect_path(path), vfs);
}

Result<> check_not_damaged(const std::string& path, const std::string& vfs) {
  TRY_ASSIGN(const bool noted, sqlite::file_exists(suspect_path(path), vfs));
  if (noted) return fail(ErrorCode::kCorrupt, cat(path, " was found to be damaged"));
  return {};
}

Result<Salvaged> salvage_file(const std::string& path, const std::string& vfs) {
  TRY(check_recognised(path, vfs));
  TRY_ASSIGN(const Salvaged salvaged, write_salvage(path, vfs));
  // First, for without FILE nothing would be left to be salvaged.
  TRY(sqlite::remove_file(suspect_path(path), vfs));
  TRY(remove_database(path, vfs));
  return salvaged;
}

Result<bool> awaits_salvaged(const std::string& path, const std::string& vfs) {
  return sqlite::file_exists(salvage_path(path), vfs);
}

Result<> take_salvaged(Core& core, const std::string& path, const std::string& vfs) {
  {
    TRY_ASSIGN(const auto from, open_sealed(salvage_path(path), vfs));
    // An empty one was broken off before anything was deleted.
    TRY_ASSIGN(const bool written, has_tables(*from));
    if (written) TRY(take(core, *from));
  }
  return remove_database(salvage_path(path), vfs);
}

}  // namespace wherry

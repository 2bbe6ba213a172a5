#include "bench/workloads/bare_sqlite.h"

#include <functional>

#include "base/text.h"
#include "bench/basics.h"
#include "bench/report.h"
#include "bench/stage.h"
#include "sqlite/database.h"

namespace wherry::bench {

namespace {

// Beside the messages.
constexpr const char* kTables = R"(
CREATE TABLE log(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, user_id TEXT, entity_id TEXT, name TEXT, data TEXT,
  at INTEGER, replica_id TEXT, replica_seq INTEGER, stamp INTEGER, delta BLOB, salt BLOB, hash BLOB,
  UNIQUE(replica_id, replica_seq));
CREATE TABLE versions(tbl INTEGER, key BLOB, seq INTEGER NOT NULL, cells BLOB, PRIMARY KEY(tbl, key)) WITHOUT ROWID;
CREATE TABLE places(scope INTEGER, seq INTEGER, tbl INTEGER, key BLOB, gone INTEGER,
  PRIMARY KEY(scope, seq, tbl, key)) WITHOUT ROWID;
)";

// What a command writes. Made ahead: their making is not what is measured.
struct Command {
  std::string id, message, body, data, delta;
};

Value key_of(const std::string& message) {
  return Value(Blob{message.substr(0, 18)});
}

class BareTables {
 public:
  BareTables() : db_(bare_messages(folder_.path() / "bare.db")) { expect(db_->execute(kTables)); }

  Command post_command() {
    const std::string message = dice_.uuid(server::now());
    const std::string body = dice_.text(100);
    return {dice_.uuid(server::now()), message, body, post(message, channel_, body),
            body + std::string(60, 'd')};
  }

  Command edit_command() {
    const std::string& message = messages_[dice_.below(messages_.size())];
    const std::string body = dice_.text(100);
    return {dice_.uuid(server::now()), message, body, edit(message, body), body + std::string(60, 'd')};
  }

  void post_message(const Command& made) {
    expect(
        db_->run("INSERT INTO messages(id, channel_id, author_id, body, sent_at) VALUES(?, ?, 'user1', ?, ?)",
                 {Value(made.message), Value(channel_), Value(made.body), Value(server::now().count)}));
    log("message.post", made);
    expect(db_->run("INSERT INTO versions VALUES(4, ?, ?, NULL)", {key_of(made.message), Value(seq_)}));
    expect(db_->run("INSERT INTO places VALUES(7, ?, 4, ?, 0)", {Value(seq_), key_of(made.message)}));
  }

  void edit_message(const Command& made) {
    const Value key = key_of(made.message);
    expect(db_->run("UPDATE messages SET body = ?, edited_at = ? WHERE id = ?",
                    {Value(made.body), Value(server::now().count), Value(made.message)}));
    log("message.edit", made);
    const auto before = expect(db_->rows("SELECT seq FROM versions WHERE tbl = 4 AND key = ?", {key}));
    expect(db_->run("UPDATE versions SET seq = ?, cells = ? WHERE tbl = 4 AND key = ?",
                    {Value(seq_), Value(Blob{std::string(12, 'c')}), key}));
    expect(db_->run("DELETE FROM places WHERE scope = 7 AND seq = ? AND tbl = 4 AND key = ?",
                    {before[0][0], key}));
    expect(db_->run("INSERT INTO places VALUES(7, ?, 4, ?, 0)", {Value(seq_), key}));
  }

  void fill(size_t rows) {
    while (messages_.size() < rows) {
      expect(db_->run("BEGIN IMMEDIATE"));
      for (size_t i = 0; i < 10'000 && messages_.size() < rows; ++i) {
        const Command made = post_command();
        messages_.push_back(made.message);
        post_message(made);
      }
      expect(db_->run("COMMIT"));
    }
  }

  void index_messages() { add_full_text(*db_); }

  void measure(const char* workload, size_t group, double seconds, const std::function<Command()>& make,
               const std::function<void(const Command&)>& write) {
    std::vector<Command> commands;
    const int64_t first = seq_;
    const double cpu = cpu_seconds();
    double making = 0, busy = 0;
    const auto begin = Clock::now();
    while (seconds_since(begin) < seconds) {
      const double before = cpu_seconds();
      commands.clear();
      for (size_t i = 0; i < group; ++i) commands.push_back(make());
      making += cpu_seconds() - before;
      const auto start = Clock::now();
      expect(db_->run("BEGIN IMMEDIATE"));
      for (const Command& made : commands) write(made);
      expect(db_->run("COMMIT"));
      busy += seconds_since(start);
    }
    const auto count = static_cast<double>(seq_ - first);
    Report()
        .text("workload", workload)
        .number("group", static_cast<double>(group))
        .number("commands_per_s", count / busy)
        .number("cpu_us", 1e6 * (cpu_seconds() - cpu - making) / count)
        .print();
  }

 private:
  void log(const char* name, const Command& made) {
    const Value at(server::now().count);
    ++seq_;
    expect(db_->run("INSERT INTO log VALUES(?, ?, 'user1', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    {Value(seq_), Value(made.id), Value(made.message), Value(std::string(name)),
                     Value(made.data), at, Value(replica_), Value(seq_), at, Value(Blob{made.delta}),
                     Value(Blob{std::string(16, 's')}), Value(Blob{std::string(32, 'h')})}));
  }

  const ScratchFolder folder_;
  Dice dice_{1};
  const std::unique_ptr<sqlite::Database> db_;
  const std::string channel_ = dice_.uuid(server::now()), replica_ = dice_.uuid(server::now());
  std::vector<std::string> messages_;
  int64_t seq_ = 0;
};

}  // namespace

void bare_posts(size_t group, double seconds) {
  BareTables tables;
  tables.measure(
      "bare SQLite", group, seconds, [&] { return tables.post_command(); },
      [&](const Command& made) { tables.post_message(made); });
}

void bare_edits(size_t rows, double seconds) {
  BareTables tables;
  tables.fill(rows);
  const auto measure = [&](const char* workload) {
    for (const size_t group : {100UL, 1000UL})
      tables.measure(
          workload, group, seconds, [&] { return tables.edit_command(); },
          [&](const Command& made) { tables.edit_message(made); });
  };
  measure("bare edits");
  tables.index_messages();
  measure("bare edits, indexed");
}

}  // namespace wherry::bench

#include <chrono>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "bench/basics.h"
#include "bench/report.h"
#include "bench/stage.h"
#include "bench/workloads/echo.h"
#include "bench/workloads/workloads.h"
#include "sqlite/database.h"

namespace wherry::bench {

namespace {

// One block behind the other, each synced.
void bare_sync(double seconds) {
  const ScratchFolder folder;
  const int file = open((folder.path() / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const std::string block(4096, 'x');
  std::vector<double> micros;
  const auto begin = Clock::now();
  for (off_t at = 0; seconds_since(begin) < seconds; at += 4096) {
    if (pwrite(file, block.data(), block.size(), at) != 4096) throw std::runtime_error("cannot write");
    const auto start = Clock::now();
    if (fdatasync(file) != 0) throw std::runtime_error("cannot sync");
    micros.push_back(1e6 * seconds_since(start));
  }
  close(file);
  Report()
      .text("workload", "bare sync")
      .number("p50_us", quantile(micros, 0.5))
      .number("p99_us", quantile(micros, 0.99))
      .print();
}

constexpr const char* kTables = R"(
PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000;
CREATE TABLE messages(id TEXT NOT NULL PRIMARY KEY, channel_id TEXT NOT NULL, author_id TEXT NOT NULL, thread_id TEXT,
  body TEXT NOT NULL, sent_at INTEGER NOT NULL, edited_at INTEGER, deleted_at INTEGER,
  reactions TEXT NOT NULL DEFAULT '[]', votes INTEGER NOT NULL DEFAULT 0);
CREATE INDEX messages_by_channel ON messages(channel_id, sent_at);
CREATE TABLE log(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, user_id TEXT, entity_id TEXT, name TEXT, data TEXT,
  at INTEGER, replica_id TEXT, replica_seq INTEGER, stamp INTEGER, delta BLOB, salt BLOB, hash BLOB,
  UNIQUE(replica_id, replica_seq));
CREATE TABLE versions(tbl INTEGER, key BLOB, seq INTEGER NOT NULL, cells BLOB, PRIMARY KEY(tbl, key)) WITHOUT ROWID;
CREATE TABLE places(scope INTEGER, seq INTEGER, tbl INTEGER, key BLOB, gone INTEGER,
  PRIMARY KEY(scope, seq, tbl, key)) WITHOUT ROWID;
)";

void bare_sqlite(size_t group, double seconds) {
  const ScratchFolder folder;
  Dice dice(1);
  const auto opened =
      expect(sqlite::Database::open(folder.path() / "bare.db", sqlite::Access::kReadWriteCreate));
  sqlite::Database& db = *opened;
  expect(db.execute(kTables));
  const std::string channel = dice.uuid(server::now()), replica = dice.uuid(server::now());
  int64_t seq = 0;
  // Made ahead: their making is not what is measured.
  struct Post {
    std::string id, command, body, data, delta;
  };
  std::vector<Post> posts;
  const double cpu = cpu_seconds();
  double making = 0;
  const auto begin = Clock::now();
  double busy = 0;
  while (seconds_since(begin) < seconds) {
    const double before = cpu_seconds();
    posts.clear();
    for (size_t i = 0; i < group; ++i) {
      Post made{dice.uuid(server::now()), dice.uuid(server::now()), dice.text(100), {}, {}};
      made.data = post(made.id, channel, made.body);
      made.delta = made.body + std::string(60, 'd');
      posts.push_back(std::move(made));
    }
    making += cpu_seconds() - before;
    const auto start = Clock::now();
    expect(db.run("BEGIN IMMEDIATE"));
    for (const Post& made : posts) {
      const Value key(Blob{made.id.substr(0, 18)});
      const Value at(server::now().count);
      ++seq;
      expect(
          db.run("INSERT INTO messages(id, channel_id, author_id, body, sent_at) VALUES(?, ?, 'user1', ?, ?)",
                 {Value(made.id), Value(channel), Value(made.body), at}));
      expect(db.run("INSERT INTO log VALUES(?, ?, 'user1', ?, 'message.post', ?, ?, ?, ?, ?, ?, ?, ?)",
                    {Value(seq), Value(made.command), Value(made.id), Value(made.data), at, Value(replica),
                     Value(seq), at, Value(Blob{made.delta}), Value(Blob{std::string(16, 's')}),
                     Value(Blob{std::string(32, 'h')})}));
      expect(db.run("INSERT INTO versions VALUES(4, ?, ?, NULL)", {key, Value(seq)}));
      expect(db.run("INSERT INTO places VALUES(7, ?, 4, ?, 0)", {Value(seq), key}));
    }
    expect(db.run("COMMIT"));
    busy += seconds_since(start);
  }
  Report()
      .text("workload", "bare SQLite")
      .number("group", static_cast<double>(group))
      .number("commands_per_s", static_cast<double>(seq) / busy)
      .number("cpu_us", 1e6 * (cpu_seconds() - cpu - making) / static_cast<double>(seq))
      .print();
}

}  // namespace

void ceilings(const CeilingsOptions& options) {
  const double seconds = options.seconds;
  bare_sync(seconds);
  for (const size_t group : {1UL, 10UL, 100UL, 1000UL}) bare_sqlite(group, seconds);
  for (const size_t in_flight : {1UL, 64UL}) bare_echo(in_flight, seconds);
}

}  // namespace wherry::bench

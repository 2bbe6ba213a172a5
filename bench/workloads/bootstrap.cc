#include <stdexcept>

#include "base/text.h"
#include "bench/basics.h"
#include "bench/device.h"
#include "bench/fleet.h"
#include "bench/report.h"
#include "bench/server_process.h"
#include "bench/workloads/workloads.h"
#include "sqlite/database.h"

namespace wherry::bench {

namespace {

// The rows that the replica has got, put into the same table without anything else.
double bare_inserts(Database& replica) {
  const QueryResult messages = expect(replica.query("SELECT * FROM messages ORDER BY rowid"));
  const ScratchFolder folder;
  const auto db = expect(sqlite::Database::open(folder.path() / "bare.db", sqlite::Access::kReadWriteCreate));
  expect(db->execute("PRAGMA journal_mode = WAL"));
  for (const Row& row : expect(replica.query("SELECT sql FROM sqlite_schema WHERE tbl_name = 'messages' AND "
                                             "sql IS NOT NULL AND type <> 'trigger' ORDER BY rowid"))
                            .rows)
    expect(db->execute(*row[0].text()));
  const auto begin = Clock::now();
  expect(db->execute("BEGIN"));
  std::string marks = "?";
  for (size_t i = 1; i < messages.columns.size(); ++i) marks += ",?";
  const std::string insert = cat("INSERT INTO messages VALUES(", marks, ")");
  for (const Row& row : messages.rows) expect(db->run(insert, row));
  expect(db->execute("COMMIT"));
  return seconds_since(begin);
}

}  // namespace

void bootstrap(const BootstrapOptions& options) {
  Dice dice(1);
  Filled filled;
  const ServerProcess server(options.program, [&](server::DataFolder& data) {
    filled = make_workspace(data, "bench", {10, 1, options.rows}, dice);
  });
  int64_t wire = 0;
  {
    Fleet fleet(server.port());
    fleet.join({{"bench", server.token("bench", user_name(1)), Start::zero()}});
    wire = fleet.peer(0).bytes();
  }
  const int64_t memory = server.memory();
  const ScratchFolder folder;
  const auto begin = Clock::now();
  const auto replica = open_device(folder.path() / "replica.db", server, user_name(1));
  wait_synced(*replica);
  const double seconds = seconds_since(begin);
  const QueryResult counted =
      expect(replica->query("SELECT count(*), sum(length(id) + length(channel_id) + length(author_id) + "
                            "length(body) + 8 + length(reactions)) "
                            "FROM messages"));
  if (counted.rows[0][0] != Value(static_cast<int64_t>(options.rows)))
    throw std::runtime_error("the replica lacks rows");
  const double bare = bare_inserts(*replica);
  Report()
      .text("workload", "bootstrap")
      .number("rows", static_cast<double>(options.rows))
      .number("seconds", seconds)
      .number("bare_seconds", bare)
      .number("wire_bytes", static_cast<double>(wire))
      .number("wire_per_raw_byte",
              static_cast<double>(wire) / static_cast<double>(*counted.rows[0][1].integer()))
      .number("server_memory_before", static_cast<double>(memory))
      .number("server_memory_peak", static_cast<double>(server.peak_memory()))
      .print();
}

}  // namespace wherry::bench

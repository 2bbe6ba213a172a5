// What really happened in the workspace: the log as the server's own file tells it after each commit, checked
// entry by entry, and folded into rows with all their versions. Every other checker asks here what is true.
// Read from SQLite and MessagePack by means of its own; of the product it knows docs/STORAGE.md alone.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <sqlite3.h>

#include "sim/chat.h"

namespace wherry::sim {

struct LogRow {
  int64_t seq = 0;
  std::string id, user, name, data, epoch, outcome, code, replica_id, hash, roles, submitted_by;
  int64_t replica_seq = 0, base_seq = 0, client_timestamp = 0, received = 0, handled = 0, stamp = 0;
  std::vector<RowId> touched;
};

// Says which invariant is broken and how; the run ends there.
using Report = std::function<void(const char* invariant, const std::string& what)>;

class History {
 public:
  // `tables`: by number, as the log's deltas name them.
  History(std::vector<std::string> tables, Report report)
      : tables_(std::move(tables)), report_(std::move(report)) {}

  // Reads what the log has beyond what is known, and checks it. `db`: any connection to the server's file.
  void read(sqlite3* db);
  // The server was restored from a backup of this length: what came after never was.
  void rewind(int64_t head);

  int64_t head() const { return static_cast<int64_t>(log_.size()); }
  const LogRow& at(int64_t seq) const { return log_[static_cast<size_t>(seq - 1)]; }
  // Null when the log has no such command.
  const LogRow* find(const std::string& command_id) const;

  const ChatRows& rows() const { return rows_; }  // now
  ChatRows rows_at(int64_t seq) const;            // as they were
  // Likewise, in each log of which a restore took that seq back.
  std::vector<ChatRows> forgotten_at(int64_t seq) const;
  // The entry that changed the row last; 0: none.
  int64_t changed_at(const RowId& id) const;
  // Compares the server's tables with the fold: STATE=FOLD.
  void compare_tables(sqlite3* db);

 private:
  struct Version {
    int64_t seq;
    std::optional<Cells> cells;
  };
  using Versions = std::map<RowId, std::vector<Version>>;
  using Statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;
  Statement prepare(sqlite3* db, const char* sql);
  void check_chain(const LogRow& row, sqlite3_stmt* columns);
  void check_place(const LogRow& row);
  void fold(LogRow& row, const std::string& delta);
  static ChatRows rows_of(const Versions& versions, int64_t seq);

  const std::vector<std::string> tables_;
  const Report report_;
  std::vector<LogRow> log_;
  std::unordered_map<std::string, int64_t> seq_of_;
  ChatRows rows_;
  Versions versions_;
  struct Forgotten {
    int64_t backup, head;  // what was taken back lies between
    Versions versions;
  };
  std::vector<Forgotten> forgotten_;
  std::vector<int64_t> greatest_;                                          // stamps, by seq - 1
  std::unordered_map<std::string, std::pair<int64_t, int64_t>> replicas_;  // last number and stamp
};

}  // namespace wherry::sim

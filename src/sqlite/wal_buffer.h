// Gathers what SQLite writes to a write-ahead log: two writes for each page, one behind the other, become one
// for each commit or each 64 KiB. Source: the format of the write-ahead log in SQLite's file format.
//
// Nothing is held back longer than SQLite lets others see it: what was gathered goes out when the log is
// synced, read or measured, and with the frame that ends a transaction, so that a process that is killed has
// lost no commit, synced or not. What does not append is written at once: SQLite overwrites frames of a
// transaction that grew larger than its cache, and at the very end the headers behind them. Errors: SQLite's
// codes. A write that fails takes with it what was gathered, which is of the transaction that fails.
#pragma once

#include <memory>

#include <sqlite3.h>

namespace wherry::sqlite {

class WalBuffer {
 public:
  int write(sqlite3_file* to, const void* from, int amount, sqlite3_int64 offset);
  int flush(sqlite3_file* to);

 private:
  static constexpr int kBytes = 64 << 10;  // SQLite's own VFS writes less than 128 KiB at once

  std::unique_ptr<unsigned char[]> bytes_;  // only while there is something in it
  int size_ = 0;
  sqlite3_int64 end_ = 0;          // of the last write, gathered or not
  bool ends_transaction_ = false;  // the frame whose header came last
};

}  // namespace wherry::sqlite

// What the simulated disk and its VFS share: a file, and which disks there are.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "sim/disk.h"
#include "sqlite/process_locks.h"

namespace wherry::sim {

inline constexpr int64_t kSector = 512;

struct DiskFile {
  struct Change {
    int64_t offset = 0;  // of the write, or the size after a truncation
    std::string bytes;
    bool truncates = false;
  };
  std::string live, durable;
  std::vector<Change> unsynced;
  bool syncs_directory = false;  // SQLite syncs the directory at the first sync of a new journal or WAL

  sqlite::ProcessLocks locks;

  static void change(std::string& bytes, const Change& change) {
    if (change.truncates) {
      if (static_cast<size_t>(change.offset) < bytes.size()) bytes.resize(static_cast<size_t>(change.offset));
      return;
    }
    const size_t end = static_cast<size_t>(change.offset) + change.bytes.size();
    if (bytes.size() < end) bytes.resize(end, '\0');
    change.bytes.copy(bytes.data() + change.offset, change.bytes.size());
  }
};

// By name.
std::map<std::string, Disk*, std::less<>>& disks();

}  // namespace wherry::sim

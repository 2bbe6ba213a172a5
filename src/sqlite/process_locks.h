// The locks and the shared memory of one file for a VFS whose files only one process opens: what SQLite's own
// VFS asks the operating system for, kept among the connections of this process. Source: the locking states
// of SQLite's file locking, and the WAL-index's locks in its description of the WAL format. Errors: SQLite's
// codes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <sqlite3.h>

namespace wherry::sqlite {

class ProcessLocks {
 public:
  // What one connection holds.
  struct Holder {
    int level = SQLITE_LOCK_NONE;
    bool maps = false;
    uint16_t shared = 0, exclusive = 0;  // bits of the WAL-index's locks
  };

  int lock(Holder& who, int level);
  int unlock(Holder& who, int level);
  bool is_reserved() const { return reserved_ != nullptr || pending_ != nullptr || exclusive_ != nullptr; }

  int shm_map(Holder& who, int region, int size, int extend, void volatile** out);
  int shm_lock(Holder& who, int offset, int n, int flags);
  int shm_unmap(Holder& who);

 private:
  static constexpr int kRegion = 32 * 1024;

  int shared_ = 0;  // how many hold SHARED or more
  const Holder* reserved_ = nullptr;
  const Holder* pending_ = nullptr;
  const Holder* exclusive_ = nullptr;

  std::vector<std::unique_ptr<unsigned char[]>> regions_;
  int maps_ = 0;
  int shm_shared_[SQLITE_SHM_NLOCK] = {};
  const Holder* shm_exclusive_[SQLITE_SHM_NLOCK] = {};
};

}  // namespace wherry::sqlite

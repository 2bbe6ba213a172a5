#include "sqlite/process_locks.h"

namespace wherry::sqlite {

int ProcessLocks::lock(Holder& who, int level) {
  if (who.level >= level) return SQLITE_OK;
  const auto by_others = [&](const Holder* holder) { return holder != nullptr && holder != &who; };
  if (by_others(pending_) || by_others(exclusive_)) return SQLITE_BUSY;
  if (level == SQLITE_LOCK_SHARED) {
    ++shared_;
  } else {
    if (by_others(reserved_)) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_RESERVED) {
      reserved_ = &who;
    } else {
      pending_ = &who;
      if (shared_ > 1) {
        who.level = SQLITE_LOCK_PENDING;
        return SQLITE_BUSY;
      }
      exclusive_ = &who;
    }
  }
  who.level = level;
  return SQLITE_OK;
}

int ProcessLocks::unlock(Holder& who, int level) {
  if (who.level <= level) return SQLITE_OK;
  for (const Holder** held : {&reserved_, &pending_, &exclusive_})
    if (*held == &who) *held = nullptr;
  if (level == SQLITE_LOCK_NONE) --shared_;
  who.level = level;
  return SQLITE_OK;
}

int ProcessLocks::shm_map(Holder& who, int region, int size, int extend, void volatile** out) {
  *out = nullptr;
  if (size != kRegion) return SQLITE_IOERR_SHMMAP;
  if (!who.maps) ++maps_;
  who.maps = true;
  while (static_cast<int>(regions_.size()) <= region) {
    if (extend == 0) return SQLITE_OK;
    regions_.push_back(std::make_unique<unsigned char[]>(kRegion));
  }
  *out = regions_[static_cast<size_t>(region)].get();
  return SQLITE_OK;
}

int ProcessLocks::shm_lock(Holder& who, int offset, int n, int flags) {
  const bool takes = (flags & SQLITE_SHM_LOCK) != 0, shared = (flags & SQLITE_SHM_SHARED) != 0;
  for (int i = offset; takes && i < offset + n; ++i) {
    const auto bit = static_cast<uint16_t>(1U << i);
    const int mine = (who.shared & bit) != 0 ? 1 : 0;
    if (shm_exclusive_[i] != nullptr && shm_exclusive_[i] != &who) return SQLITE_BUSY;
    if (!shared && shm_shared_[i] > mine) return SQLITE_BUSY;
  }
  for (int i = offset; i < offset + n; ++i) {
    const auto bit = static_cast<uint16_t>(1U << i);
    uint16_t& held = shared ? who.shared : who.exclusive;
    if (takes == ((held & bit) != 0)) continue;
    held = static_cast<uint16_t>(held ^ bit);
    if (shared)
      shm_shared_[i] += takes ? 1 : -1;
    else
      shm_exclusive_[i] = takes ? &who : nullptr;
  }
  return SQLITE_OK;
}

int ProcessLocks::shm_unmap(Holder& who) {
  if (!who.maps) return SQLITE_OK;
  (void)shm_lock(who, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
  (void)shm_lock(who, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
  who.maps = false;
  if (--maps_ == 0) regions_.clear();
  return SQLITE_OK;
}

}  // namespace wherry::sqlite

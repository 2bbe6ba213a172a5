// SQLite's interface to the simulated disks: opens, reads, writes, locks, shared memory.
#include <algorithm>
#include <cstring>
#include <new>

#include "sim/disk_file.h"

namespace wherry::sim {

namespace {

// One handle of SQLite's.
struct Handle {
  sqlite3_file base;
  Disk* disk;
  std::shared_ptr<DiskFile> file;
  std::string name;
  sqlite::ProcessLocks::Holder held;
  bool delete_on_close;
};

Handle& handle_of(sqlite3_file* file) {
  return *reinterpret_cast<Handle*>(file);
}

// "/DISK/FILE" into its two parts.
std::pair<Disk*, std::string_view> find(std::string_view path) {
  const size_t slash = path.find('/', 1);
  if (path.empty() || path[0] != '/' || slash == std::string_view::npos) return {nullptr, {}};
  const auto at = disks().find(path.substr(1, slash - 1));
  if (at == disks().end()) return {nullptr, {}};
  return {at->second, path.substr(slash + 1)};
}

}  // namespace

// The functions that SQLite calls; a friend of Disk.
struct DiskVfs {
  static int open(sqlite3_vfs*, const char* path, sqlite3_file* out, int flags, int* out_flags) {
    out->pMethods = nullptr;
    auto* handle = new (out) Handle{};
    const auto release = [&](int code) {
      handle->~Handle();
      std::memset(static_cast<void*>(out), 0, sizeof(Handle));
      return code;
    };
    if (path == nullptr) {  // a temporary file of nobody's interest
      handle->file = std::make_shared<DiskFile>();
    } else {
      const auto [disk, name] = find(path);
      if (disk == nullptr) return release(SQLITE_CANTOPEN);
      const auto at = disk->live_.find(name);
      if (at != disk->live_.end()) {
        if (disk->burnt()) return release(SQLITE_IOERR);
        handle->file = at->second;
      } else {
        if ((flags & SQLITE_OPEN_CREATE) == 0) return release(SQLITE_CANTOPEN);
        if (const int code = disk->admit(Call::kCreate, name); code != SQLITE_OK)
          return release(code == SQLITE_FULL ? SQLITE_FULL : SQLITE_CANTOPEN);
        handle->file = std::make_shared<DiskFile>();
        handle->file->syncs_directory = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
        disk->live_[std::string(name)] = handle->file;
        disk->unsynced_.push_back({std::string(name), handle->file});
      }
      handle->disk = disk;
      handle->name = name;
      ++disk->open_files_;
    }
    handle->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    if (out_flags != nullptr) *out_flags = flags;
    out->pMethods = methods();
    return SQLITE_OK;
  }

  static int close(sqlite3_file* f) {
    Handle& h = handle_of(f);
    (void)h.file->locks.shm_unmap(h.held);
    (void)h.file->locks.unlock(h.held, SQLITE_LOCK_NONE);
    if (h.disk != nullptr) {
      --h.disk->open_files_;
      if (h.delete_on_close) (void)remove(*h.disk, h.name, false);
    }
    h.~Handle();
    return SQLITE_OK;
  }

  static int read(sqlite3_file* f, void* to, int amount, sqlite3_int64 offset) {
    const Handle& h = handle_of(f);
    if (h.disk != nullptr && h.disk->burnt()) return SQLITE_IOERR_READ;
    const std::string& live = h.file->live;
    const auto want = static_cast<size_t>(amount), from = static_cast<size_t>(offset);
    const size_t have = from < live.size() ? std::min(want, live.size() - from) : 0;
    std::memcpy(to, live.data() + std::min(from, live.size()), have);
    if (have == want) return SQLITE_OK;
    std::memset(static_cast<char*>(to) + have, 0, want - have);
    return SQLITE_IOERR_SHORT_READ;
  }

  static int write(sqlite3_file* f, const void* from, int amount, sqlite3_int64 offset) {
    Handle& h = handle_of(f);
    DiskFile::Change change{offset, std::string(static_cast<const char*>(from), static_cast<size_t>(amount))};
    if (h.disk != nullptr) {
      const int64_t end = offset + amount;
      const int64_t grows = end - static_cast<int64_t>(h.file->live.size());
      if (h.disk->capacity > 0 && grows > 0 && h.disk->size() + grows > h.disk->capacity) return SQLITE_FULL;
      if (const int code = h.disk->admit(Call::kWrite, h.name); code != SQLITE_OK) return code;
    }
    DiskFile::change(h.file->live, change);
    if (h.disk != nullptr) h.file->unsynced.push_back(std::move(change));
    return SQLITE_OK;
  }

  static int truncate(sqlite3_file* f, sqlite3_int64 size) {
    Handle& h = handle_of(f);
    if (h.disk != nullptr)
      if (const int code = h.disk->admit(Call::kTruncate, h.name); code != SQLITE_OK) return code;
    DiskFile::Change change{size, {}, true};
    DiskFile::change(h.file->live, change);
    if (h.disk != nullptr) h.file->unsynced.push_back(std::move(change));
    return SQLITE_OK;
  }

  static int sync(sqlite3_file* f, int) {
    Handle& h = handle_of(f);
    if (h.disk == nullptr) return SQLITE_OK;
    const int code = h.disk->admit(Call::kSync, h.name);
    if (h.disk->burnt()) return SQLITE_IOERR_FSYNC;
    if (code != SQLITE_OK) {
      h.disk->fail_sync(*h.file);
      return code;
    }
    return h.disk->sync(*h.file);
  }

  static int file_size(sqlite3_file* f, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(handle_of(f).file->live.size());
    return SQLITE_OK;
  }

  static int lock(sqlite3_file* f, int level) {
    Handle& h = handle_of(f);
    return h.file->locks.lock(h.held, level);
  }
  static int unlock(sqlite3_file* f, int level) {
    Handle& h = handle_of(f);
    return h.file->locks.unlock(h.held, level);
  }
  static int check_reserved(sqlite3_file* f, int* out) {
    *out = handle_of(f).file->locks.is_reserved();
    return SQLITE_OK;
  }

  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return static_cast<int>(kSector); }
  static int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int shm_map(sqlite3_file* f, int region, int size, int extend, void volatile** out) {
    Handle& h = handle_of(f);
    return h.file->locks.shm_map(h.held, region, size, extend, out);
  }
  static int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
    Handle& h = handle_of(f);
    return h.file->locks.shm_lock(h.held, offset, n, flags);
  }
  static void shm_barrier(sqlite3_file*) {}
  static int shm_unmap(sqlite3_file* f, int) {
    Handle& h = handle_of(f);
    return h.file->locks.shm_unmap(h.held);
  }

  static int remove(Disk& disk, std::string_view name, bool syncs) {
    const auto at = disk.live_.find(name);
    if (at == disk.live_.end()) return SQLITE_IOERR_DELETE_NOENT;
    if (const int code = disk.admit(Call::kDelete, name); code != SQLITE_OK) return SQLITE_IOERR_DELETE;
    disk.unsynced_.push_back({std::string(name), nullptr});
    disk.live_.erase(at);
    if (syncs) disk.sync_directory();
    return SQLITE_OK;
  }

  static int delete_file(sqlite3_vfs*, const char* path, int syncs) {
    const auto [disk, name] = find(path);
    return disk == nullptr ? SQLITE_IOERR_DELETE : remove(*disk, name, syncs != 0);
  }

  static int access(sqlite3_vfs*, const char* path, int, int* out) {
    const auto [disk, name] = find(path);
    if (disk != nullptr && disk->burnt()) return SQLITE_IOERR_ACCESS;
    *out = disk != nullptr && disk->live_.contains(name);
    return SQLITE_OK;
  }

  static int full_path(sqlite3_vfs*, const char* path, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", path);
    return SQLITE_OK;
  }
  // Worlds seed SQLite's generator themselves; time stands still within a call.
  static int randomness(sqlite3_vfs*, int size, char* out) {
    std::memset(out, 7, static_cast<size_t>(size));
    return size;
  }
  static int sleep(sqlite3_vfs*, int micros) { return micros; }
  static int current_time(sqlite3_vfs*, double* out) {
    *out = 2440587.5;
    return SQLITE_OK;
  }
  static int current_time_64(sqlite3_vfs*, sqlite3_int64* out) {
    *out = 210866760000000;
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }

  static const sqlite3_io_methods* methods() {
    static const sqlite3_io_methods all = {
        2,         close,          read,    write,       truncate,        sync,    file_size, lock,
        unlock,    check_reserved, control, sector_size, characteristics, shm_map, shm_lock,  shm_barrier,
        shm_unmap, nullptr,        nullptr};
    return &all;
  }
};

const char* Disk::vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made{};
    made.iVersion = 2;
    made.szOsFile = sizeof(Handle);
    made.mxPathname = 512;
    made.zName = "wherry-sim";
    made.xOpen = DiskVfs::open;
    made.xDelete = DiskVfs::delete_file;
    made.xAccess = DiskVfs::access;
    made.xFullPathname = DiskVfs::full_path;
    made.xRandomness = DiskVfs::randomness;
    made.xSleep = DiskVfs::sleep;
    made.xCurrentTime = DiskVfs::current_time;
    made.xGetLastError = DiskVfs::last_error;
    made.xCurrentTimeInt64 = DiskVfs::current_time_64;
    return made;
  }();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  (void)registered;
  return vfs.zName;
}

}  // namespace wherry::sim

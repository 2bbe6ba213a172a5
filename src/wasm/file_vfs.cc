#include "wasm/file_vfs.h"

#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <string>

#include <sqlite3.h>

#include "sqlite/process_locks.h"
#include "wasm/host.h"

namespace wherry::wasm {

namespace {

using sqlite::ProcessLocks;

// One handle of SQLite's. The host opens a file once, however many handles there are.
struct Shared {
  int32_t number = -1;
  std::string name;
  ProcessLocks locks;
  ~Shared() { wherry_file_close(number); }
};
struct Handle {
  sqlite3_file base;
  std::shared_ptr<Shared> file;
  ProcessLocks::Holder held;
  bool delete_on_close;
};

std::map<std::string, std::weak_ptr<Shared>, std::less<>>& open_files() {
  static std::map<std::string, std::weak_ptr<Shared>, std::less<>> files;
  return files;
}

Handle& handle_of(sqlite3_file* file) {
  return *reinterpret_cast<Handle*>(file);
}
int32_t length_of(const char* name) {
  return static_cast<int32_t>(std::strlen(name));
}
int code_of(int32_t result, int otherwise) {
  return result >= 0 ? SQLITE_OK : result == kHostFull ? SQLITE_FULL : otherwise;
}

int delete_file(sqlite3_vfs*, const char* name, int) {
  const int32_t result = wherry_file_delete(name, length_of(name));
  if (result == kHostMissing) return SQLITE_IOERR_DELETE_NOENT;
  return code_of(result, SQLITE_IOERR_DELETE);
}

int close_file(sqlite3_file* f) {
  Handle& h = handle_of(f);
  (void)h.file->locks.shm_unmap(h.held);
  (void)h.file->locks.unlock(h.held, SQLITE_LOCK_NONE);
  const std::string gone = h.delete_on_close ? h.file->name : "";
  h.~Handle();
  return gone.empty() ? SQLITE_OK : delete_file(nullptr, gone.c_str(), 0);
}

int read_file(sqlite3_file* f, void* to, int amount, sqlite3_int64 at) {
  const int32_t have = wherry_file_read(handle_of(f).file->number, to, amount, static_cast<double>(at));
  if (have < 0) return SQLITE_IOERR_READ;
  if (have == amount) return SQLITE_OK;
  std::memset(static_cast<char*>(to) + have, 0, static_cast<size_t>(amount - have));
  return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* f, const void* from, int amount, sqlite3_int64 at) {
  return code_of(wherry_file_write(handle_of(f).file->number, from, amount, static_cast<double>(at)),
                 SQLITE_IOERR_WRITE);
}

int truncate_file(sqlite3_file* f, sqlite3_int64 size) {
  return code_of(wherry_file_truncate(handle_of(f).file->number, static_cast<double>(size)),
                 SQLITE_IOERR_TRUNCATE);
}

int sync_file(sqlite3_file* f, int) {
  return code_of(wherry_file_sync(handle_of(f).file->number), SQLITE_IOERR_FSYNC);
}

int file_size(sqlite3_file* f, sqlite3_int64* size) {
  const double bytes = wherry_file_size(handle_of(f).file->number);
  *size = static_cast<sqlite3_int64>(bytes);
  return bytes < 0 ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

int lock_file(sqlite3_file* f, int level) {
  Handle& h = handle_of(f);
  return h.file->locks.lock(h.held, level);
}
int unlock_file(sqlite3_file* f, int level) {
  Handle& h = handle_of(f);
  return h.file->locks.unlock(h.held, level);
}
int check_reserved(sqlite3_file* f, int* out) {
  *out = handle_of(f).file->locks.is_reserved();
  return SQLITE_OK;
}
int control(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}
int sector_size(sqlite3_file*) {
  return 4096;
}
int characteristics(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}
int shm_map(sqlite3_file* f, int region, int size, int extend, void volatile** out) {
  Handle& h = handle_of(f);
  return h.file->locks.shm_map(h.held, region, size, extend, out);
}
int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
  Handle& h = handle_of(f);
  return h.file->locks.shm_lock(h.held, offset, n, flags);
}
void shm_barrier(sqlite3_file*) {}
int shm_unmap(sqlite3_file* f, int) {
  Handle& h = handle_of(f);
  return h.file->locks.shm_unmap(h.held);
}

const sqlite3_io_methods kMethods = {2,           close_file,  read_file,       write_file,  truncate_file,
                                     sync_file,   file_size,   lock_file,       unlock_file, check_reserved,
                                     control,     sector_size, characteristics, shm_map,     shm_lock,
                                     shm_barrier, shm_unmap,   nullptr,         nullptr};

std::shared_ptr<Shared> shared_file(const std::string& name, bool create) {
  std::weak_ptr<Shared>& known = open_files()[name];
  if (auto file = known.lock()) return file;
  const int32_t number =
      wherry_file_open(name.data(), static_cast<int32_t>(name.size()), static_cast<int32_t>(create));
  if (number < 0) return nullptr;
  auto file = std::make_shared<Shared>();
  file->number = number;
  file->name = name;
  known = file;
  return file;
}

// Temporary files have no name: SQLite is built to keep them in memory.
int open_file(sqlite3_vfs*, const char* name, sqlite3_file* out, int flags, int* out_flags) {
  out->pMethods = nullptr;
  if (name == nullptr) return SQLITE_CANTOPEN;
  std::shared_ptr<Shared> file = shared_file(name, (flags & SQLITE_OPEN_CREATE) != 0);
  if (!file) return SQLITE_CANTOPEN;
  new (out) Handle{{&kMethods}, std::move(file), {}, (flags & SQLITE_OPEN_DELETEONCLOSE) != 0};
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int access_file(sqlite3_vfs*, const char* name, int, int* out) {
  const int32_t there = wherry_file_exists(name, length_of(name));
  *out = there > 0;
  return there < 0 ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}
int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}
int randomness(sqlite3_vfs*, int size, char* out) {
  wherry_random(out, size);
  return size;
}
int sleep_for(sqlite3_vfs*, int micros) {
  return micros;
}
// In milliseconds since noon of the day with the Julian number 0, as SQLite counts.
int current_time_64(sqlite3_vfs*, sqlite3_int64* out) {
  *out = 210866760000000 + static_cast<sqlite3_int64>(wherry_now());
  return SQLITE_OK;
}
int current_time(sqlite3_vfs*, double* out) {
  *out = 2440587.5 + wherry_now() / 86'400'000;
  return SQLITE_OK;
}
int last_error(sqlite3_vfs*, int, char*) {
  return 0;
}

}  // namespace

void register_file_vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made{};
    made.iVersion = 2;
    made.szOsFile = sizeof(Handle);
    made.mxPathname = 512;
    made.zName = "wherry-host";
    made.xOpen = open_file;
    made.xDelete = delete_file;
    made.xAccess = access_file;
    made.xFullPathname = full_path;
    made.xRandomness = randomness;
    made.xSleep = sleep_for;
    made.xCurrentTime = current_time;
    made.xGetLastError = last_error;
    made.xCurrentTimeInt64 = current_time_64;
    return made;
  }();
  sqlite3_vfs_register(&vfs, 1);
}

}  // namespace wherry::wasm

// SQLite calls these when it begins and ends.
extern "C" int sqlite3_os_init() {
  wherry::wasm::register_file_vfs();
  return SQLITE_OK;
}
extern "C" int sqlite3_os_end() {
  return SQLITE_OK;
}

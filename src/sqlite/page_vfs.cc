#include "sqlite/page_vfs.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include <sqlite3.h>
#include <xxhash.h>

#include "base/text.h"
#include "sqlite/wal_buffer.h"

namespace wherry::sqlite {

namespace {

constexpr size_t kFileHeader = 100;
constexpr size_t kReservedAt = 20;  // in the file's header: the bytes reserved in each page
constexpr int kPageMost = 65536;

// Followed in memory by the base VFS's own file.
struct File {
  sqlite3_file base;
  bool is_database;
  bool is_sealed;       // its header reserves the place
  unsigned char* page;  // of kPageMost bytes, made at the first write
  WalBuffer* wal;       // of a write-ahead log
};

struct Shim {
  sqlite3_vfs vfs;
  sqlite3_vfs* base;
  std::string name;
};

sqlite3_vfs* base_of(sqlite3_vfs* vfs) {
  return static_cast<Shim*>(vfs->pAppData)->base;
}
sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
}

size_t big_endian(const unsigned char* at) {
  return static_cast<size_t>(at[0]) << 8 | at[1];
}

// Little-endian, so that a file can be taken to another machine.
uint64_t load(const unsigned char* at) {
  uint64_t number = 0;
  for (int i = kSeal; i-- > 0;) number = number << 8 | at[i];
  return number;
}
void store(unsigned char* at, uint64_t number) {
  for (int i = 0; i < kSeal; ++i) at[i] = static_cast<unsigned char>(number >> 8 * i);
}

// What a log has gathered and not written is of no transaction that has ended.
int close_file(sqlite3_file* file) {
  std::free(reinterpret_cast<File*>(file)->page);
  delete reinterpret_cast<File*>(file)->wal;
  return real(file)->pMethods->xClose(real(file));
}

// Before anything but writing: others must find in the log what this connection believes to be there.
int flush_wal(sqlite3_file* file) {
  WalBuffer* wal = reinterpret_cast<File*>(file)->wal;
  return wal == nullptr ? SQLITE_OK : wal->flush(real(file));
}

// The header is read by itself before any page, and written with page 1.
void look_at_header(File& file, const void* bytes, int amount, sqlite3_int64 offset) {
  if (!file.is_database || offset != 0 || amount < static_cast<int>(kFileHeader)) return;
  if (std::memcmp(bytes, "SQLite format 3", 16) != 0) return;
  file.is_sealed = static_cast<const unsigned char*>(bytes)[kReservedAt] == kSeal;
}

bool is_page(int amount, sqlite3_int64 offset) {
  return amount >= 512 && amount <= kPageMost && (amount & (amount - 1)) == 0 && offset % amount == 0;
}

// Never zero.
uint64_t seal_of(const unsigned char* page, int size, sqlite3_int64 offset) {
  const uint64_t hash =
      XXH3_64bits_withSeed(page, static_cast<size_t>(size - kSeal), static_cast<uint64_t>(offset / size + 1));
  return hash == 0 ? 1 : hash;
}

// A page without a seal is another program's, unless there is nothing in it: with secure_delete no such page
// is ever read for what it holds.
bool is_sound(const unsigned char* page, int size, sqlite3_int64 offset) {
  const uint64_t seal = load(page + size - kSeal);
  if (seal != 0) return seal == seal_of(page, size, offset);
  return std::any_of(page, page + size, [](unsigned char byte) { return byte != 0; });
}

int read_file(sqlite3_file* file, void* to, int amount, sqlite3_int64 offset) {
  auto* self = reinterpret_cast<File*>(file);
  if (const int failed = flush_wal(file); failed != SQLITE_OK) return failed;
  const int code = real(file)->pMethods->xRead(real(file), to, amount, offset);
  const bool cut_off = code == SQLITE_IOERR_SHORT_READ && self->is_sealed && offset > 0;
  if (code != SQLITE_OK && !cut_off) return code;
  look_at_header(*self, to, amount, offset);
  if (!self->is_sealed || !is_page(amount, offset)) return code;
  auto* page = static_cast<unsigned char*>(to);
  unsigned char* seal = page + amount - kSeal;
  if (cut_off || !is_sound(page, amount, offset)) {
    sqlite3_log(SQLITE_CORRUPT, "page %lld is damaged", offset / amount + 1);
    return SQLITE_CORRUPT;
  }
  std::memset(seal, 0, kSeal);
  return SQLITE_OK;
}

// A page that the file ends in, cut off, would get zeros behind it as the file grows, and with them no seal.
int drop_cut_page(sqlite3_file* file, int size) {
  sqlite3_int64 bytes = 0;
  const int code = file->pMethods->xFileSize(file, &bytes);
  if (code != SQLITE_OK || bytes % size == 0) return code;
  return file->pMethods->xTruncate(file, bytes / size * size);
}

int prepare_to_write(File& file, sqlite3_file* base, int page_size) {
  if (file.page != nullptr) return SQLITE_OK;
  if (file.is_sealed)
    if (const int code = drop_cut_page(base, page_size); code != SQLITE_OK) return code;
  file.page = static_cast<unsigned char*>(std::malloc(kPageMost));
  return file.page == nullptr ? SQLITE_IOERR_NOMEM : SQLITE_OK;
}

int write_file(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) {
  auto* self = reinterpret_cast<File*>(file);
  if (self->wal != nullptr) return self->wal->write(real(file), from, amount, offset);
  look_at_header(*self, from, amount, offset);
  if (self->is_database && is_page(amount, offset)) {
    if (const int code = prepare_to_write(*self, real(file), amount); code != SQLITE_OK) return code;
    std::memcpy(self->page, from, static_cast<size_t>(amount));
    scrub_page(self->page, static_cast<size_t>(amount), offset == 0);
    if (self->is_sealed) store(self->page + amount - kSeal, seal_of(self->page, amount, offset));
    from = self->page;
  }
  return real(file)->pMethods->xWrite(real(file), from, amount, offset);
}

int truncate_file(sqlite3_file* f, sqlite3_int64 size) {
  if (const int failed = flush_wal(f); failed != SQLITE_OK) return failed;
  return real(f)->pMethods->xTruncate(real(f), size);
}
int sync_file(sqlite3_file* f, int flags) {
  if (const int failed = flush_wal(f); failed != SQLITE_OK) return failed;
  return real(f)->pMethods->xSync(real(f), flags);
}
int file_size(sqlite3_file* f, sqlite3_int64* size) {
  if (const int failed = flush_wal(f); failed != SQLITE_OK) return failed;
  return real(f)->pMethods->xFileSize(real(f), size);
}
int lock(sqlite3_file* f, int level) {
  return real(f)->pMethods->xLock(real(f), level);
}
int unlock(sqlite3_file* f, int level) {
  return real(f)->pMethods->xUnlock(real(f), level);
}
int check_lock(sqlite3_file* f, int* out) {
  return real(f)->pMethods->xCheckReservedLock(real(f), out);
}
int control(sqlite3_file* f, int op, void* arg) {
  return real(f)->pMethods->xFileControl(real(f), op, arg);
}
int sector_size(sqlite3_file* f) {
  return real(f)->pMethods->xSectorSize(real(f));
}
// Parts of pages could not be checked.
int characteristics(sqlite3_file* f) {
  return real(f)->pMethods->xDeviceCharacteristics(real(f)) & ~SQLITE_IOCAP_SUBPAGE_READ;
}
int shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}
int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
  return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}
void shm_barrier(sqlite3_file* f) {
  real(f)->pMethods->xShmBarrier(real(f));
}
int shm_unmap(sqlite3_file* f, int flag) {
  return real(f)->pMethods->xShmUnmap(real(f), flag);
}

// Version 2: no memory mapping, which would pass the writes by.
const sqlite3_io_methods kMethods = {
    2,        close_file,  read_file,  write_file, truncate_file, sync_file,       file_size,
    lock,     unlock,      check_lock, control,    sector_size,   characteristics, shm_map,
    shm_lock, shm_barrier, shm_unmap,  nullptr,    nullptr};

// A database that is found empty may have been emptied by a recovery that was killed before it synced. SQLite
// takes a journal beside an empty file for one that nobody needs, and a power loss could then bring the
// file's content back, without what rolls it back.
int settle_empty(sqlite3_file* file) {
  sqlite3_int64 size = 0;
  const int code = file->pMethods->xFileSize(file, &size);
  return code != SQLITE_OK || size > 0 ? code : file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* self = reinterpret_cast<File*>(file);
  self->base.pMethods = nullptr;
  self->is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  self->is_sealed = false;
  self->page = nullptr;
  self->wal = nullptr;
  if ((flags & SQLITE_OPEN_WAL) != 0) {
    self->wal = new (std::nothrow) WalBuffer;
    if (self->wal == nullptr) return SQLITE_IOERR_NOMEM;
  }
  const int code = base_of(vfs)->xOpen(base_of(vfs), name, real(file), flags, out_flags);
  if (real(file)->pMethods == nullptr) {
    delete std::exchange(self->wal, nullptr);  // it will not be closed
    return code;
  }
  self->base.pMethods = &kMethods;
  return code == SQLITE_OK && self->is_database ? settle_empty(real(file)) : code;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync) {
  return base_of(vfs)->xDelete(base_of(vfs), name, sync);
}
int access_file(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
  return base_of(vfs)->xAccess(base_of(vfs), name, flags, out);
}
int full_path(sqlite3_vfs* vfs, const char* name, int size, char* out) {
  return base_of(vfs)->xFullPathname(base_of(vfs), name, size, out);
}
int randomness(sqlite3_vfs* vfs, int size, char* out) {
  return base_of(vfs)->xRandomness(base_of(vfs), size, out);
}
int sleep_for(sqlite3_vfs* vfs, int micros) {
  return base_of(vfs)->xSleep(base_of(vfs), micros);
}
int current_time(sqlite3_vfs* vfs, double* out) {
  return base_of(vfs)->xCurrentTime(base_of(vfs), out);
}
int last_error(sqlite3_vfs* vfs, int size, char* out) {
  return base_of(vfs)->xGetLastError(base_of(vfs), size, out);
}
int current_time_64(sqlite3_vfs* vfs, sqlite3_int64* out) {
  return base_of(vfs)->xCurrentTimeInt64(base_of(vfs), out);
}

}  // namespace

void scrub_page(unsigned char* page, size_t size, bool first) {
  const size_t header = first ? kFileHeader : 0;
  const unsigned char kind = page[header];
  const bool is_interior = kind == 2 || kind == 5;
  if (!is_interior && kind != 10 && kind != 13) return;
  const size_t cells = big_endian(page + header + 3);
  size_t content = big_endian(page + header + 5);
  if (content == 0) content = 65536;
  const size_t pointers_end = header + (is_interior ? 12 : 8) + 2 * cells;
  if (pointers_end < content && content <= size) std::memset(page + pointers_end, 0, content - pointers_end);
}

void reserve_seals(Database& db) {
  int bytes = kSeal;
  sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes);
}

bool has_seals(Database& db) {
  int bytes = -1;
  sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes);
  return bytes == kSeal;
}

Result<std::string> page_vfs(const std::string& base) {
  std::string name = cat("wherry", base.empty() ? "" : ":", base);
  if (sqlite3_vfs_find(name.c_str()) != nullptr) return name;
  sqlite3_vfs* under = sqlite3_vfs_find(base.empty() ? nullptr : base.c_str());
  if (under == nullptr) return fail(ErrorCode::kNotFound, cat("there is no VFS ", base));
  // Owned by SQLite's list from here on, as long as the process lives.
  auto* shim = new Shim{*under, under, name};
  shim->vfs.iVersion = std::min(under->iVersion, 2);
  shim->vfs.szOsFile = static_cast<int>(sizeof(File)) + under->szOsFile;
  shim->vfs.pNext = nullptr;
  shim->vfs.zName = shim->name.c_str();
  shim->vfs.pAppData = shim;
  shim->vfs.xOpen = open_file;
  shim->vfs.xDelete = delete_file;
  shim->vfs.xAccess = access_file;
  shim->vfs.xFullPathname = full_path;
  shim->vfs.xDlOpen = nullptr;
  shim->vfs.xDlError = nullptr;
  shim->vfs.xDlSym = nullptr;
  shim->vfs.xDlClose = nullptr;
  shim->vfs.xRandomness = randomness;
  shim->vfs.xSleep = sleep_for;
  shim->vfs.xCurrentTime = current_time;
  shim->vfs.xGetLastError = last_error;
  shim->vfs.xCurrentTimeInt64 = current_time_64;
  sqlite3_vfs_register(&shim->vfs, 0);
  return name;
}

}  // namespace wherry::sqlite

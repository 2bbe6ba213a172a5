// A machine's disk in memory, with SQLite's VFS over it: it knows of every write whether it was synced, and
// can lose those that were not, as a power cut does.
//
// Each file has what programs see (live) and what would survive a power cut for certain (durable); between
// them lie the writes since the last sync. A *fuse* lets every modifying call from the n-th on fail, as when
// the process had been killed there; then the program is taken down and crash() makes what the next one
// finds. Locks and shared memory are kept for real: several connections of one process may use a file.
//
// Thread: none of this is thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace wherry::sim {

enum class Crash {
  kProcess,  // what was written stays, still not durable
  kPower,    // each unsynced write is kept, lost or torn at a sector; unsynced creations and deletions may be
             // undone
};

// What a power cut leaves of creations and deletions that no directory sync covered.
enum class Metadata {
  kOrdered,  // those up to some moment; syncing any file makes all before it durable (ext4's default)
  kStrict,   // any of them (POSIX): only a sync of the directory helps
};

// A modifying call, as faults see it.
enum class Call { kCreate, kWrite, kTruncate, kSync, kDelete };

struct DiskFile;

class Disk {
 public:
  // The name of the one VFS; it finds the disk by the first part of a path.
  static const char* vfs();

  Disk(std::string name, uint64_t seed, Metadata metadata);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  // The path of a file on this disk, for SQLite.
  std::string path(std::string_view file) const;

  // The `calls`-th modifying call from now fails, and every call behind it. `how`: the crash that is to
  // follow; whoever takes the program down draws it when there is none.
  void light_fuse(int64_t calls, std::optional<Crash> how = std::nullopt) {
    fuse_ = calls;
    fuse_how_ = how;
  }
  void put_fuse_out() { fuse_ = 0; }
  bool burnt() const { return fuse_ < 0; }
  // From now on every call fails.
  void burn() { fuse_ = -1; }
  // What the call was that the fuse failed.
  const std::string& burnt_file() const { return burnt_file_; }
  Call burnt_call() const { return burnt_call_; }
  std::optional<Crash> burnt_how() const { return fuse_how_; }
  int64_t calls() const { return calls_; }  // modifying calls so far

  // Takes the fuse out and leaves what the next process finds. Requires: nothing is open.
  void crash(Crash how);
  // Called when a crash is over, for scripts that have plans for the next process.
  std::function<void()> after_crash;

  // Asked before each modifying call; another SQLite code than SQLITE_OK is what it returns.
  std::function<int(Call, std::string_view file)> fault;
  // Bytes on the disk above which writes fail with SQLITE_FULL; 0: no bound.
  int64_t capacity = 0;

  int64_t size() const;
  std::vector<std::string> files() const;
  // As programs see it; the empty string when there is none.
  std::string read(std::string_view file) const;
  // Puts a file in place, durable, or takes it away. Requires: it is not open.
  void put(std::string_view file, std::string bytes);
  void remove(std::string_view file);

 private:
  friend struct DiskVfs;
  using Directory = std::map<std::string, std::shared_ptr<DiskFile>, std::less<>>;
  struct DirectoryChange {
    std::string name;
    std::shared_ptr<DiskFile> file;  // null: deleted
  };

  int admit(Call call, std::string_view file);  // counts the call: SQLITE_OK or why it fails
  int sync(DiskFile& file);
  void fail_sync(DiskFile& file);
  void sync_directory();
  void apply(const DirectoryChange& change);
  void lose_power();
  void lose_unsynced(DiskFile& file);
  uint64_t draw(uint64_t below) { return random_() % below; }

  const std::string name_;
  const Metadata metadata_;
  std::mt19937_64 random_;
  Directory live_, durable_;
  std::vector<DirectoryChange> unsynced_;
  int64_t fuse_ = 0, calls_ = 0;
  std::optional<Crash> fuse_how_;
  std::string burnt_file_;
  Call burnt_call_ = Call::kWrite;
  int open_files_ = 0;
};

}  // namespace wherry::sim

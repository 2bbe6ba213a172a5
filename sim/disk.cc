#include "sim/disk.h"

#include <algorithm>
#include <cassert>
#include <set>

#include "sim/disk_file.h"

namespace wherry::sim {

namespace {

constexpr int64_t kBlock = 4096;

}  // namespace

std::map<std::string, Disk*, std::less<>>& disks() {
  static std::map<std::string, Disk*, std::less<>> all;
  return all;
}

Disk::Disk(std::string name, uint64_t seed, Metadata metadata)
    : name_(std::move(name)), metadata_(metadata), random_(seed) {
  assert(!disks().contains(name_));
  disks()[name_] = this;
}

Disk::~Disk() {
  assert(open_files_ == 0);
  disks().erase(name_);
}

std::string Disk::path(std::string_view file) const {
  return "/" + name_ + "/" + std::string(file);
}

int Disk::admit(Call call, std::string_view file) {
  if (burnt()) return SQLITE_IOERR;
  ++calls_;
  if (fuse_ > 0 && --fuse_ == 0) {
    fuse_ = -1;
    burnt_call_ = call;
    burnt_file_ = file;
    return SQLITE_IOERR;
  }
  return fault ? fault(call, file) : SQLITE_OK;
}

int Disk::sync(DiskFile& file) {
  for (const DiskFile::Change& change : file.unsynced) DiskFile::change(file.durable, change);
  file.unsynced.clear();
  if (metadata_ == Metadata::kOrdered || file.syncs_directory) sync_directory();
  file.syncs_directory = false;
  return SQLITE_OK;
}

// Of each block the system may have written what it held, may hold it for clean although it is lost, or may
// try it again: what Linux does after a failed fsync.
void Disk::fail_sync(DiskFile& file) {
  std::set<int64_t> blocks;
  for (const DiskFile::Change& change : file.unsynced) {
    if (change.truncates) DiskFile::change(file.durable, change);
    const auto end = change.offset + static_cast<int64_t>(change.bytes.size());
    for (int64_t block = change.offset / kBlock; block * kBlock < end; ++block) blocks.insert(block);
  }
  file.unsynced.clear();
  for (const int64_t block : blocks) {
    const auto offset = static_cast<size_t>(block * kBlock);
    if (offset >= file.live.size()) continue;
    DiskFile::Change change{block * kBlock, file.live.substr(offset, kBlock)};
    const uint64_t fate = draw(3);
    if (fate == 0) DiskFile::change(file.durable, change);
    if (fate == 1) file.unsynced.push_back(std::move(change));
  }
}

void Disk::apply(const DirectoryChange& change) {
  if (change.file)
    durable_[change.name] = change.file;
  else
    durable_.erase(change.name);
}

void Disk::sync_directory() {
  for (const DirectoryChange& change : unsynced_) apply(change);
  unsynced_.clear();
}

void Disk::lose_unsynced(DiskFile& file) {
  for (DiskFile::Change& change : file.unsynced) {
    const uint64_t fate = draw(3);
    if (fate == 0) continue;
    if (fate == 1 || change.truncates) {
      DiskFile::change(file.durable, change);
      continue;
    }
    // Torn: each sector by itself.
    const int64_t end = change.offset + static_cast<int64_t>(change.bytes.size());
    for (int64_t at = change.offset; at < end;) {
      const int64_t next = std::min(end, (at / kSector + 1) * kSector);
      if (draw(2) == 0)
        DiskFile::change(file.durable, {at, change.bytes.substr(static_cast<size_t>(at - change.offset),
                                                                static_cast<size_t>(next - at))});
      at = next;
    }
  }
  file.unsynced.clear();
  file.live = file.durable;
}

void Disk::crash(Crash how) {
  assert(open_files_ == 0);
  fuse_ = 0;
  if (how == Crash::kPower) lose_power();
  if (after_crash) after_crash();
}

void Disk::lose_power() {
  if (metadata_ == Metadata::kOrdered) {
    const uint64_t kept = draw(unsynced_.size() + 1);
    for (size_t i = 0; i < kept; ++i) apply(unsynced_[i]);
  } else {
    for (const DirectoryChange& change : unsynced_)
      if (draw(2) == 0) apply(change);
  }
  unsynced_.clear();
  live_ = durable_;
  for (auto& [_, file] : live_) lose_unsynced(*file);
}

int64_t Disk::size() const {
  int64_t sum = 0;
  for (const auto& [_, file] : live_) sum += static_cast<int64_t>(file->live.size());
  return sum;
}

std::vector<std::string> Disk::files() const {
  std::vector<std::string> names;
  for (const auto& [name, _] : live_) names.push_back(name);
  return names;
}

std::string Disk::read(std::string_view file) const {
  const auto at = live_.find(file);
  return at == live_.end() ? std::string() : at->second->live;
}

void Disk::put(std::string_view file, std::string bytes) {
  auto made = std::make_shared<DiskFile>();
  made->live = made->durable = std::move(bytes);
  live_[std::string(file)] = durable_[std::string(file)] = std::move(made);
  std::erase_if(unsynced_, [&](const DirectoryChange& change) { return change.name == file; });
}

void Disk::remove(std::string_view file) {
  if (const auto at = live_.find(file); at != live_.end()) live_.erase(at);
  if (const auto at = durable_.find(file); at != durable_.end()) durable_.erase(at);
  std::erase_if(unsynced_, [&](const DirectoryChange& change) { return change.name == file; });
}

}  // namespace wherry::sim

// What becomes of a device's files beside its replica: backups, copies, damage.
#include "sim/damage.h"
#include "sim/device.h"

namespace wherry::sim {

namespace {

// The replica says that its file is damaged, and the file is.
struct Stopped {
  Error error;
};

}  // namespace

void Device::stop_at_damage(const Error& error) {
  if (!damaged_) world_.violated("CORRUPT-STOP", name_ + " finds its file damaged: " + error.text());
  world_.sometimes("a replica stopped at damage");
  if (replica_) {
    found_damaged_ = true;
    die(Crash::kProcess, "device: stops at damage");
  } else {
    world_.after(kReopenAfter, [this, life = life_] {
      if (life == life_) start();
    });
  }
}

bool Device::observe(const std::function<void()>& what) {
  try {
    what();
  } catch (const Stopped& stopped) {
    // A query that reads an index may have to write it first.
    if (!died()) connect_anew(stopped.error, "look");
  }
  return replica_ != nullptr;
}

// After a fault, unless it was damage.
void Device::connect_anew(const Error& error, const char* doing) {
  if (!handle_error(error, doing)) return;
  replica_->disconnected();
  connect_later(std::nullopt);
}

void Device::back_up() {
  if (damaged_) return;
  backup_.clear();
  for (const std::string& file : disk.files()) backup_[file] = disk.read(file);
}

void Device::restore_backup() {
  if (backup_.empty() || !replica_) return;
  world_.sometimes("a device was restored from a backup");
  die(Crash::kProcess, "device: restored");
  for (const std::string& file : disk.files()) disk.remove(file);
  for (const auto& [file, bytes] : backup_) disk.put(file, bytes);
  damaged_ = found_damaged_ = false;
  lose_file();
}

void Device::copy_files_from(Device& other) {
  for (const std::string& file : other.disk.files()) disk.put(file, other.disk.read(file));
  other.copied_ = true;
  damaged_ = other.damaged_;
  found_damaged_ = other.found_damaged_;
  restored_ = true;
}

void Device::lose_file() {
  restored_ = true;
  for (auto& [id, issued] : world_.issued())
    if (issued.device == this) issued.forfeited = true;
}

// The machine was off for a while, and this is what its disk has become.
void Device::damage() {
  if (!replica_ || damaged_) return;
  die(Crash::kProcess, "device: before its file is damaged");
  const std::string log = disk.read(std::string(kFile) + "-wal");
  Damaged result = sim::damage(disk.read(kFile), log, world_.mishaps);
  disk.put(kFile, std::move(result.bytes));
  damaged_ = restored_ = true;
  // Rows of the list that lay there are gone; with the first page, what had not come into the file yet.
  const bool wal_is_lost = result.first_page && !log.empty();
  for (auto& [id, issued] : world_.issued())
    if (issued.device == this && (wal_is_lost || result.lost.find(id) != std::string::npos))
      issued.forfeited = true;
}

void Device::unreadable(const Error& error) const {
  if (damaged_ && error.code == ErrorCode::kCorrupt) throw Stopped{error};
  if (error.code == ErrorCode::kIo || error.code == ErrorCode::kFull) throw Stopped{error};
  world_.violated("CORRUPT-STOP", name_ + " cannot be read: " + error.text());
}

std::string Device::dump() {
  std::string text;
  const auto done = replica_->dump([&](std::string_view line) -> Result<> {
    text += line;
    text += '\n';
    return {};
  });
  if (!done) unreadable(done.error());
  return text;
}

std::vector<Row> Device::ask(const std::string& sql, const Row& parameters) {
  auto result = replica_->query(sql, parameters);
  if (!result) unreadable(result.error());
  return std::move(result->rows);
}

}  // namespace wherry::sim

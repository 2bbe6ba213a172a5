#include "server/data_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "base/id.h"
#include "base/text.h"
#include "net/token.h"
#include "net/workspace_name.h"
#include "server/files.h"
#include "server/registry.h"

namespace wherry::server {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "{\"wherry_data_folder\": 1}\n";
constexpr size_t kSecretBytes = 32;

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

bool is_secret(std::string_view text) {
  return text.size() == 2 * kSecretBytes && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string make_secret() {
  uint8_t bytes[kSecretBytes];
  net::fill_random(bytes);
  return to_hex({reinterpret_cast<const char*>(bytes), sizeof bytes});
}

// Anything else in a folder that is to become a data folder belongs to someone else.
Result<> check_only_ours(const std::string& folder) {
  static const std::set<std::string> ours{
      "lock", "secret", "registry.db", "registry.db-journal", "workspaces", "wherry.json.new"};
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (!ours.contains(at->path().filename().string())) {
      return fail(ErrorCode::kInvalid,
                  cat(folder, " is not empty and no data folder; choose another folder."));
    }
  }
  if (error) return std::unexpected(system_error("read", folder, error.value()));
  return {};
}

// Everything inside is in place and durable before wherry.json says that it is a data folder. An interrupted
// attempt is completed; what it made whole is kept.
Result<> fill(const std::string& folder) {
  TRY(check_only_ours(folder));
  const std::string secret = folder + "/secret";
  if (const auto kept = read_file(secret, 1024); !kept || !is_secret(trim(*kept))) {
    ::unlink(secret.c_str());
    TRY(write_new_file(secret, make_secret(), 0600));
  }
  TRY(sync_path(secret));
  std::error_code error;
  fs::create_directory(folder + "/workspaces", error);
  if (error) return std::unexpected(system_error("create", folder + "/workspaces", error.value()));
  TRY(Registry::create(folder + "/registry.db"));
  TRY(sync_path(folder));
  // Whole or not at all: an empty one would be taken for that of another version.
  const std::string made = folder + "/wherry.json.new";
  ::unlink(made.c_str());
  TRY(write_new_file(made, kFormat, 0600));
  fs::rename(made, folder + "/wherry.json", error);
  if (error) return std::unexpected(system_error("create", folder + "/wherry.json", error.value()));
  return sync_path(folder);
}

Result<> create_folder(const std::string& folder) {
  std::error_code error;
  if (fs::create_directories(folder, error)) ::chmod(folder.c_str(), 0700);
  if (error) return std::unexpected(system_error("create", folder, error.value()));
  const fs::path parent = fs::absolute(folder, error).lexically_normal().parent_path();
  if (!error) TRY(sync_path(parent.string()));
  // Another process may be doing the same; whoever comes second finds the folder complete.
  for (int attempt = 0; !exists(folder + "/wherry.json"); ++attempt) {
    const auto lock = FileLock::take(folder + "/lock");
    if (lock) return exists(folder + "/wherry.json") ? Result<>() : fill(folder);
    if (lock.error().code != ErrorCode::kBusy || attempt == 500) return std::unexpected(lock.error());
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return {};
}

Result<std::string> read_secret(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return fail(ErrorCode::kCorrupt, cat(path, " is missing; restore it from a backup."));
  }
  if ((status.st_mode & 077) != 0) {
    return fail(ErrorCode::kInvalid, cat("Others can read ", path, "; run chmod 600 on it."));
  }
  TRY_ASSIGN(std::string secret, read_file(path, 1024));
  secret = trim(secret);
  if (!is_secret(secret))
    return fail(ErrorCode::kCorrupt, cat(path, " holds no secret; restore it from a backup."));
  return secret;
}

}  // namespace

class DataFolder::Impl {
 public:
  Impl(std::string folder, std::string secret, Registry registry)
      : folder_(std::move(folder)), secret_(std::move(secret)), registry_(std::move(registry)) {}

  Result<> lock() {
    const std::lock_guard guard(mutex_);
    if (lock_) return {};
    auto taken = FileLock::take(folder_ + "/lock");
    if (!taken && taken.error().code == ErrorCode::kBusy) {
      const std::string holder(trim(taken.error().message));
      return fail(ErrorCode::kBusy, cat(holder.empty() ? "Another process" : holder, " uses the data folder ",
                                        folder_, "; stop it first, or choose another folder."));
    }
    if (!taken) return std::unexpected(std::move(taken).error());
    lock_ = *std::move(taken);
    return lock_->write_note(cat("Process ", ::getpid(), '\n'));
  }

  const std::string& secret() const { return secret_; }

  Result<WorkspaceInfo> create_workspace(const std::string& name, int64_t now_ms) {
    TRY(check_name(name));
    const std::lock_guard guard(mutex_);
    const Registry::Entry entry{.name = name,
                                .file = UuidMaker(&net::fill_random).make({now_ms}).text() + ".db",
                                .created_at = now_ms};
    TRY(registry_.add(entry));
    return info(entry);
  }

  Result<WorkspaceInfo> find(const std::string& name) {
    if (!net::is_workspace_name(name)) return fail(ErrorCode::kNotFound, "There is no such workspace.");
    const std::lock_guard guard(mutex_);
    TRY_ASSIGN(const auto entry, registry_.find(name));
    if (!entry) return fail(ErrorCode::kNotFound, cat("There is no workspace ", name, '.'));
    return info(*entry);
  }

  Result<std::vector<WorkspaceInfo>> list() {
    const std::lock_guard guard(mutex_);
    TRY_ASSIGN(const auto entries, registry_.list());
    std::vector<WorkspaceInfo> out;
    out.reserve(entries.size());
    for (const Registry::Entry& entry : entries) out.push_back(info(entry));
    return out;
  }

 private:
  static Result<> check_name(const std::string& name) {
    if (net::is_workspace_name(name)) return {};
    return fail(
        ErrorCode::kInvalid,
        "A workspace's name is 1 to 64 letters, digits, `_`, `.` or `-`, and begins with a letter or digit.");
  }
  WorkspaceInfo info(const Registry::Entry& entry) const {
    return {
        .name = entry.name, .path = cat(folder_, "/workspaces/", entry.file), .created_at = entry.created_at};
  }

  const std::string folder_, secret_;
  std::mutex mutex_;  // workers look up workspaces concurrently
  Registry registry_;
  std::optional<FileLock> lock_;
};

Result<std::unique_ptr<DataFolder>> DataFolder::open(const std::string& folder, bool create) {
  if (create && !exists(folder + "/wherry.json")) TRY(create_folder(folder));
  const auto format = read_file(folder + "/wherry.json", 1024);
  if (!format && format.error().code == ErrorCode::kNotFound) {
    return fail(ErrorCode::kNotFound, cat(folder, " is no data folder."));
  }
  if (!format) return std::unexpected(format.error());
  if (*format != kFormat) {
    return fail(ErrorCode::kVersion, cat(folder, " was made by another version of Wherry."));
  }
  TRY_ASSIGN(std::string secret, read_secret(folder + "/secret"));
  TRY_ASSIGN(Registry registry, Registry::open(folder + "/registry.db"));
  return std::unique_ptr<DataFolder>(
      new DataFolder(std::make_unique<Impl>(folder, std::move(secret), std::move(registry))));
}

DataFolder::DataFolder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DataFolder::~DataFolder() = default;
Result<> DataFolder::lock() {
  return impl_->lock();
}
const std::string& DataFolder::secret() const {
  return impl_->secret();
}
Result<DataFolder::WorkspaceInfo> DataFolder::create_workspace(const std::string& name, int64_t now_ms) {
  return impl_->create_workspace(name, now_ms);
}
Result<DataFolder::WorkspaceInfo> DataFolder::find(const std::string& name) const {
  return impl_->find(name);
}
Result<std::vector<DataFolder::WorkspaceInfo>> DataFolder::list() const {
  return impl_->list();
}

}  // namespace wherry::server

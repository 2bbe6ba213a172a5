// Reads a bundle from its folder (declared in data_folder.h).
#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/text.h"
#include "server/data_folder.h"
#include "server/files.h"

namespace wherry::server {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFiles = 2000;
constexpr size_t kFileBytes = 4 << 20;
constexpr size_t kInitialBytes = 64 << 20;
constexpr size_t kTotalBytes = 128 << 20;

Result<> collect(const fs::path& root, const fs::path& folder, std::vector<std::string>& names) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return {};
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const fs::path path = at->path();
    if (path.filename().string().starts_with('.')) continue;
    if (at->is_directory(error)) {
      // A link to a folder could lead round in a circle.
      if (!at->is_symlink(error)) TRY(collect(root, path, names));
    } else if (path.extension() == ".sql" && at->is_regular_file(error)) {
      names.push_back(path.lexically_relative(root).generic_string());
    }
    if (names.size() > kFiles)
      return fail(ErrorCode::kLimit, cat("The bundle has more than ", kFiles, " files."));
  }
  if (error) return std::unexpected(system_error("read", folder.string(), error.value()));
  return {};
}

}  // namespace

Result<std::vector<BundleFile>> read_bundle_folder(const std::string& folder) {
  const fs::path root(folder);
  std::error_code error;
  if (!fs::is_directory(root, error))
    return fail(ErrorCode::kNotFound, cat("There is no bundle folder ", folder, '.'));
  if (!fs::is_regular_file(root / "app.toml", error)) {
    return fail(ErrorCode::kNotFound, cat(folder, " is no bundle: it holds no app.toml."));
  }
  std::vector<std::string> names{"app.toml"};
  if (fs::is_regular_file(root / "initial.jsonl", error)) names.emplace_back("initial.jsonl");
  TRY(collect(root, root / "migrations", names));
  TRY(collect(root, root / "commands", names));
  std::sort(names.begin(), names.end());

  std::vector<BundleFile> files;
  size_t total = 0;
  for (std::string& name : names) {
    const size_t most = name == "initial.jsonl" ? kInitialBytes : kFileBytes;
    TRY_ASSIGN(std::string text, read_file((root / name).string(), most));
    total += text.size();
    if (total > kTotalBytes)
      return fail(ErrorCode::kLimit, cat("The bundle is larger than ", kTotalBytes, " bytes."));
    files.push_back({std::move(name), std::move(text)});
  }
  return files;
}

}  // namespace wherry::server

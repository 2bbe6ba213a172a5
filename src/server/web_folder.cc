#include "server/web_folder.h"

#include <filesystem>
#include <system_error>

#include "base/text.h"
#include "server/files.h"

namespace wherry::server {

namespace {

namespace fs = std::filesystem;

constexpr size_t kFilesMost = 5'000;
constexpr size_t kFileBytesMost = 64 << 20;
constexpr size_t kBytesMost = 512 << 20;
// Scripts, workers and the core come from this server alone; styles may be set by scripts.
constexpr std::string_view kPolicy =
    "Content-Security-Policy: default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' "
    "'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n";

bool is_place_in_app(std::string_view target) {
  return target.substr(target.rfind('/') + 1).find('.') == target.npos;
}

}  // namespace

Result<WebFolder> WebFolder::read(const std::string& folder) {
  const fs::path root(folder);
  std::error_code error;
  if (!fs::is_directory(root, error))
    return fail(ErrorCode::kNotFound, cat("There is no folder ", folder, " with pages."));
  WebFolder read{WebFiles(std::string(kPolicy))};
  size_t total = 0;
  for (fs::recursive_directory_iterator at(root, error), end; !error && at != end; at.increment(error)) {
    if (at->path().filename().string().starts_with('.')) {
      if (at->is_directory(error)) at.disable_recursion_pending();
      continue;
    }
    if (!at->is_regular_file(error)) continue;
    const std::string name = cat('/', at->path().lexically_relative(root).generic_string());
    TRY_ASSIGN(std::string bytes, read_file(at->path().string(), kFileBytesMost));
    total += bytes.size();
    read.files_.add(name, std::move(bytes),
                    name.starts_with("/assets/") ? WebFiles::Kept::kForEver : WebFiles::Kept::kAskedAnew);
    if (read.files_.count() > kFilesMost || total > kBytesMost)
      return fail(ErrorCode::kLimit, cat("The folder ", folder, " has more than ", kFilesMost, " files or ",
                                         kBytesMost >> 20, " MiB: put only the app's pages there."));
  }
  if (error) return std::unexpected(system_error("read", folder, error.value()));
  if (!read.files_.contains("/index.html"))
    return fail(ErrorCode::kNotFound,
                cat("The folder ", folder, " holds no index.html: build the pages first."));
  return read;
}

std::optional<net::Page> WebFolder::find(const net::PageRequest& request) const {
  auto page = files_.find(request.target, request);
  if (!page && is_place_in_app(request.target)) page = files_.find("/index.html", request);
  return page;
}

}  // namespace wherry::server

#include "cli/bundle_loading.h"

#include <utility>

#include "base/text.h"
#include "bundle/wire.h"
#include "cli/output.h"
#include "client/replace_file.h"
#include "server/data_folder.h"

namespace wherry::cli {

namespace {

std::string kept_path(const std::string& data) {
  return data + "/bundle";
}

}  // namespace

Result<std::shared_ptr<const Bundle>> load_bundle(const std::string& folder) {
  TRY_ASSIGN(const std::vector<BundleFile> files, server::read_bundle_folder(folder));
  Compiled compiled = compile_bundle(files);
  for (const Mistake& mistake : compiled.mistakes) note(mistake.text());
  if (!compiled.mistakes.empty())
    return fail(ErrorCode::kBundle, cat(folder, " has ", compiled.mistakes.size(), " mistakes"));
  return std::make_shared<const Bundle>(std::move(compiled.bundle));
}

Result<> keep_bundle(const std::string& data, const Bundle& bundle) {
  return client::replace_file(kept_path(data), encode_bundle(bundle));
}

Result<std::shared_ptr<const Bundle>> kept_bundle(const std::string& data) {
  const auto bytes = client::read_file(kept_path(data));
  if (!bytes) {
    if (bytes.error().code != ErrorCode::kNotFound) return std::unexpected(bytes.error());
    return fail(ErrorCode::kNotFound,
                cat("nothing has been served from ", data, " yet: run `wherry serve` once"));
  }
  TRY_ASSIGN(Bundle bundle, decode_bundle(*bytes));
  bundle.hash = bundle_hash(*bytes);
  return std::make_shared<const Bundle>(std::move(bundle));
}

}  // namespace wherry::cli

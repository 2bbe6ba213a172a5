#include "cli/server_workspace.h"

#include <filesystem>

#include "cli/bundle_loading.h"
#include "server/data_folder.h"

namespace wherry::cli {

Result<std::unique_ptr<WorkspaceReader>> open_reader(const std::string& data, const std::string& workspace) {
  TRY_ASSIGN(const auto folder, server::DataFolder::open(data, false));
  TRY_ASSIGN(const auto info, folder->find(workspace));
  if (!std::filesystem::exists(info.path)) return nullptr;
  TRY_ASSIGN(const auto bundle, kept_bundle(data));
  return WorkspaceReader::open(info.path, bundle);
}

}  // namespace wherry::cli

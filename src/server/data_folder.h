// The folder of a server: one SQLite file per workspace, the signing secret, the lock of the serving process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "bundle/bundle.h"
#include "bundle/compile.h"

namespace wherry::server {

// Reads the files of a bundle folder. Errors: kNotFound, kIo.
Result<std::vector<BundleFile>> read_bundle_folder(const std::string& folder);

// Layout: DATA/wherry.json (format version), DATA/secret (0600), DATA/lock, DATA/registry.db (name -> file),
// DATA/workspaces/<uuid>.db. Workspace names are [A-Za-z0-9][A-Za-z0-9_.-]{0,63}; they map through the
// registry and never build a path.
class DataFolder {
 public:
  static Result<std::unique_ptr<DataFolder>> open(const std::string& folder, bool create);
  ~DataFolder();

  // Held by `serve` and by commands that write; kBusy when another process serves this folder.
  Result<> lock();
  const std::string& secret() const;

  struct WorkspaceInfo {
    std::string name;
    std::string path;        // of its SQLite file
    int64_t created_at = 0;  // ms
  };
  // kExists, kInvalid (bad name).
  Result<WorkspaceInfo> create_workspace(const std::string& name, int64_t now_ms);
  Result<WorkspaceInfo> find(const std::string& name) const;  // kNotFound
  Result<std::vector<WorkspaceInfo>> list() const;

 private:
  class Impl;
  explicit DataFolder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry::server

// Opens the workspaces of a data folder for their actors.
#pragma once

#include <memory>
#include <string>

#include "base/id.h"
#include "bundle/bundle.h"
#include "server/data_folder.h"
#include "server/hosted.h"
#include "workspace/replica_bundles.h"

namespace wherry::server {

enum class UnknownWorkspaces { kRefuse, kCreate };

// What the workspaces of one thread share.
struct Shared {
  explicit Shared(std::shared_ptr<const Bundle> bundle);

  const std::shared_ptr<const Bundle> bundle;
  const std::shared_ptr<ReplicaBundles> replica_bundles;
  const Entropy entropy;
};

// `data` must outlive what is opened. Errors: kNotFound, and those of DataFolder and Workspace::open.
Result<std::unique_ptr<Hosted>> open_workspace(DataFolder& data, const Shared& shared,
                                               UnknownWorkspaces unknown, const std::string& name,
                                               Millis now);

}  // namespace wherry::server

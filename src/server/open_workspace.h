// Opens the workspaces of a data folder for their actors.
#pragma once

#include <memory>
#include <string>

#include "bundle/bundle.h"
#include "server/data_folder.h"
#include "server/hosted.h"

namespace wherry::server {

enum class UnknownWorkspaces { kRefuse, kCreate };

// `data` must outlive what is opened. Errors: kNotFound, and those of DataFolder and Workspace::open.
Result<std::unique_ptr<Hosted>> open_workspace(DataFolder& data, std::shared_ptr<const Bundle> bundle,
                                               UnknownWorkspaces unknown, const std::string& name,
                                               Millis now);

}  // namespace wherry::server

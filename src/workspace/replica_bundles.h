// The share of the bundle that replicas get, encoded, by the roles of their users. Workspaces of one bundle
// and one thread may share it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bundle/bundle.h"

namespace wherry {

class ReplicaBundles {
 public:
  explicit ReplicaBundles(std::shared_ptr<const Bundle> bundle) : bundle_(std::move(bundle)) {}

  // Valid until the next call.
  const std::string& for_roles(const std::vector<std::string>& roles);

 private:
  const std::shared_ptr<const Bundle> bundle_;
  std::map<std::vector<std::string>, std::string> encoded_;
};

}  // namespace wherry

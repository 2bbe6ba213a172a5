// Commands that fill a workspace in this process, a thousand at a time.
#pragma once

#include <string>
#include <vector>

#include "workspace/workspace.h"

namespace wherry::bench {

class Direct {
 public:
  explicit Direct(Workspace& workspace) : workspace_(workspace) {}

  // `user`: see user_name().
  void add(std::string name, std::string data, size_t user);
  // Throws when a command was not applied.
  void finish();

 private:
  Workspace& workspace_;
  std::vector<DirectCommand> commands_;
};

}  // namespace wherry::bench

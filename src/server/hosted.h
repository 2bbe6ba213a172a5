// A workspace as its actor sees it; workspace.h says what each function does. Tests put another in its place.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "workspace/workspace.h"

namespace wherry::server {

class Hosted {
 public:
  virtual ~Hosted() = default;
  virtual void connect(SessionId session, Millis now) = 0;
  virtual void disconnect(SessionId session) = 0;
  virtual void receive(SessionId session, std::string_view bytes, Millis now) = 0;
  virtual void sent(SessionId session, size_t bytes, Millis now) = 0;
  virtual bool has_work() const = 0;
  virtual Result<> commit(Millis now) = 0;
  virtual Result<> tick(Millis now) = 0;
  virtual void shut_down(std::string code, std::string message, Millis retry_after) = 0;
  virtual std::vector<Output> take_outputs() = 0;
  virtual WorkspaceView view(const ViewQuery& query) const = 0;
};

// Opens a workspace by its name. Called on worker threads, concurrently for different workspaces.
using Opener = std::function<Result<std::unique_ptr<Hosted>>(const std::string& name, Millis now)>;

}  // namespace wherry::server

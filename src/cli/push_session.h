// A session that only pushes: it presents itself as a new replica, never asks for rows and keeps nothing.
// Survives lost connections: commands are sent again under the same ids, and the server knows those it has.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/client.h"
#include "workspace/workspace.h"

namespace wherry::cli {

class PushSession {
 public:
  PushSession(net::Url url, std::function<std::string()> token);
  ~PushSession();
  // Blocks until all are answered; the answers are in the order of the commands. Each command has an id.
  // Errors: kUnauthorized, kUnavailable (given up after several connections), what the server's `bye` says.
  Result<std::vector<protocol::Answer>> push(const std::vector<DirectCommand>& commands);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry::cli

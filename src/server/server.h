// Many workspaces in one process: workspaces are opened on demand and pinned to worker threads, sockets live
// on I/O threads, idle workspaces are closed.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "bundle/bundle.h"
#include "server/data_folder.h"

namespace wherry::server {

struct ServerOptions {
  std::shared_ptr<const Bundle> bundle;
  std::string data;
  std::string host = "127.0.0.1";
  uint16_t port = 0;                 // 0: a free one
  int workers = 0;                   // 0: one per core
  int io_threads = 1;
  int64_t idle_close_ms = 60'000;    // a workspace without sessions is closed after this
  int64_t drain_ms = 5'000;          // how long stop() waits for answers to be sent
  bool dev = false;                  // loopback conveniences: creates unknown workspaces on first connect
};

class Server {
 public:
  // Locks the data folder and listens; kBusy when another server has it or the port is taken.
  static Result<std::unique_ptr<Server>> start(ServerOptions options);
  ~Server();
  uint16_t port() const;
  // Stops accepting, commits what arrived, says goodbye, closes. Blocks until done.
  void stop();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry::server

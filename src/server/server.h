// Many workspaces in one process: workspaces are opened on demand and pinned to worker threads, sockets live
// on I/O threads, idle workspaces are closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "bundle/bundle.h"
#include "server/data_folder.h"

namespace wherry::server {

struct ServerOptions {
  std::shared_ptr<const Bundle> bundle;
  std::string data;
  std::string host = "127.0.0.1";
  uint16_t port = 0;  // 0: a free one
  int workers = 0;    // 0: one per core
  int io_threads = 1;
  int64_t idle_close_ms = 60'000;  // a workspace without sessions is closed after this
  int64_t drain_ms = 5'000;        // how long stop() waits for answers to be sent
  // Browser origins that may connect, e.g. "https://chat.example.org"; native clients send none.
  std::vector<std::string> origins;
  std::string web;  // a folder with an app's pages, served beside the workspaces; empty: none
  // Addresses whose X-Forwarded-For is believed; refused tokens never count for them.
  std::vector<std::string> proxies = {"127.0.0.1", "::1"};
  size_t connections_max = 20'000;
  size_t connections_per_address = 2'000;
  // Conveniences on a loopback host (kInvalid on another): creates unknown workspaces on first connect, lets
  // pages from this machine connect.
  bool dev = false;
};

class Server {
 public:
  // Makes the data folder if it is missing, locks it and listens; kBusy when another process has it or the
  // port is taken. It answers once this returns.
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

// `wherry serve` as a process of its own, on a data folder that the benchmark has filled.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/stage.h"
#include "server/data_folder.h"

namespace wherry::bench {

class ServerProcess {
 public:
  // `program`: the wherry binary. `prepare`: opens and fills the workspaces, before the server has the
  // folder. `bundle`: its folder, see chat.h.
  ServerProcess(const std::string& program, const std::function<void(server::DataFolder&)>& prepare,
                const std::string& bundle = kChat);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  uint16_t port() const { return port_; }
  std::string token(const std::string& workspace, const std::string& user) const;
  // User and system time of all its threads, in seconds.
  double cpu() const;
  // Resident memory now, and the most there has been, in bytes.
  int64_t memory() const;
  int64_t peak_memory() const;

 private:
  ScratchFolder folder_;
  std::string secret_;
  int pid_ = 0, out_ = -1;
  uint16_t port_ = 0;
};

// A workspace in the folder, opened in this process.
std::unique_ptr<Workspace> new_workspace(server::DataFolder& data, const std::string& name,
                                         const std::string& bundle = kChat);
// The same, filled and closed.
Filled make_workspace(server::DataFolder& data, const std::string& name, const Population& population,
                      Dice& dice);

}  // namespace wherry::bench

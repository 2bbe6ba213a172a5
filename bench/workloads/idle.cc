#include <algorithm>

#include "base/text.h"
#include "bench/basics.h"
#include "bench/fleet.h"
#include "bench/open_files.h"
#include "bench/report.h"
#include "bench/server_process.h"
#include "bench/workloads/workloads.h"

namespace wherry::bench {

namespace {

std::string workspace_name(size_t i) {
  return cat("idle", i);
}

std::vector<Fleet::Member> members(const ServerProcess& server, const IdleOptions& options, size_t workspaces,
                                   size_t begin, size_t end) {
  std::vector<Fleet::Member> members;
  for (size_t i = begin; i < end; ++i) {
    const std::string workspace = workspace_name(i % workspaces);
    members.push_back(
        {workspace, server.token(workspace, user_name(i)), options.fresh ? Start::zero() : Start::head()});
  }
  return members;
}

}  // namespace

void idle(const IdleOptions& options) {
  const size_t workspaces = std::min(options.workspaces, options.connections);
  allow_open_files(options.connections, workspaces);
  Dice dice(1);
  const ServerProcess server(options.program, [&](server::DataFolder& data) {
    for (size_t i = 0; i < workspaces; ++i)
      make_workspace(data, workspace_name(i), {10, 1, options.rows}, dice);
  });
  Fleet fleet(server.port());
  fleet.join(members(server, options, workspaces, 0, workspaces));
  fleet.run(1);
  const int64_t before = server.memory();
  fleet.join(members(server, options, workspaces, workspaces, options.connections));
  fleet.run(2);  // until the last is in peace
  const int64_t after = server.memory();
  const double cpu = server.cpu();
  fleet.run(options.seconds);
  const auto counted = static_cast<double>(options.connections - workspaces);
  Report()
      .text("workload", "idle")
      .number("connections", static_cast<double>(options.connections))
      .number("workspaces", static_cast<double>(workspaces))
      .number("rows_received", options.fresh ? static_cast<double>(options.rows) : 0)
      .number("server_memory_before", static_cast<double>(before))
      .number("server_memory_after", static_cast<double>(after))
      .number("server_memory_later", static_cast<double>(server.memory()))
      .number("kb_per_connection", static_cast<double>(after - before) / 1024 / counted)
      .number("server_cpu_percent", 100 * (server.cpu() - cpu) / options.seconds)
      .print();
}

}  // namespace wherry::bench

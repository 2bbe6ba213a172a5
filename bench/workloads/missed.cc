#include <stdexcept>

#include "bench/basics.h"
#include "bench/device.h"
#include "bench/fleet.h"
#include "bench/report.h"
#include "bench/server_process.h"
#include "bench/workloads/workloads.h"
#include "bench/writers.h"

namespace wherry::bench {

namespace {

// Lets ten users edit messages of their own; returns the seq of the last edit.
Seq edit_messages(const ServerProcess& server, const Filled& filled, size_t commands, Dice& dice) {
  constexpr size_t kWriters = 10;
  Fleet fleet(server.port());
  std::vector<Fleet::Member> members;
  for (size_t i = 0; i < kWriters; ++i) members.push_back({"bench", server.token("bench", user_name(i))});
  fleet.join(members);
  Writers writers(fleet, {.writers = kWriters,
                          .window = 64,
                          .commands = static_cast<int64_t>(commands),
                          .next = [&](size_t writer) -> Command {
                            const size_t turn = dice.below(filled.messages.size() / kWriters);
                            const std::string& own = filled.messages[turn * kWriters + writer];
                            return {"message.edit", edit(own, dice.text(100))};
                          }});
  writers.begin();
  if (!fleet.run(600, [&] { return writers.answered() == static_cast<int64_t>(commands); }))
    throw std::runtime_error("the commands are not answered in time");
  return fleet.peer(0).upto();
}

// What comes over the wire to a replica that has everything up to `seq`.
int64_t bytes_behind(const ServerProcess& server, Seq seq) {
  Fleet fleet(server.port());
  fleet.join({{"bench", server.token("bench", user_name(2)), Start::behind(seq)}});
  return fleet.peer(0).bytes();
}

}  // namespace

void missed(const MissedOptions& options) {
  Dice dice(1);
  Filled filled;
  const ServerProcess server(options.program, [&](server::DataFolder& data) {
    filled = make_workspace(data, "bench", {10, 1, options.rows}, dice);
  });
  const ScratchFolder folder;
  const auto device = open_device(folder.path() / "replica.db", server, user_name(1));
  wait_synced(*device);
  device->disconnect();
  const Seq before = device->status().position;
  const Seq head = edit_messages(server, filled, options.commands, dice);

  const double cpu = server.cpu(), own_cpu = cpu_seconds();
  const auto begin = Clock::now();
  device->connect();
  wait_synced(*device);
  const double seconds = seconds_since(begin);
  const double server_spent = server.cpu() - cpu, own_spent = cpu_seconds() - own_cpu;
  if (device->status().position < head) throw std::runtime_error("the replica lacks commands");
  const QueryResult changed =
      expect(device->query("SELECT count(*) FROM messages WHERE edited_at IS NOT NULL"));
  Report()
      .text("workload", "missed")
      .number("commands", static_cast<double>(options.commands))
      .number("rows_changed", static_cast<double>(*changed.rows[0][0].integer()))
      .number("seconds", seconds)
      .number("wire_bytes", static_cast<double>(bytes_behind(server, before)))
      .number("server_cpu_s", server_spent)
      .number("client_cpu_s", own_spent)
      .print();
}

}  // namespace wherry::bench

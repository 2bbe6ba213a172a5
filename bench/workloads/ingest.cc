#include <chrono>

#include "base/text.h"
#include "bench/basics.h"
#include "bench/fleet.h"
#include "bench/report.h"
#include "bench/server_process.h"
#include "bench/workloads/workloads.h"
#include "bench/writers.h"

namespace wherry::bench {

namespace {

// What a writer says next.
Command next_command(const IngestOptions& options, const Filled& filled, Dice& dice, size_t writer) {
  if (options.command == "post")
    return {"message.post", post(dice.uuid(server::now()), filled.channels[options.all_receive ? 0 : writer],
                                 dice.text(100))};
  // Messages are written by users in turn: one of this writer's own.
  const size_t own = dice.below(filled.messages.size() / options.writers) * options.writers + writer;
  return {"message.edit", edit(filled.messages[own], dice.text(100))};
}

}  // namespace

void ingest(const IngestOptions& options) {
  Dice dice(1);
  Filled filled;
  const ServerProcess server(options.program, [&](server::DataFolder& data) {
    filled = make_workspace(data, "bench",
                            {options.writers, options.all_receive ? 1 : options.writers, options.rows}, dice);
  });
  Fleet fleet(server.port());
  std::vector<Fleet::Member> members;
  for (size_t i = 0; i < options.writers; ++i)
    members.push_back({"bench", server.token("bench", user_name(i)), Start::head()});
  fleet.join(members);

  Writers writers(fleet, {.writers = options.writers, .window = options.window, .next = [&](size_t writer) {
                            return next_command(options, filled, dice, writer);
                          }});
  writers.begin();
  fleet.run(1);  // until everything is warm
  (void)writers.take_latencies();
  const int64_t answered = writers.answered();
  int64_t bytes = 0;
  for (size_t i = 0; i < options.writers; ++i) bytes -= fleet.peer(i).bytes();
  const double cpu = server.cpu(), own_cpu = cpu_seconds();
  const auto begin = Clock::now();
  fleet.run(options.seconds);
  const double seconds = seconds_since(begin);
  const auto count = static_cast<double>(writers.answered() - answered);
  for (size_t i = 0; i < options.writers; ++i) bytes += fleet.peer(i).bytes();
  std::vector<double> latencies = writers.take_latencies();
  Report()
      .text("workload", cat("ingest ", options.command))
      .number("writers", static_cast<double>(options.writers))
      .number("window", static_cast<double>(options.window))
      .number("rows", static_cast<double>(options.rows))
      .number("acknowledged_per_s", count / seconds)
      .number("server_cpu_us", 1e6 * (server.cpu() - cpu) / count)
      .number("client_cpu_us", 1e6 * (cpu_seconds() - own_cpu) / count)
      .number("answer_p50_ms", quantile(latencies, 0.5))
      .number("answer_p99_ms", quantile(latencies, 0.99))
      .number(
          "bytes_down_per_command_and_receiver",
          static_cast<double>(bytes) / count / static_cast<double>(options.all_receive ? options.writers : 1))
      .print();
}

void fan_out(const FanOutOptions& options) {
  Dice dice(1);
  Filled filled;
  const ServerProcess server(options.program, [&](server::DataFolder& data) {
    filled = make_workspace(data, "bench", {options.subscribers + 1, 1, 1000}, dice);
  });
  Fleet fleet(server.port());
  std::vector<Fleet::Member> members;
  for (size_t i = 0; i <= options.subscribers; ++i)
    members.push_back({"bench", server.token("bench", user_name(i)), Start::head()});
  fleet.join(members);

  // The writer is alone: its commands get the seqs behind the head, one by one.
  Peer& writer = fleet.peer(0);
  const int64_t head = writer.upto().number;
  std::vector<Clock::time_point> written;
  std::vector<double> latencies;
  for (size_t i = 1; i <= options.subscribers; ++i)
    fleet.peer(i).on_boundary = [&](Seq before, Seq upto) {
      for (int64_t seq = std::max(before.number, head) + 1; seq <= upto.number; ++seq)
        latencies.push_back(1e3 * seconds_since(written[static_cast<size_t>(seq - head - 1)]));
    };
  fleet.every(options.gap_ms / 1e3, [&] {
    written.push_back(Clock::now());
    writer.push("message.post", post(dice.uuid(server::now()), filled.channels[0], dice.text(100)),
                server::now());
    fleet.flush(0);
  });
  fleet.run(1);
  latencies.clear();
  const size_t count = written.size();
  const double cpu = server.cpu();
  fleet.run(options.seconds);
  Report()
      .text("workload", "fan-out")
      .number("subscribers", static_cast<double>(options.subscribers))
      .number("visible_p50_ms", quantile(latencies, 0.5))
      .number("visible_p99_ms", quantile(latencies, 0.99))
      .number("server_cpu_us", 1e6 * (server.cpu() - cpu) / static_cast<double>(written.size() - count))
      .print();
}

}  // namespace wherry::bench

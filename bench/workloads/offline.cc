#include <future>
#include <stdexcept>

#include "base/text.h"
#include "bench/basics.h"
#include "bench/device.h"
#include "bench/report.h"
#include "bench/server_process.h"
#include "bench/workloads/workloads.h"

namespace wherry::bench {

namespace {

// Ready, with the time, once the device shows this message.
std::future<Clock::time_point> when_visible(Database& device, const std::string& message) {
  const auto seen = std::make_shared<std::promise<Clock::time_point>>();
  expect(device.watch("SELECT id FROM messages WHERE id = ?1", {Value(message)},
                      [seen](const QueryChange& change) {
                        if (!change.added.empty()) seen->set_value(Clock::now());
                      }));
  return seen->get_future();
}

int64_t messages_of(Database& device) {
  return *expect(device.query("SELECT count(*) FROM messages")).rows[0][0].integer();
}

}  // namespace

void offline(const OfflineOptions& options) {
  constexpr size_t kMessagesBefore = 1000;
  Dice dice(1);
  Filled filled;
  const ServerProcess server(options.program, [&](server::DataFolder& data) {
    filled = make_workspace(data, "bench", {10, 1, kMessagesBefore}, dice);
  });
  const ScratchFolder folder;
  const auto writer = open_device(folder.path() / "writer.db", server, user_name(1));
  const auto reader = open_device(folder.path() / "reader.db", server, user_name(2));
  wait_synced(*writer);
  wait_synced(*reader);
  writer->disconnect();

  std::vector<ExecuteRequest> posts;
  std::string last;
  for (size_t i = 0; i < options.commands; ++i) {
    last = dice.uuid(server::now());
    posts.push_back({"message.post", post(last, filled.channels[0], dice.text(100)), {}});
  }
  const auto queueing = Clock::now();
  for (const Executed& executed : expect(writer->execute_all(posts)))
    if (executed.refusal) throw std::runtime_error(cat("refused: ", executed.refusal->code));
  const double queued = seconds_since(queueing);

  auto visible = when_visible(*reader, last);
  const double cpu = server.cpu(), own_cpu = cpu_seconds();
  const auto begin = Clock::now();
  writer->connect();
  wait_synced(*writer);
  const double answered = seconds_since(begin);
  if (visible.wait_for(std::chrono::minutes(2)) != std::future_status::ready)
    throw std::runtime_error("the other replica does not get the commands in time");
  const double seen = std::chrono::duration<double>(visible.get() - begin).count();
  const double server_spent = server.cpu() - cpu, own_spent = cpu_seconds() - own_cpu;
  const auto expected = static_cast<int64_t>(kMessagesBefore + options.commands);
  if (writer->status().rejected != 0 || messages_of(*writer) != expected || messages_of(*reader) != expected)
    throw std::runtime_error("the replicas lack messages");
  Report()
      .text("workload", "offline")
      .number("commands", static_cast<double>(options.commands))
      .number("queued_s", queued)
      .number("answered_s", answered)
      .number("visible_s", seen)
      .number("server_cpu_s", server_spent)
      .number("client_cpu_s", own_spent)
      .print();
}

}  // namespace wherry::bench

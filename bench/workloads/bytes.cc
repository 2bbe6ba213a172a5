#include <functional>
#include <optional>
#include <stdexcept>

#include "base/text.h"
#include "bench/basics.h"
#include "bench/board.h"
#include "bench/fleet.h"
#include "bench/report.h"
#include "bench/server_process.h"
#include "bench/workloads/workloads.h"
#include "bench/writers.h"

namespace wherry::bench {

namespace {

constexpr size_t kWriters = 10, kWindow = 64;

// Ten writers, and a subscriber who only reads.
class Audience {
 public:
  explicit Audience(const ServerProcess& server) : fleet_(server.port()) {
    std::vector<Fleet::Member> members;
    for (size_t i = 0; i <= kWriters; ++i) members.push_back({"bench", server.token("bench", user_name(i))});
    fleet_.join(members);
  }

  using Next = std::function<Command(size_t writer)>;

  // All writers at once.
  void busy(const char* command, size_t count, const Next& next) {
    const Counts before = received();
    Writers writers(
        fleet_,
        {.writers = kWriters, .window = kWindow, .commands = static_cast<int64_t>(count), .next = next});
    writers.begin();
    run_until(Seq{before.seq + static_cast<int64_t>(count)});
    report(command, "busy", before);
  }

  // One writer, whose command the subscriber has before the next one is sent.
  void idle(const char* command, size_t count, const Next& next) {
    const Counts before = received();
    for (size_t i = 1; i <= count; ++i) {
      Command one = next(0);
      fleet_.peer(0).push(std::move(one.name), std::move(one.data), server::now());
      fleet_.flush(0);
      run_until(Seq{before.seq + static_cast<int64_t>(i)});
    }
    report(command, "idle", before);
  }

 private:
  struct Counts {
    int64_t seq = 0, bytes = 0, header_bytes = 0, messages = 0;
  };
  Counts received() {
    const Peer& subscriber = fleet_.peer(kWriters);
    return {subscriber.upto().number, subscriber.bytes(), subscriber.header_bytes(), subscriber.messages()};
  }

  // Each command is one entry of the log, and nobody else writes.
  void run_until(Seq seq) {
    if (!fleet_.run(120, [&] { return fleet_.peer(kWriters).upto() >= seq; }))
      throw std::runtime_error("the subscriber does not get the commands in time");
  }

  void report(const char* command, const char* channel, const Counts& before) {
    const Counts now = received();
    const auto per_command = [&](int64_t count) {
      return static_cast<double>(count) / static_cast<double>(now.seq - before.seq);
    };
    Report()
        .text("workload", cat("bytes ", command))
        .text("channel", channel)
        .number("bytes_per_command", per_command(now.bytes - before.bytes))
        .number("frame_headers_per_command", per_command(now.header_bytes - before.header_bytes))
        .number("commands_per_message", 1 / per_command(now.messages - before.messages))
        .print();
  }

  Fleet fleet_;
};

void bytes_of_posts(const BytesOptions& options) {
  Dice dice(1);
  Filled filled;
  const ServerProcess server(options.program, [&](server::DataFolder& data) {
    filled = make_workspace(data, "bench", {kWriters, 1, 1000}, dice);
  });
  Audience audience(server);
  const auto next = [&](size_t) -> Command {
    return {"message.post", post(dice.uuid(server::now()), filled.channels[0], dice.text(100))};
  };
  audience.busy("message.post", options.commands, next);
  audience.idle("message.post", options.alone, next);
}

void bytes_of_moves(const BytesOptions& options) {
  constexpr size_t kCardsOfEach = 200;
  Dice dice(1);
  std::optional<Board> board;
  const ServerProcess server(
      options.program,
      [&](server::DataFolder& data) {
        board.emplace(*new_workspace(data, "bench", kTracker), kWriters, kCardsOfEach, dice);
      },
      kTracker);
  Audience audience(server);
  const auto next = [&](size_t writer) { return board->move(writer); };
  audience.busy("issue.place", options.commands, next);
  audience.idle("issue.place", options.alone, next);
}

}  // namespace

void bytes(const BytesOptions& options) {
  bytes_of_posts(options);
  bytes_of_moves(options);
}

}  // namespace wherry::bench

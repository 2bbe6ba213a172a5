// What live queries add to a local command, by their number: CPU time of executing it and of running again
// those that it may concern.
#include <benchmark/benchmark.h>

#include <stdexcept>

#include "base/text.h"
#include "bench/basics.h"
#include "bench/stage.h"

namespace wherry::bench {
namespace {

constexpr size_t kRows = 10'000, kChannels = 10;

Stage& stage() {
  static Stage stage(Population{10, kChannels, kRows});
  return stage;
}

// What the latest messages of a channel are, as a list on a screen.
constexpr const char* kLatest =
    "SELECT id, author_id, body FROM messages WHERE channel_id = ?1 ORDER BY sent_at DESC LIMIT 50";
// Has another result each time it runs, so that no run goes unnoticed.
constexpr const char* kChannel = "SELECT name, random() FROM channels WHERE id = ?1";

// Posts to the first channel beside so many live queries about another one. `changes`: how many of them get a
// new result from each post.
void watched(benchmark::State& state, const char* query, size_t channel, int64_t changes) {
  Replica& replica = stage().join_replica(1);
  (void)stage().sync();
  expect(replica.finish_background_work());
  int64_t calls = 0;
  for (int64_t i = 0; i < state.range(0); ++i)
    expect(replica.watch(query, {Value(stage().filled().channels[channel])},
                         [&](const QueryChange&) { ++calls; }));
  calls = 0;  // without the first results
  for (auto _ : state) {
    const std::string data =
        post(stage().dice().uuid(server::now()), stage().filled().channels[0], stage().dice().text(100));
    const double before = cpu_seconds();
    const Executed executed = expect(replica.execute("message.post", data, server::now()));
    state.SetIterationTime(cpu_seconds() - before);
    if (executed.refusal) throw std::runtime_error("the command is refused");
  }
  if (calls != changes * state.range(0) * static_cast<int64_t>(state.iterations()))
    throw std::runtime_error(cat("the queries have called back ", calls, " times"));
  (void)stage().sync();
}

// Of a table that the command does not write: not run again.
void watch_other_table(benchmark::State& state) {
  watched(state, kChannel, 0, 0);
}
// Of the table that it writes, about other rows: run again, to find that nothing has changed.
void watch_other_rows(benchmark::State& state) {
  watched(state, kLatest, 1, 0);
}
// Which the command changes.
void watch_these_rows(benchmark::State& state) {
  watched(state, kLatest, 0, 1);
}

void by_queries(benchmark::internal::Benchmark* b) {
  b->ArgName("queries")->Arg(0)->Arg(1)->Arg(100)->UseManualTime()->Unit(benchmark::kMicrosecond);
}

BENCHMARK(watch_other_table)->Apply(by_queries);
BENCHMARK(watch_other_rows)->Apply(by_queries);
BENCHMARK(watch_these_rows)->Apply(by_queries);

}  // namespace
}  // namespace wherry::bench

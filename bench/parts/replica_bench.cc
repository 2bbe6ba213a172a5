// What a replica spends: CPU time of receiving and executing; the time that the disk takes does not count.
#include <benchmark/benchmark.h>

#include <map>
#include <stdexcept>

#include "bench/stage.h"

namespace wherry::bench {
namespace {

Stage& stage_of(size_t messages) {
  static std::map<size_t, Stage> stages;
  return stages.try_emplace(messages, Population{10, 1, messages}).first->second;
}

// A new replica gets everything, full-text index included.
void bootstrap(benchmark::State& state) {
  const auto rows = static_cast<size_t>(state.range(0));
  Stage& stage = stage_of(rows);
  for (auto _ : state) {
    Replica& replica = stage.join_replica(1);
    state.SetIterationTime(stage.sync());
    if (!replica.status().synced) throw std::runtime_error("the replica is not complete");
  }
  state.counters["per_row"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(rows),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// One command at a time, each in its own transaction.
void execute_post(benchmark::State& state) {
  Stage& stage = stage_of(static_cast<size_t>(state.range(0)));
  Replica& replica = stage.join_replica(1);
  (void)stage.sync();
  for (auto _ : state) {
    const std::string data =
        post(stage.dice().uuid(server::now()), stage.filled().channels[0], stage.dice().text(100));
    const double before = cpu_seconds();
    const auto executed = replica.execute("message.post", data, server::now());
    state.SetIterationTime(cpu_seconds() - before);
    if (!executed || executed->refusal) throw std::runtime_error("the post is refused");
  }
  (void)stage.sync();
}

BENCHMARK(bootstrap)->ArgName("rows")->Arg(1000)->Arg(100'000)->UseManualTime()->Unit(
    benchmark::kMillisecond);
BENCHMARK(execute_post)->ArgName("rows")->Arg(1000)->UseManualTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace wherry::bench

// What the workspace spends on one command, by the size of its group: CPU time of receive, commit and
// take_outputs; the time that the disk takes does not count.
#include <benchmark/benchmark.h>

#include <map>

#include "bench/stage.h"

namespace wherry::bench {
namespace {

// Ten users who all write and read, with so many messages in the workspace. Filled once.
Stage& stage_of(size_t messages) {
  static std::map<size_t, Stage> stages;
  const auto [at, is_new] = stages.try_emplace(messages, Population{10, 1, messages});
  if (is_new)
    for (size_t user = 0; user < 10; ++user) at->second.join(user, Start::head());
  return at->second;
}

// `next`: one command of the user.
template <class Next>
void run(benchmark::State& state, const Next& next) {
  Stage& stage = stage_of(static_cast<size_t>(state.range(0)));
  const auto group = static_cast<size_t>(state.range(1));
  size_t user = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < group; ++i, user = (user + 1) % 10) next(stage, user);
    stage.flush();
    state.SetIterationTime(stage.measured());
  }
  const double commands = static_cast<double>(state.iterations()) * static_cast<double>(group);
  state.counters["per_command"] =
      benchmark::Counter(commands, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void post_command(benchmark::State& state) {
  run(state, [](Stage& stage, size_t user) {
    stage.peer(user).push(
        "message.post",
        post(stage.dice().uuid(server::now()), stage.filled().channels[0], stage.dice().text(100)),
        server::now());
  });
}

void edit_command(benchmark::State& state) {
  run(state, [](Stage& stage, size_t user) {
    const Filled& filled = stage.filled();
    const size_t message = stage.dice().below(filled.messages.size() / 10) * 10 + user;
    stage.peer(user).push("message.edit", edit(filled.messages[message], stage.dice().text(100)),
                          server::now());
  });
}

void groups(benchmark::internal::Benchmark* benchmark, int64_t messages) {
  for (const int64_t group : {1, 10, 100, 1000}) benchmark->Args({messages, group});
}

BENCHMARK(post_command)->ArgNames({"rows", "group"})->Apply([](auto* b) {
  groups(b, 1000), groups(b, 100'000);
}) -> UseManualTime() -> Unit(benchmark::kMicrosecond);
BENCHMARK(edit_command)->ArgNames({"rows", "group"})->Apply([](auto* b) {
  groups(b, 1000), groups(b, 100'000);
}) -> UseManualTime() -> Unit(benchmark::kMicrosecond);
BENCHMARK(edit_command)->ArgNames({"rows", "group"})->Apply([](auto* b) {
  groups(b, 1'000'000);
}) -> UseManualTime() -> Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace wherry::bench

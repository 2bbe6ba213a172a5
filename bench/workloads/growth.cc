#include <cstdio>
#include <fstream>
#include <memory>

#include "base/text.h"
#include "bench/basics.h"
#include "bench/plot.h"
#include "bench/report.h"
#include "bench/stage.h"
#include "bench/workloads/workloads.h"

namespace wherry::bench {

namespace {

constexpr size_t kUsers = 10;   // who all write and read
constexpr size_t kGroup = 100;  // commands per commit
constexpr size_t kGroups = 10;  // measured one behind the other
constexpr size_t kRecent = 1000;
constexpr size_t kActive = 10;
constexpr size_t kMessages = 20'000;  // where it is scopes that become more

void push_post(Stage& stage, size_t user, size_t channels) {
  const std::string& channel = stage.filled().channels[stage.dice().below(channels)];
  stage.peer(user).push(
      "message.post", post(stage.dice().uuid(server::now()), channel, stage.dice().text(100)), server::now());
}

// Messages are written by users in turn: one of the user's own.
void push_edit(Stage& stage, size_t user) {
  const std::vector<std::string>& messages = stage.filled().messages;
  const size_t message = messages.size() - kRecent + stage.dice().below(kRecent / kUsers) * kUsers + user;
  stage.peer(user).push("message.edit", edit(messages[message], stage.dice().text(100)), server::now());
}

struct Series {
  std::string name;
  std::function<void(Stage&, size_t)> push;  // one command of the user
};

// What one command costs, over so many sizes and for each series.
struct Question {
  std::string name, title, x_label;
  std::vector<std::pair<size_t, Population>> sizes;
  std::vector<Series> series;
};

// Means, since what comes seldom (a checkpoint, a merge of full-text indexes) is a part of what a command
// costs; and the median of groups, most of which have none of it.
struct Costs {
  double cpu_seconds = 0, written_bytes = 0, commands = 0;
  std::vector<double> groups;
  double cpu_us() const { return 1e6 * cpu_seconds / commands; }
};

// Bytes that this process has given to the kernel to be written.
int64_t written_bytes() {
  std::ifstream io("/proc/self/io");
  for (std::string field; io >> field;)
    if (int64_t value = 0; field == "wchar:" && io >> value) return value;
  throw std::runtime_error("/proc/self/io has no wchar");
}

double exchange_group(Stage& stage, const Series& series) {
  for (size_t i = 0; i < kGroup; ++i) series.push(stage, i % kUsers);
  stage.flush();
  return stage.measured();
}

void measure(Stage& stage, const Series& series, Costs& costs) {
  exchange_group(stage, series);  // the caches are another stage's
  const int64_t written = written_bytes();
  for (size_t i = 0; i < kGroups; ++i) {
    const double seconds = exchange_group(stage, series);
    costs.groups.push_back(1e6 * seconds / kGroup);
    costs.cpu_seconds += seconds;
  }
  costs.written_bytes += static_cast<double>(written_bytes() - written);
  costs.commands += kGroup * kGroups;
}

std::unique_ptr<Stage> make_stage(Population population) {
  population.progress = [&](size_t messages) {
    if (messages % 100'000 == 0)
      std::fprintf(stderr, "filling: %zu of %zu messages\n", messages, population.messages);
  };
  auto stage = std::make_unique<Stage>(population);
  for (size_t user = 0; user < kUsers; ++user) stage->join(user, Start::head());
  return stage;
}

// Costs by series and size. Each round measures everything once, so that what else the machine does falls on
// all alike. A workspace that has grown to three times its size is filled anew.
std::vector<std::vector<Costs>> measure_all(const Question& question, int rounds) {
  std::vector<std::unique_ptr<Stage>> stages(question.sizes.size());
  std::vector<size_t> added(question.sizes.size());
  std::vector<std::vector<Costs>> costs(question.series.size(), std::vector<Costs>(question.sizes.size()));
  for (int round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < stages.size(); ++i) {
      const Population& population = question.sizes[i].second;
      if (!stages[i] || added[i] > 2 * population.messages) {
        stages[i] = make_stage(population);
        added[i] = 0;
      }
      for (size_t n = 0; n < question.series.size(); ++n) {
        const size_t s = (n + static_cast<size_t>(round)) % question.series.size();
        measure(*stages[i], question.series[s], costs[s][i]);
      }
      added[i] += question.series.size() * (kGroups + 1) * kGroup;
    }
    std::fprintf(stderr, "%s: round %d of %d\n", question.name.c_str(), round + 1, rounds);
  }
  return costs;
}

void answer(const Question& question, const GrowthOptions& options) {
  if (question.sizes.empty()) return;
  auto costs = measure_all(question, options.rounds);
  Plot plot(question.title, question.x_label, "CPU time per command, µs");
  for (size_t s = 0; s < question.series.size(); ++s) {
    std::vector<std::pair<double, double>> points;
    for (size_t i = 0; i < question.sizes.size(); ++i) {
      const auto size = static_cast<double>(question.sizes[i].first);
      Costs& cost = costs[s][i];
      points.emplace_back(size, cost.cpu_us());
      Report()
          .text("workload", cat("growth ", question.name))
          .text("series", question.series[s].name)
          .number(question.name, size)
          .number("cpu_us", cost.cpu_us())
          .number("of_first", cost.cpu_us() / points.front().second)
          .number("group_p50_cpu_us", quantile(cost.groups, 0.5))
          .number("written_bytes", cost.written_bytes / cost.commands)
          .print();
    }
    plot.add(question.series[s].name, std::move(points));
  }
  if (!options.plots.empty())
    plot.write(std::filesystem::path(options.plots) / cat("growth-", question.name, ".svg"));
}

}  // namespace

void growth(const GrowthOptions& options) {
  Question log{"log", "What a command costs as the log grows", "messages in the workspace", {}, {}};
  for (size_t size = 1000; size <= options.log; size *= 10)
    log.sizes.emplace_back(size, Population{kUsers, 1, size});
  log.series = {{"posts", [](Stage& stage, size_t user) { push_post(stage, user, 1); }},
                {"edits of recent rows", push_edit}};
  answer(log, options);

  Question scopes{
      "scopes", "What a post costs as scopes become more", "scopes that each of ten users holds", {}, {}};
  for (size_t size = kActive; size <= options.scopes; size *= 10)
    scopes.sizes.emplace_back(size, Population{kUsers, size, kMessages});
  scopes.series = {{"ten are active", [](Stage& stage, size_t user) { push_post(stage, user, kActive); }},
                   {"all are active", [](Stage& stage, size_t user) {
                      push_post(stage, user, stage.filled().channels.size());
                    }}};
  answer(scopes, options);
}

}  // namespace wherry::bench

// What a replica spends: CPU time of receiving, executing and asking; the time that the disk takes does not
// count.
#include <benchmark/benchmark.h>

#include <map>
#include <stdexcept>

#include "base/text.h"
#include "bench/basics.h"
#include "bench/stage.h"
#include "sqlite/database.h"

namespace wherry::bench {
namespace {

// Ten users, ten channels, so many messages. Filled once.
Stage& stage_of(size_t messages) {
  static std::map<size_t, Stage> stages;
  return stages.try_emplace(messages, Population{10, 10, messages}).first->second;
}

void count_per(benchmark::State& state, const char* name, int64_t each) {
  state.counters[name] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(each),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// A new replica gets everything. `index_ms` is what the entries of the full-text index then take.
void bootstrap(benchmark::State& state) {
  const int64_t rows = state.range(0);
  Stage& stage = stage_of(static_cast<size_t>(rows));
  double indexing = 0;
  for (auto _ : state) {
    Replica& replica = stage.join_replica(1);
    state.SetIterationTime(stage.sync());
    if (!replica.status().synced) throw std::runtime_error("the replica is not complete");
    const double before = cpu_seconds();
    expect(replica.finish_background_work());
    indexing += cpu_seconds() - before;
  }
  count_per(state, "per_row", rows);
  state.counters["index_ms"] = 1e3 * indexing / static_cast<double>(state.iterations());
}

// The same messages, put into the same table by SQLite alone: a row in `messages` with its indexes, a
// thousand per transaction, channel by channel, as they come to a replica.
void bare_rows(benchmark::State& state) {
  const auto rows = static_cast<size_t>(state.range(0));
  Stage& stage = stage_of(rows);
  (void)stage.join_replica(1);
  (void)stage.sync();
  const auto read = stage.replica().query("SELECT * FROM messages ORDER BY channel_id, sent_at, id");
  for (auto _ : state) {
    const ScratchFolder folder;
    const auto db = bare_messages(folder.path() / "bare.db");
    const double before = cpu_seconds();
    sqlite::Statement insert =
        expect(db->prepare("INSERT INTO messages VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    for (size_t i = 0; i < rows; ++i) {
      if (i % 1000 == 0) expect(db->execute(i == 0 ? "BEGIN" : "COMMIT; BEGIN"));
      expect(insert.lend_all(read->rows[i]).run());
    }
    expect(db->execute("COMMIT"));
    state.SetIterationTime(cpu_seconds() - before);
  }
  count_per(state, "per_row", state.range(0));
}

std::string posted(Stage& stage, size_t channel) {
  return post(stage.dice().uuid(server::now()), stage.filled().channels[channel], stage.dice().text(100));
}
// Of a message that the replica's user has written.
std::string edited(Stage& stage) {
  const size_t own = stage.dice().below(stage.filled().messages.size() / 10) * 10 + 1;
  return edit(stage.filled().messages[own], stage.dice().text(100));
}

void execute_many(Stage& stage, const char* name, int64_t count) {
  std::vector<Replica::Request> requests;
  for (int64_t i = 0; i < count; ++i)
    requests.push_back(
        {name, name == std::string_view("message.post") ? posted(stage, 0) : edited(stage), {}});
  for (const Executed& executed : expect(stage.replica().execute_all(requests, server::now())))
    if (executed.refusal) throw std::runtime_error(cat("refused: ", executed.refusal->code));
}

// One command at a time, each in its own transaction.
void execute(benchmark::State& state, const char* name) {
  Stage& stage = stage_of(static_cast<size_t>(state.range(0)));
  Replica& replica = stage.join_replica(1);
  (void)stage.sync();
  expect(replica.finish_background_work());
  for (auto _ : state) {
    const std::string data = name == std::string_view("message.post") ? posted(stage, 0) : edited(stage);
    const double before = cpu_seconds();
    const auto executed = replica.execute(name, data, server::now());
    state.SetIterationTime(cpu_seconds() - before);
    if (!executed || executed->refusal) throw std::runtime_error("the command is refused");
  }
  (void)stage.sync();
}
void execute_post(benchmark::State& state) {
  execute(state, "message.post");
}
void execute_edit(benchmark::State& state) {
  execute(state, "message.edit");
}

// The commit of a post alone: SQLite writes the message and a row of a list of commands, and syncs.
void bare_commit(benchmark::State& state) {
  Stage& stage = stage_of(static_cast<size_t>(state.range(0)));
  const ScratchFolder folder;
  const auto db = bare_messages(folder.path() / "bare.db");
  expect(db->execute(
      "CREATE TABLE commands(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT, data TEXT, "
      "at INTEGER, base INTEGER, state TEXT); CREATE INDEX commands_state ON commands(state, n)"));
  for (auto _ : state) {
    const std::string id = stage.dice().uuid(server::now()), command = stage.dice().uuid(server::now());
    const std::string body = stage.dice().text(100);
    const std::string& channel = stage.filled().channels[0];
    const std::string data = post(id, channel, body);
    const Value at(server::now().count);
    const double before = cpu_seconds();
    expect(db->run("BEGIN IMMEDIATE"));
    expect(
        db->run("INSERT INTO messages(id, channel_id, author_id, body, sent_at) VALUES(?, ?, 'user1', ?, ?)",
                {Value(id), Value(channel), Value(body), at}));
    expect(db->run(
        "INSERT INTO commands(id, name, data, at, base, state) VALUES(?, 'message.post', ?, ?, 0, 'pending')",
        {Value(command), Value(data), at}));
    expect(db->run("COMMIT"));
    state.SetIterationTime(cpu_seconds() - before);
  }
}

void point_query(benchmark::State& state) {
  Stage& stage = stage_of(static_cast<size_t>(state.range(0)));
  Replica& replica = stage.join_replica(1);
  (void)stage.sync();
  for (auto _ : state) {
    const std::string& id = stage.filled().messages[stage.dice().below(stage.filled().messages.size())];
    const double before = cpu_seconds();
    const auto found = replica.query("SELECT body FROM messages WHERE id = ?1", {Value(id)});
    state.SetIterationTime(cpu_seconds() - before);
    if (!found || found->rows.size() != 1) throw std::runtime_error("the message is not found");
  }
}

// A batch of 100 posts by others while 10,000 commands are pending. `meets`: their author also renames the
// channel of the pending commands, so that all of these run again.
void join(benchmark::State& state, const char* pending) {
  Stage& stage = stage_of(static_cast<size_t>(state.range(0)));
  Replica& replica = stage.join_replica(1);
  (void)stage.sync();
  expect(replica.finish_background_work());
  if (!stage.has_peer(0)) stage.join(0, Start::head());
  execute_many(stage, pending, state.range(1));
  (void)expect(replica.take_outgoing());  // nobody hears of them
  for (auto _ : state) {
    for (int i = 0; i < 100; ++i) stage.peer(0).push("message.post", posted(stage, 9), server::now());
    for (const std::string& channel : stage.filled().channels)
      if (state.range(2) != 0)
        stage.peer(0).push("channel.rename",
                           cat(R"({"id":")", channel, R"(","name":")", stage.dice().text(20), R"("})"),
                           server::now());
    stage.flush();
    state.SetIterationTime(stage.sync());
  }
}
void join_over_posts(benchmark::State& state) {
  join(state, "message.post");
}
void join_over_edits(benchmark::State& state) {
  join(state, "message.edit");
}

// So many edits of so many messages while the replica was away.
void missed(benchmark::State& state) {
  Stage& stage = stage_of(static_cast<size_t>(state.range(0)));
  Replica& replica = stage.join_replica(1);
  (void)stage.sync();
  expect(replica.finish_background_work());
  for (size_t user = 0; user < 10; ++user)
    if (!stage.has_peer(user)) stage.join(user, Start::head());
  for (auto _ : state) {
    stage.leave();
    for (int64_t sent = 0; sent < state.range(1);) {
      for (int i = 0; i < 1000 && sent < state.range(1); ++i, ++sent) {
        const size_t message = stage.dice().below(stage.filled().messages.size());
        stage.peer(message % 10)
            .push("message.edit", edit(stage.filled().messages[message], stage.dice().text(100)),
                  server::now());
      }
      stage.flush();
      (void)stage.exchange();
    }
    stage.come_back(1);
    state.SetIterationTime(stage.sync());
    if (!replica.status().synced) throw std::runtime_error("the replica is not complete");
  }
}

using Benchmark = benchmark::internal::Benchmark;

void in_millis(Benchmark* b, const std::vector<std::string>& names,
               const std::vector<std::vector<int64_t>>& args) {
  b->ArgNames(names)->UseManualTime()->Unit(benchmark::kMillisecond);
  for (const auto& one : args) b->Args(one);
}
void by_rows(Benchmark* b) {
  in_millis(b, {"rows"}, {{1000}, {10'000}, {100'000}});
}
void single(Benchmark* b) {
  b->ArgName("rows")->Arg(1000)->Arg(100'000)->UseManualTime()->Unit(benchmark::kMicrosecond);
}
void by_pending(Benchmark* b) {
  in_millis(b, {"rows", "pending", "meets"},
            {{1000, 100, 1}, {1000, 1000, 1}, {10'000, 10'000, 0}, {10'000, 10'000, 1}});
}
void by_commands(Benchmark* b) {
  in_millis(b, {"rows", "commands"}, {{1000, 1000}, {10'000, 10'000}, {10'000, 100'000}});
}

BENCHMARK(bootstrap)->Apply(by_rows);
BENCHMARK(bare_rows)->Apply(by_rows);
BENCHMARK(execute_post)->Apply(single);
BENCHMARK(execute_edit)->Apply(single);
BENCHMARK(bare_commit)->Apply(single);
BENCHMARK(point_query)->Apply(single);
BENCHMARK(join_over_posts)->Apply(by_pending);
BENCHMARK(join_over_edits)->Apply(by_pending);
BENCHMARK(missed)->Apply(by_commands);

}  // namespace
}  // namespace wherry::bench

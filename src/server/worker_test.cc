#include "server/worker.h"

#include <gtest/gtest.h>

#include <latch>
#include <set>
#include <thread>

#include "base/text.h"
#include "server/clock.h"
#include "server/fake_workspace_for_test.h"

namespace wherry::server {
namespace {

constexpr const char* kAddress = "192.0.2.1";

Millis no_time() {
  return {};
}

// A worker with one connection, in whose workspace the first commit does not end before it may.
struct HeldWorker {
  HeldWorker() {
    file.before_commit = [this] {
      if (!std::exchange(first, false)) return;
      committing.count_down();
      go_on.wait();
    };
    peer->opened();
  }
  std::map<std::string, FakeFile> files;
  FakeFile& file = files["demo"];
  std::latch committing{1}, go_on{1};
  bool first = true;
  FakeOutlet outlet;
  RefusedTokens tokens{&no_time};
  Worker worker{fake_opener(files), outlet, tokens, 60'000};
  std::shared_ptr<Peer> peer = worker.peer(7, "demo", kAddress);
};

TEST(Worker, WhatArrivesDuringACommitIsTheNextGroup) {
  HeldWorker held;
  EXPECT_EQ(held.peer->message("0"), net::Reading::kGoOn);
  held.committing.wait();
  for (int i = 1; i <= 10; ++i) (void)held.peer->message(std::to_string(i));
  EXPECT_TRUE(held.outlet.sent(7).empty());
  held.go_on.count_down();
  const auto sent = held.outlet.wait_for(7, 11);
  ASSERT_EQ(sent.size(), 11u);
  for (int i = 0; i <= 10; ++i) EXPECT_EQ(sent[static_cast<size_t>(i)].bytes, cat("ok ", i));
  held.worker.stop();
  EXPECT_EQ(held.file.groups, (std::vector<size_t>{1, 10}));
  EXPECT_EQ(held.file.closed, 1);
}

// What a log calls received: how long a command waited for its turn can be told from it.
TEST(Worker, AMessageHasTheTimeAtWhichItCame) {
  HeldWorker held;
  (void)held.peer->message("first");
  held.committing.wait();
  const Millis before = now();
  (void)held.peer->message("second");
  const Millis after = now();
  while (now() == after) std::this_thread::yield();
  held.go_on.count_down();
  held.outlet.wait_for(7, 2);
  held.worker.stop();
  ASSERT_EQ(held.file.received.size(), 2u);
  EXPECT_GE(held.file.received[1], before);
  EXPECT_LE(held.file.received[1], after);
}

TEST(Worker, ShowsWhatIsOpenAndOpensNothingForIt) {
  std::map<std::string, FakeFile> files;
  for (const char* name : {"first", "second", "asleep"}) files[name];
  FakeOutlet outlet;
  RefusedTokens tokens{&no_time};
  Worker worker(fake_opener(files), outlet, tokens, 60'000);
  const auto first = worker.peer(1, "first", kAddress), second = worker.peer(2, "second", kAddress);
  for (const auto& peer : {first, second}) {
    peer->opened();
    (void)peer->message("hello");
  }
  outlet.wait_for(1, 1);
  outlet.wait_for(2, 1);
  const auto seen = [&](const std::string& workspace) {
    auto look = std::make_shared<Look>();
    look->workspace = workspace;
    worker.look(look);
    look->done.acquire();
    std::set<std::string> names;
    for (const auto& [name, view] : look->seen) {
      EXPECT_EQ(view.sessions, 1u);
      names.insert(name);
    }
    return names;
  };
  EXPECT_EQ(seen(""), (std::set<std::string>{"first", "second"}));
  EXPECT_EQ(seen("second"), (std::set<std::string>{"second"}));
  EXPECT_EQ(seen("asleep"), (std::set<std::string>{}));
  EXPECT_EQ(seen("nowhere"), (std::set<std::string>{}));
  worker.stop();
  EXPECT_EQ(files["asleep"].opened, 0);
  auto late = std::make_shared<Look>();
  worker.look(late);
  EXPECT_FALSE(late->done.try_acquire());
}

TEST(Worker, AFailureDisturbsNoNeighbour) {
  std::map<std::string, FakeFile> files;
  files["good"];
  files["bad"].next_commit = fail(ErrorCode::kIo, "no");
  FakeOutlet outlet;
  RefusedTokens tokens{&no_time};
  Worker worker(fake_opener(files), outlet, tokens, 60'000);
  const auto good = worker.peer(1, "good", kAddress), bad = worker.peer(2, "bad", kAddress),
             none = worker.peer(3, "none", kAddress);
  for (const auto& peer : {good, bad, none}) {
    peer->opened();
    (void)peer->message("hello");
  }
  EXPECT_EQ(bye_code(outlet.wait_for(2, 1).at(0)), "unavailable");
  EXPECT_EQ(bye_code(outlet.wait_for(3, 1).at(0)), "not_found");
  EXPECT_EQ(outlet.wait_for(1, 1).at(0).bytes, "ok hello");
  (void)good->message("again");
  EXPECT_EQ(outlet.wait_for(1, 2).at(1).bytes, "ok again");
  worker.stop();
  EXPECT_EQ(files["good"].opened, 1);
}

TEST(Worker, WhatArrivesDoesNotWaitForTheTicksOfAll) {
  constexpr int kWorkspaces = 30;
  std::map<std::string, FakeFile> files;
  FakeOutlet outlet;
  RefusedTokens tokens{&no_time};
  std::vector<std::shared_ptr<Peer>> peers;
  int ticks = 0, ticks_before_commit = -1;
  for (int i = 0; i < kWorkspaces; ++i) {
    files[cat("w", i)].before_tick = [&] {
      if (++ticks == 1) (void)peers[0]->message("hello");
    };
  }
  files["w0"].before_commit = [&] { ticks_before_commit = ticks; };
  Worker worker(fake_opener(files), outlet, tokens, 60'000);
  for (int i = 0; i < kWorkspaces; ++i) peers.push_back(worker.peer(i + 1, cat("w", i), kAddress));
  for (const auto& peer : peers) peer->opened();
  EXPECT_EQ(outlet.wait_for(1, 1).at(0).bytes, "ok hello");
  worker.stop();
  EXPECT_GE(ticks_before_commit, 1);
  EXPECT_LT(ticks_before_commit, kWorkspaces);
}

TEST(Worker, ReportsWhatWasSent) {
  std::map<std::string, FakeFile> files;
  FakeFile& file = files["demo"];
  FakeOutlet outlet;
  RefusedTokens tokens{&no_time};
  Worker worker(fake_opener(files), outlet, tokens, 60'000);
  const auto peer = worker.peer(1, "demo", kAddress);
  peer->opened();
  for (int i = 0; i < 1000; ++i) peer->sent(10);
  (void)peer->message("last");
  outlet.wait_for(1, 1);
  worker.stop();
  size_t bytes = 0;
  for (const auto& [session, size] : file.sent) bytes += size;
  EXPECT_EQ(bytes, 10'000u);
}

TEST(Worker, DrainsBeforeItSaysGoodbye) {
  std::map<std::string, FakeFile> files;
  files["a"];
  files["b"];
  FakeOutlet outlet;
  RefusedTokens tokens{&no_time};
  Worker worker(fake_opener(files), outlet, tokens, 60'000);
  const auto a = worker.peer(1, "a", kAddress), b = worker.peer(2, "b", kAddress);
  a->opened();
  b->opened();
  for (int i = 0; i < 100; ++i) (void)a->message(std::to_string(i));
  worker.begin_drain(60'000);
  worker.wait_until_drained();
  const auto sent = outlet.sent(1);
  ASSERT_EQ(sent.size(), 101u);
  EXPECT_EQ(sent[99].bytes, "ok 99");
  EXPECT_EQ(bye_code(sent[100]), "going_away");
  EXPECT_EQ(bye_code(outlet.sent(2).at(0)), "going_away");
  const auto late = worker.peer(3, "c", kAddress);
  late->opened();
  EXPECT_EQ(bye_code(outlet.wait_for(3, 1).at(0)), "going_away");
  worker.stop();
  worker.stop();
}

TEST(Worker, ManyConnectionsFromManyThreads) {
  std::map<std::string, FakeFile> files;
  for (int i = 0; i < 4; ++i) files[std::to_string(i)];
  FakeOutlet outlet;
  RefusedTokens tokens{&no_time};
  Worker worker(fake_opener(files), outlet, tokens, 60'000);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 50; ++i) {
        const net::ConnectionId id = thread * 1000 + i + 1;
        const auto peer = worker.peer(id, std::to_string(i % 4), kAddress);
        peer->opened();
        for (int k = 0; k < 20; ++k) (void)peer->message(cat(id, ':', k));
        peer->sent(5);
        if (i % 2 == 0) peer->closed();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int thread = 0; thread < 4; ++thread) {
    EXPECT_EQ(outlet.wait_for(thread * 1000 + 50, 20).size(), 20u);
  }
  worker.stop();
}

}  // namespace
}  // namespace wherry::server

// The public C++ API against a real server on loopback.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "base/text.h"
#include "bundle/compile.h"
#include "client/test_folder.h"
#include "net/client.h"
#include "net/token.h"
#include "protocol/codec.h"
#include "replica/reader.h"
#include "server/data_folder.h"
#include "server/refused_tokens.h"
#include "server/server.h"
#include "wherry/wherry.h"

namespace wherry {
namespace {

constexpr std::chrono::seconds kPatience{60};

Millis now() {
  return {std::chrono::duration_cast<std::chrono::milliseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

class Api : public testing::Test {
 protected:
  Api() {
    auto files = server::read_bundle_folder(WHERRY_CHAT_BUNDLE);
    EXPECT_TRUE(files);
    Compiled compiled = compile_bundle(*files);
    EXPECT_TRUE(compiled.mistakes.empty());
    bundle_ = std::make_shared<const Bundle>(std::move(compiled.bundle));
    start(0);
    auto folder = server::DataFolder::open(folder_.file("data"), false);
    EXPECT_TRUE(folder);
    EXPECT_TRUE((*folder)->create_workspace("team", now().count));
    secret_ = (*folder)->secret();
  }

  void start(uint16_t port) {
    server::ServerOptions options;
    options.bundle = bundle_;
    options.data = folder_.file("data");
    options.port = port;
    options.proxies.clear();  // so that refused tokens from this machine count
    auto started = server::Server::start(options);
    ASSERT_TRUE(started) << started.error().text();
    server_ = *std::move(started);
    port_ = server_->port();
  }

  std::string token(const std::string& user, Millis lasts = Millis{3'600'000}) const {
    return net::make_token({.user_id = user, .workspace = "team", .roles = {}, .expires = now() + lasts},
                           secret_);
  }

  DatabaseOptions options(const std::string& user) const {
    return {.url = cat("ws://127.0.0.1:", port_, "/team"),
            .token = [this, user] { return Result<std::string>(token(user)); },
            .create = true};
  }

  std::unique_ptr<Database> open(const std::string& user) const { return open(user, options(user)); }
  std::unique_ptr<Database> open(const std::string& user, DatabaseOptions options) const {
    auto opened = Database::open(folder_.file(user + ".db"), std::move(options));
    EXPECT_TRUE(opened) << opened.error().text();
    EXPECT_TRUE((*opened)->wait_synced(kPatience)) << user;
    return *std::move(opened);
  }

  client::TestFolder folder_;
  std::shared_ptr<const Bundle> bundle_;
  std::unique_ptr<server::Server> server_;
  uint16_t port_ = 0;
  std::string secret_;
};

std::string registration(const std::string& id, const std::string& name) {
  return cat(R"({"id":")", id, R"(","name":")", name, R"("})");
}

// Query results as they come, to wait for.
class Results {
 public:
  void take(const QueryChange& change) {
    const std::lock_guard lock(mutex_);
    changes_.push_back(change);
    news_.notify_all();
  }
  QueryChange wait_for(size_t rows) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(news_.wait_for(lock, kPatience,
                               [&] { return !changes_.empty() && changes_.back().rows.size() == rows; }));
    return changes_.empty() ? QueryChange{} : changes_.back();
  }
  // All differences one after another must give the last result.
  bool add_up() {
    const std::lock_guard lock(mutex_);
    std::vector<Row> rows;
    for (const QueryChange& change : changes_) {
      for (const Row& row : change.removed) {
        const auto at = std::find(rows.begin(), rows.end(), row);
        if (at == rows.end()) return false;
        rows.erase(at);
      }
      rows.insert(rows.end(), change.added.begin(), change.added.end());
    }
    return std::is_permutation(rows.begin(), rows.end(), changes_.back().rows.begin(),
                               changes_.back().rows.end());
  }

 private:
  std::mutex mutex_;
  std::condition_variable news_;
  std::vector<QueryChange> changes_;
};

TEST_F(Api, AnExecutedCommandIsAnsweredAndSeenByOthers) {
  const auto ann = open("ann");
  const auto bob = open("bob");
  Results seen;
  ASSERT_TRUE(
      bob->watch("SELECT id, name FROM users", {}, [&](const QueryChange& change) { seen.take(change); }));
  seen.wait_for(0);
  const auto executed = ann->execute("user.register", registration("ann", "Ann"));
  ASSERT_TRUE(executed) << executed.error().text();
  ASSERT_FALSE(executed->refusal) << executed->refusal->code;
  const auto outcome = ann->outcome(executed->id).get();
  ASSERT_TRUE(outcome) << outcome.error().text();
  EXPECT_EQ(outcome->state, CommandState::kApplied);
  EXPECT_EQ(ann->outcome(executed->id).get()->state, CommandState::kApplied);
  EXPECT_EQ(ann->outcome("nothing").get().error().code, ErrorCode::kNotFound);
  EXPECT_EQ(seen.wait_for(1).rows[0][1], Value("Ann"));
  EXPECT_TRUE(seen.add_up());
}

class ApiSearch : public Api {
 protected:
  void post(Database& database, const std::string& body) {
    const std::string channel = "01890000-0000-7000-8000-000000000001";
    ASSERT_TRUE(database.execute("channel.create", cat(R"({"id":")", channel, R"(","name":"general"})")));
    ASSERT_TRUE(
        database.execute("message.post", cat(R"({"id":"01890000-0000-7000-8000-000000000002","channel_id":")",
                                             channel, R"(","body":")", body, R"("})")));
  }
  Result<QueryResult> search(const std::string& user) const {
    const auto reader = ReplicaReader::open(folder_.file(user + ".db"));
    if (!reader) return std::unexpected(reader.error());
    return (*reader)->query("SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'morning'");
  }
};

TEST_F(ApiSearch, AReaderOfTheFileFindsWhatWasPostedSoonAfter) {
  const auto ann = open("ann");
  post(*ann, "good morning");
  auto found = search("ann");
  for (const auto end = std::chrono::steady_clock::now() + kPatience;
       !found && std::chrono::steady_clock::now() < end; found = search("ann")) {
    EXPECT_EQ(found.error().code, ErrorCode::kBusy);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->rows[0][0], Value(int64_t{1}));
}

TEST_F(ApiSearch, AReaderOfAFileThatWasClosedFindsEverything) {
  auto ann = open("ann");
  post(*ann, "good morning");
  ann.reset();
  const auto found = search("ann");
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->rows[0][0], Value(int64_t{1}));
}

TEST_F(Api, IsSafeFromManyThreadsAndItsCallbacksMayCallBack) {
  const auto ann = open("ann");
  Results seen;
  std::atomic<int> called_back = 0;
  ASSERT_TRUE(ann->watch("SELECT id FROM users", {}, [&](const QueryChange& change) {
    if (ann->query("SELECT count(*) FROM users")) ++called_back;
    seen.take(change);
  }));
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const auto executed = ann->execute("channel.create", registration(cat("c", t, "-", i), "C"));
        EXPECT_TRUE(executed && !executed->refusal);
        EXPECT_TRUE(ann->status().pending >= 0);
      }
    });
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(ann->execute("user.register", registration("ann", "Ann")));
  seen.wait_for(1);
  EXPECT_GT(called_back, 0);
  EXPECT_TRUE(ann->wait_synced(kPatience));
  const auto count = ann->query("SELECT count(*) FROM channels");
  ASSERT_TRUE(count);
  EXPECT_EQ(count->rows[0][0], Value(int64_t{kThreads * kEach}));
}

TEST_F(Api, UnwatchWaitsForTheCallUnderWayAndNoOtherBegins) {
  const auto ann = open("ann");
  std::promise<void> entered;
  std::atomic<int> calls = 0;
  std::atomic<bool> left = false;
  const auto id = ann->watch("SELECT id, name FROM users", {}, [&](const QueryChange&) {
    if (calls++ > 0) return;
    entered.set_value();
    // Long enough for unwatch to return too early, if it did.
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    left = true;
  });
  ASSERT_TRUE(id);
  entered.get_future().wait();
  ASSERT_TRUE(ann->execute("user.register", registration("ann", "Ann")));  // a second call waits
  ann->unwatch(*id);
  EXPECT_TRUE(left);
  // What is called after it would have been called before this.
  Results seen;
  ASSERT_TRUE(ann->watch("SELECT id FROM users", {}, [&](const QueryChange& change) { seen.take(change); }));
  seen.wait_for(1);
  EXPECT_EQ(calls, 1);
}

TEST_F(Api, ACallbackMayEndItsOwnWatch) {
  const auto ann = open("ann");
  std::promise<WatchId> known;
  std::promise<void> ended;
  auto id = known.get_future();
  const auto watched = ann->watch("SELECT id FROM users", {}, [&](const QueryChange&) {
    ann->unwatch(id.get());
    ended.set_value();
  });
  ASSERT_TRUE(watched);
  known.set_value(*watched);
  ASSERT_EQ(ended.get_future().wait_for(kPatience), std::future_status::ready);
}

TEST_F(Api, WorksOfflineAndComesBackAfterTheServerWasAway) {
  const auto ann = open("ann");
  server_->stop();
  server_.reset();
  const auto executed = ann->execute("user.register", registration("ann", "Ann"));
  ASSERT_TRUE(executed && !executed->refusal);
  auto outcome = ann->outcome(executed->id);
  EXPECT_EQ(ann->status().pending, 1);
  start(port_);
  ASSERT_EQ(outcome.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(outcome.get()->state, CommandState::kApplied);
}

TEST_F(Api, StaysOfflineUntilAskedToConnect) {
  open("ann").reset();
  DatabaseOptions offline = options("ann");
  offline.start_online = false;
  auto opened = Database::open(folder_.file("ann.db"), offline);
  ASSERT_TRUE(opened) << opened.error().text();
  Database& ann = **opened;
  EXPECT_EQ(ann.connection().state, ConnectionStatus::State::kOffline);
  ASSERT_TRUE(ann.execute("user.register", registration("ann", "Ann")));
  EXPECT_FALSE(ann.wait_synced(std::chrono::milliseconds(50)));
  ann.connect();
  EXPECT_TRUE(ann.wait_synced(kPatience));
  ann.disconnect();
  while (ann.status().connected) std::this_thread::yield();
  EXPECT_EQ(ann.status().pending, 0);
}

TEST_F(Api, AsksForANewTokenWhenTheServerRefusesTheOldOne) {
  std::atomic<int> asked = 0;
  DatabaseOptions with_tokens = options("ann");
  with_tokens.token = [&] {
    return Result<std::string>(asked++ == 0 ? token("ann", Millis{-1000}) : token("ann"));
  };
  const auto ann = open("ann", with_tokens);
  EXPECT_EQ(asked, 2);
}

TEST_F(Api, TellsThatATokenIsRefusedAndDoesNotStorm) {
  std::atomic<int> asked = 0;
  std::atomic<int> errors = 0;
  DatabaseOptions refused = options("ann");
  refused.token = [&] {
    ++asked;
    return Result<std::string>("nonsense");
  };
  refused.on_event = [&](const ReplicaEvent& event) {
    if (event.kind == ReplicaEvent::Kind::kError && event.code == "unauthorized") ++errors;
  };
  auto opened = Database::open(folder_.file("ann.db"), refused);
  ASSERT_TRUE(opened);
  while (errors == 0) std::this_thread::yield();
  EXPECT_FALSE((*opened)->wait_synced(std::chrono::milliseconds(1500)));
  EXPECT_EQ((*opened)->connection().error->code, ErrorCode::kUnauthorized);
  EXPECT_LE(asked, 3);
}

TEST_F(Api, StaysAwayAsLongAsTheServerAsks) {
  for (int i = 0; i < server::RefusedTokens::kMost; ++i) {
    std::promise<uint16_t> closed;
    net::ClientCallbacks callbacks;
    callbacks.on_close = [&](const Error&, uint16_t code) { closed.set_value(code); };
    net::WebSocketClient stranger(*net::Url::parse(cat("ws://127.0.0.1:", port_, "/team")), {},
                                  std::move(callbacks));
    protocol::Hello hello;
    hello.token = "nonsense";
    stranger.send(protocol::encode(hello, protocol::Compression::kPlain));
    EXPECT_EQ(closed.get_future().get(), 4401);
  }
  std::atomic<int> asked = 0;
  DatabaseOptions honest = options("ann");
  honest.token = [&] {
    ++asked;
    return Result<std::string>(token("ann"));
  };
  auto opened = Database::open(folder_.file("ann.db"), honest);
  ASSERT_TRUE(opened);
  // Time for several attempts, if it did not wait.
  EXPECT_FALSE((*opened)->wait_synced(std::chrono::milliseconds(3000)));
  const ConnectionStatus status = (*opened)->connection();
  EXPECT_EQ(status.state, ConnectionStatus::State::kWaiting);
  ASSERT_TRUE(status.error);
  EXPECT_EQ(status.error->code, ErrorCode::kUnavailable);
  EXPECT_EQ(status.attempts, 1);
  EXPECT_EQ(asked, 1);
}

TEST_F(Api, OneEngineHasAFile) {
  const auto ann = open("ann");
  const auto second = Database::open(folder_.file("ann.db"), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
}

TEST_F(Api, ADamagedFileGoesOnWithItsQueue) {
  std::string id;
  {
    const auto ann = open("ann");
    ASSERT_TRUE(ann->wait_synced(std::chrono::seconds(30)));
    ann->disconnect();
    const auto executed = ann->execute("user.register", registration("ann", "Ann"));
    ASSERT_TRUE(executed && !executed->refusal);
    id = executed->id;
    ASSERT_TRUE(ann->checkpoint());
  }
  {
    std::fstream file(folder_.file("ann.db"), std::ios::binary | std::ios::in | std::ios::out);
    for (const int page : {3, 4, 5, 6}) file.seekp(page * 4096 + 1000) << "rot";
  }
  std::promise<ReplicaEvent> told;
  DatabaseOptions options = this->options("ann");
  options.on_event = [&](const ReplicaEvent& event) {
    if (event.kind == ReplicaEvent::Kind::kSalvaged) told.set_value(event);
  };
  auto ann = Database::open(folder_.file("ann.db"), std::move(options));
  ASSERT_TRUE(ann) << ann.error().text();
  const ReplicaEvent event = told.get_future().get();
  EXPECT_EQ(event.done, 1);
  ASSERT_TRUE((*ann)->wait_synced(std::chrono::seconds(30)));
  EXPECT_EQ((*(*ann)->outcome(id).get()).state, CommandState::kApplied);
  EXPECT_EQ((*ann)->query("SELECT name FROM users WHERE id = 'ann'")->rows, std::vector<Row>{{Value("Ann")}});
}

TEST_F(Api, ClosingEndsWhatWaits) {
  auto ann = open("ann");
  ann->disconnect();
  const auto executed = ann->execute("user.register", registration("ann", "Ann"));
  ASSERT_TRUE(executed && !executed->refusal);
  auto outcome = ann->outcome(executed->id);
  ann.reset();
  const auto ended = outcome.get();
  // It may have got through before the connection ended.
  EXPECT_TRUE(ended || ended.error().code == ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace wherry

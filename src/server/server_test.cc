#include "server/server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>

#include "base/text.h"
#include "bundle/compile.h"
#include "net/client.h"
#include "net/token.h"
#include "protocol/codec.h"
#include "server/clock.h"
#include "server/refused_tokens.h"

namespace wherry::server {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<const Bundle> small_bundle() {
  const Compiled compiled = compile_bundle(
      {{"app.toml", "name = \"notes\"\n[tables.notes]\nscope = \"workspace\"\n"},
       {"migrations/0001_start.sql", "CREATE TABLE notes(id TEXT NOT NULL PRIMARY KEY, body TEXT);\n"},
       {"commands/note.sql",
        "-- command: note.add\n-- entity: notes(:id) new\n-- param: id uuid\n-- param: body text(0..100)\n"
        "-- Adds a note.\nINSERT INTO notes(id, body) VALUES(:id, :body);\n"}});
  for (const Mistake& mistake : compiled.mistakes) ADD_FAILURE() << mistake.text();
  return std::make_shared<const Bundle>(compiled.bundle);
}

// A connection and what came over it.
class Probe {
 public:
  Probe(uint16_t port, std::string_view workspace) {
    net::ClientCallbacks callbacks;
    callbacks.on_message = [this](const std::string& bytes) {
      auto message = protocol::decode(bytes);
      const std::lock_guard lock(mutex_);
      if (message) messages_.push_back(*std::move(message));
      changed_.notify_all();
    };
    callbacks.on_close = [this](const Error&, uint16_t code) {
      const std::lock_guard lock(mutex_);
      close_code_ = code;
      changed_.notify_all();
    };
    client_ =
        std::make_unique<net::WebSocketClient>(*net::Url::parse(cat("ws://127.0.0.1:", port, '/', workspace)),
                                               net::WebSocketClient::Options{}, std::move(callbacks));
  }

  void send(const protocol::Message& message) {
    client_->send(protocol::encode(message, protocol::Compression::kPlain));
  }
  void send_bytes(std::string bytes) { client_->send(std::move(bytes)); }
  void hello(const std::string& token) {
    protocol::Hello hello;
    hello.token = token;
    hello.clock = now();
    send(hello);
  }

  // The first message of this kind, once it has come.
  template <typename Kind>
  std::optional<Kind> wait_for() {
    std::unique_lock lock(mutex_);
    std::optional<Kind> found;
    changed_.wait_for(lock, std::chrono::seconds(60), [&] {
      for (const auto& message : messages_) {
        if (const auto* kind = std::get_if<Kind>(&message); kind != nullptr && !found) found = *kind;
      }
      return found || close_code_;
    });
    return found;
  }
  int wait_for_close() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return close_code_.has_value(); });
    return close_code_.value_or(0);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<protocol::Message> messages_;
  std::optional<uint16_t> close_code_;
  std::unique_ptr<net::WebSocketClient> client_;
};

struct ServerTest : testing::Test {
  ServerTest() {
    std::string pattern = (fs::temp_directory_path() / "wherry-server-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    options.bundle = small_bundle();
    options.data = root + "/data";
    options.workers = 2;
  }
  ~ServerTest() override { fs::remove_all(root); }

  std::unique_ptr<Server> start() {
    auto server = Server::start(options);
    if (!server) ADD_FAILURE() << server.error().text();
    return server ? *std::move(server) : nullptr;
  }
  std::string token(const std::string& workspace) const {
    const auto data = *DataFolder::open(options.data, false);
    return net::make_token({"ann", workspace, {}, now() + Millis{60'000}}, data->secret());
  }

  std::string root;
  ServerOptions options;
};

TEST_F(ServerTest, WelcomesWhoeverHasAToken) {
  const auto server = start();
  ASSERT_TRUE((*DataFolder::open(options.data, false))->create_workspace("demo", now().count));
  Probe probe(server->port(), "demo");
  probe.hello(token("demo"));
  const auto welcome = probe.wait_for<protocol::Welcome>();
  ASSERT_TRUE(welcome);
  EXPECT_EQ(welcome->workspace, "demo");
  EXPECT_EQ(welcome->user_id, "ann");
}

TEST_F(ServerTest, RefusesTokensForOtherWorkspaces) {
  const auto server = start();
  const auto data = *DataFolder::open(options.data, false);
  ASSERT_TRUE(data->create_workspace("demo", now().count));
  Probe probe(server->port(), "demo");
  probe.hello(token("other"));
  const auto bye = probe.wait_for<protocol::Bye>();
  ASSERT_TRUE(bye);
  EXPECT_EQ(bye->code, "unauthorized");
  EXPECT_EQ(probe.wait_for_close(), 4401);
}

TEST_F(ServerTest, TurnsAnAddressAwayWhoseTokensAreRefused) {
  options.dev = true;
  options.proxies.clear();
  const auto server = start();
  Probe before(server->port(), "demo");
  before.hello(token("demo"));
  ASSERT_TRUE(before.wait_for<protocol::Welcome>());
  for (int i = 0; i < RefusedTokens::kMost; ++i) {
    Probe probe(server->port(), "demo");
    probe.hello("nonsense");
    EXPECT_EQ(probe.wait_for_close(), 4401);
  }
  Probe probe(server->port(), "demo");
  probe.hello(token("demo"));
  const auto bye = probe.wait_for<protocol::Bye>();
  ASSERT_TRUE(bye);
  EXPECT_EQ(bye->code, "backoff");
  EXPECT_GT(bye->retry_after, Millis{0});
  EXPECT_LE(bye->retry_after, RefusedTokens::kTurnedAway);
  EXPECT_EQ(probe.wait_for_close(), 4429);
  // Who was there stays, and is heard.
  before.send_bytes("\xff nonsense");
  EXPECT_EQ(before.wait_for_close(), 1002);
}

TEST_F(ServerTest, SaysThatAWorkspaceDoesNotExist) {
  const auto server = start();
  Probe probe(server->port(), "nowhere");
  const auto bye = probe.wait_for<protocol::Bye>();
  ASSERT_TRUE(bye);
  EXPECT_EQ(bye->code, "not_found");
  EXPECT_EQ(probe.wait_for_close(), 4404);
}

TEST_F(ServerTest, AMalformedMessageDisturbsNobodyElse) {
  options.dev = true;
  const auto server = start();
  Probe good(server->port(), "demo"), bad(server->port(), "demo");
  bad.send_bytes("\xff nonsense");
  EXPECT_EQ(bad.wait_for_close(), 1002);
  good.hello(token("demo"));
  EXPECT_TRUE(good.wait_for<protocol::Welcome>());
}

TEST_F(ServerTest, DevelopmentModeMakesWorkspacesButOnlyOnLoopback) {
  options.dev = true;
  {
    const auto server = start();
    Probe probe(server->port(), "fresh");
    probe.hello(token("fresh"));
    EXPECT_TRUE(probe.wait_for<protocol::Welcome>());
  }
  EXPECT_TRUE((*DataFolder::open(options.data, false))->find("fresh"));
  options.host = "192.0.2.1";
  EXPECT_EQ(Server::start(options).error().code, ErrorCode::kInvalid);
}

TEST_F(ServerTest, ASecondServerRefuses) {
  const auto server = start();
  const auto second = Server::start(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  EXPECT_NE(second.error().message.find("stop it first"), std::string::npos);
  ServerOptions elsewhere = options;
  elsewhere.data = root + "/other";
  elsewhere.port = server->port();
  const auto third = Server::start(elsewhere);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::kBusy);
}

TEST_F(ServerTest, StopSaysGoodbye) {
  options.dev = true;
  const auto server = start();
  Probe first(server->port(), "a"), second(server->port(), "b");
  first.hello(token("a"));
  second.hello(token("b"));
  ASSERT_TRUE(first.wait_for<protocol::Welcome>());
  ASSERT_TRUE(second.wait_for<protocol::Welcome>());
  server->stop();
  for (Probe* probe : {&first, &second}) {
    const auto bye = probe->wait_for<protocol::Bye>();
    ASSERT_TRUE(bye);
    EXPECT_EQ(bye->code, "going_away");
    EXPECT_GT(bye->retry_after, Millis{0});
    EXPECT_EQ(probe->wait_for_close(), 1001);
  }
  // The folder is free again.
  EXPECT_TRUE(start() != nullptr);
}

}  // namespace
}  // namespace wherry::server

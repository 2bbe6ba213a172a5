// Messages that are cut, damaged, out of place or absurd end in a named error and disturb nobody.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/text.h"
#include "protocol/codec.h"
#include "tests/sync/world.h"

namespace wherry::testing {
namespace {

using protocol::Compression;

class Malformed : public ::testing::Test {
 protected:
  Malformed() : world("examples/chat") {
    world.direct("ann", "channel.create", R"({"id":"c","name":"general","private":false})");
    honest = &world.device("ann", "ann");
    honest->connect();
    world.settle();
  }

  std::string hello() const {
    protocol::Hello hello;
    hello.token = "eve";
    hello.clock = world.now;
    return protocol::encode(hello, Compression::kPlain);
  }
  std::string push(int64_t number, const std::string& data = R"({"id":"e","name":"Eve"})") {
    protocol::Push push;
    push.commands.push_back({world.id(), number, "user.register", data, world.now, Seq{}, std::nullopt});
    return protocol::encode(push, Compression::kPlain);
  }

  // Says the messages over a connection of their own; the code of the `bye` that follows, empty if none does.
  std::string said(const std::vector<std::string>& messages) {
    const SessionId session = 1000 + ++count_;
    world.workspace().connect(session, world.now);
    std::string code;
    for (const std::string& message : messages) {
      world.workspace().receive(session, message, world.now);
      std::vector<Output> outputs;
      while (world.step(&outputs)) {
      }
      for (const Output& output : outputs) {
        if (output.session != session || !output.close) continue;
        const auto bye = protocol::decode(output.bytes);
        EXPECT_TRUE(bye && std::holds_alternative<protocol::Bye>(*bye));
        code = std::get<protocol::Bye>(*bye).code;
        EXPECT_EQ(output.close_code, protocol::close_code(code));
      }
    }
    world.workspace().disconnect(session);
    return code;
  }
  void expect_undisturbed() {
    honest->exec("message.post", cat(R"({"id":"h)", ++count_, R"(","channel_id":"c","body":"still here"})"));
    world.settle();
    EXPECT_EQ(honest->ask("SELECT count(*) FROM wherry_commands WHERE state = 'pending'"), "0");
    world.expect_agreement();
  }

  World world;
  Device* honest;
  int count_ = 0;
};

TEST_F(Malformed, EveryMessageCutAtEachByteIsRefused) {
  const std::string whole_hello = hello(), whole_push = push(1);
  const std::string pull = protocol::encode(protocol::Pull{{{1, Seq{}, {}}}, {}, 8}, Compression::kPlain);
  for (size_t cut = 0; cut < whole_hello.size(); ++cut)
    EXPECT_EQ(said({whole_hello.substr(0, cut)}), "protocol") << "hello cut at " << cut;
  for (size_t cut = 0; cut < whole_push.size(); ++cut)
    EXPECT_EQ(said({whole_hello, whole_push.substr(0, cut)}), "protocol") << "push cut at " << cut;
  for (size_t cut = 0; cut < pull.size(); ++cut) {
    const std::string code = said({whole_hello, pull.substr(0, cut)});
    EXPECT_TRUE(code == "protocol" || code.empty()) << "pull cut at " << cut << ": " << code;
  }
  expect_undisturbed();
}

TEST_F(Malformed, EveryFlippedBitIsRefusedOrHarmless) {
  const std::string whole_hello = hello(), whole_push = push(1);
  for (size_t at = 0; at < whole_push.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole_push;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      (void)said({whole_hello, flipped});
    }
  expect_undisturbed();
}

TEST_F(Malformed, MessagesOutOfPlaceAreNamed) {
  const std::string whole_hello = hello();
  EXPECT_EQ(said({push(1)}), "protocol") << "before hello";
  EXPECT_EQ(said({whole_hello, whole_hello}), "protocol") << "hello twice";
  EXPECT_EQ(said({whole_hello, push(2)}), "protocol") << "a gap in the numbers";
  EXPECT_EQ(said({whole_hello, protocol::encode(protocol::Batch{}, Compression::kPlain)}), "protocol");
  protocol::Pull future;
  future.scopes.push_back({1, Seq{1'000'000}, {}});
  EXPECT_EQ(said({whole_hello, protocol::encode(future, Compression::kPlain)}), "protocol");
  protocol::Hello nobody;
  EXPECT_EQ(said({protocol::encode(nobody, Compression::kPlain)}), "unauthorized");
  expect_undisturbed();
}

// Nobody but a replica that was really shown a lost part of the log can make the others start anew.
TEST_F(Malformed, AnInventedMemoryBeginsNoEpoch) {
  const std::string epoch = honest->replica().status().epoch;
  const auto remembers = [&](const std::string& of, int64_t seq, const std::string& hash) {
    protocol::Hello hello;
    hello.token = "eve";
    hello.clock = world.now;
    hello.epoch = of;
    hello.position = hello.hash_at = {seq};
    hello.hash = hash;
    return said({protocol::encode(hello, Compression::kPlain)});
  };
  const std::string other = "01a21212-0ee2-75c6-8f89-637c5aee1d9c";
  EXPECT_EQ(remembers(epoch, 1'000'000, std::string(protocol::kLinkBytes, 'x')), "protocol");
  EXPECT_EQ(remembers(epoch, 1, std::string(protocol::kLinkBytes, 'x')), "protocol");
  EXPECT_EQ(remembers(epoch, 1, std::string(8, 'x')), "protocol");
  EXPECT_EQ(remembers(epoch, 1'000'000, ""), "protocol");
  for (const int64_t seq : {1, 1'000'000})
    for (const std::string& hash : {std::string(), std::string(protocol::kLinkBytes, 'x')})
      EXPECT_EQ(remembers(other, seq, hash), "invalid");
  honest->connect();
  world.settle();
  EXPECT_EQ(honest->replica().status().epoch, epoch);
  expect_undisturbed();
}

TEST_F(Malformed, AScanFromAPlaceThatIsNoneIsRefused) {
  for (const std::string after : {"x", "\x01", "\x01\xC4\x05k", "\x01\xC4\x01k more"}) {
    const protocol::Pull pull{{{1, Seq{}, after}}, {}, 8};
    EXPECT_EQ(said({hello(), protocol::encode(pull, Compression::kPlain)}), "protocol") << to_hex(after);
  }
  expect_undisturbed();
}

TEST_F(Malformed, WhoeverPushesPastTheWindowIsStopped) {
  // How a session ends that pushes so many commands of so many bytes, each in a message of its own.
  SessionId session = 900;
  const auto pushed = [&](int64_t commands, size_t bytes) {
    world.workspace().connect(++session, world.now);
    world.workspace().receive(session, hello(), world.now);
    world.settle();
    const std::string frame = R"({"id":"e","name":""})";
    const std::string data = cat(R"({"id":"e","name":")", std::string(bytes - frame.size(), 'x'), "\"}");
    for (int64_t number = 1; number <= commands; ++number)
      world.workspace().receive(session, push(number, data), world.now);
    std::string code;
    for (const Output& output : world.workspace().take_outputs())
      if (output.session == session && output.close) code = output.close_reason;
    world.settle();
    return code;
  };
  EXPECT_EQ(pushed(4, limits::kWindowBytes / 4), "");
  EXPECT_EQ(pushed(5, limits::kWindowBytes / 4), "limit");
  EXPECT_EQ(pushed(int64_t{limits::kWindowCommands}, 30), "");
  EXPECT_EQ(pushed(int64_t{limits::kWindowCommands} + 1, 30), "limit");
  expect_undisturbed();
}

TEST_F(Malformed, AbsurdContentIsRejectedAndLogged) {
  const std::string whole_hello = hello();
  for (const char* data : {"", "{", "[]", "null", R"({"id":1})", R"({"id":"e"})",
                           R"({"id":"e","name":"x","more":1})", R"({"id":"e","name":"\ud800"})",
                           R"({"id":"e\u0000","name":"x"})", R"({"id":"e","id":"f","name":"x"})"}) {
    const int64_t before =
        *world.server("SELECT count(*) FROM wherry_commands WHERE outcome = 'rejected'").integer();
    EXPECT_EQ(said({whole_hello, push(1, data)}), "") << data;
    EXPECT_EQ(*world.server("SELECT count(*) FROM wherry_commands WHERE outcome = 'rejected'").integer(),
              before + 1)
        << data;
  }
  EXPECT_EQ(world.server("SELECT count(*) FROM users"), Value(int64_t{0}));
  EXPECT_EQ(world.server("SELECT count(*) FROM wherry_commands WHERE NOT json_valid(data)"),
            Value(int64_t{0}));
  expect_undisturbed();
}

}  // namespace
}  // namespace wherry::testing

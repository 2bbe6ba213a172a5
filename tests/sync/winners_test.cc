// Last write wins, unless a restriction refuses.
#include <algorithm>

#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/sync/world.h"

namespace wherry::testing {
namespace {

constexpr Millis kHour{3'600'000};

class Winners : public ::testing::Test {
 protected:
  Winners() : world("examples/chat") {
    for (const char* user : {"ann", "bob", "cyd"})
      EXPECT_EQ(world.direct(user, "user.register", cat("{\"id\":\"", user, "\",\"name\":\"", user, "\"}")),
                "applied");
    EXPECT_EQ(world.direct("ann", "channel.create", R"({"id":"c","name":"general","private":false})"),
              "applied");
    for (const char* user : {"bob", "cyd"})
      EXPECT_EQ(
          world.direct(user, "channel.add_member", cat(R"({"channel_id":"c","user_id":")", user, "\"}")),
          "applied");
    EXPECT_EQ(world.direct("ann", "message.post", R"({"id":"m","channel_id":"c","body":"first"})"),
              "applied");
    world.now = world.now + kHour;
    for (const char* user : {"ann", "bob", "cyd"}) world.device(user, user).connect();
    world.settle();
    for (auto& [_, device] : world.devices) device->disconnect();
  }

  void reconnect(std::vector<std::string> names) {
    for (const std::string& name : names) {
      world.device(name, name).connect();
      world.settle();
    }
    world.expect_agreement();
  }
  std::string server_body() { return *world.server("SELECT body FROM messages WHERE id = 'm'").text(); }

  World world;
};

TEST_F(Winners, TheLaterRenameWinsInEveryOrderOfReconnection) {
  std::vector<std::string> order = {"ann", "bob", "cyd"};
  do {
    World w("examples/chat");
    w.direct("ann", "channel.create", R"({"id":"c","name":"general","private":false})");
    w.now = w.now + kHour;
    for (const std::string& name : order) w.device(name, name, {"admin"}).connect();
    w.settle();
    for (auto& [_, device] : w.devices) device->disconnect();
    const Millis week = w.now;
    w.now = w.now + Millis{7 * 24 * kHour.count};
    // ann wrote first, then cyd, then bob.
    w.device("ann", "ann").exec_at(week + kHour, "channel.rename", R"({"id":"c","name":"by ann"})");
    w.device("cyd", "cyd")
        .exec_at(week + Millis{2 * kHour.count}, "channel.rename", R"({"id":"c","name":"by cyd"})");
    w.device("bob", "bob")
        .exec_at(week + Millis{3 * kHour.count}, "channel.rename", R"({"id":"c","name":"by bob"})");
    for (const std::string& name : order) {
      w.device(name, name).connect();
      w.settle();
    }
    EXPECT_EQ(w.server("SELECT name FROM channels"), Value("by bob")) << join(order, " ");
    w.expect_agreement();
  } while (std::ranges::next_permutation(order).found);
}

TEST_F(Winners, AStaleOfflineEditIsSupersededAndSaysWhatItLost) {
  Device& ann = world.device("ann", "ann");
  Device& admin = world.device("root", "root", {"admin"});
  world.direct("root", "channel.add_member", R"({"channel_id":"c","user_id":"root"})");
  admin.connect();
  world.settle();
  const std::string stale =
      ann.exec_at(world.now + Millis{10}, "message.edit", R"({"id":"m","body":"stale"})");
  world.now = world.now + kHour;
  admin.exec("message.edit", R"({"id":"m","body":"newer"})");
  world.settle();
  EXPECT_EQ(server_body(), "newer");
  reconnect({"ann"});
  EXPECT_EQ(server_body(), "newer");
  EXPECT_EQ(ann.state_of(stale), "superseded");
  EXPECT_EQ(ann.ask("SELECT body FROM messages WHERE id = 'm'"), "newer");
  EXPECT_NE(ann.ask("SELECT lost FROM wherry_commands").find("body"), std::string::npos);
}

TEST_F(Winners, ClocksIn2099And1970GainNothing) {
  Device& ann = world.device("ann", "ann");
  Device& root = world.device("root", "root", {"admin"});
  root.connect();
  world.settle();
  ann.clock_offset = Millis{76LL * 365 * 24 * kHour.count};
  ann.connect();
  world.settle();
  ann.exec("message.edit", R"({"id":"m","body":"from 2099"})");
  world.settle();
  EXPECT_EQ(server_body(), "from 2099");
  world.now = world.now + Millis{1000};
  root.exec("message.edit", R"({"id":"m","body":"a second later"})");
  world.settle();
  EXPECT_EQ(server_body(), "a second later") << "a clock in the future must not lock the field";
  ann.clock_offset = Millis{-world.now.count};
  ann.connect();
  world.settle();
  world.now = world.now + Millis{1000};
  ann.exec("message.edit", R"({"id":"m","body":"from 1970"})");
  world.settle();
  EXPECT_EQ(server_body(), "from 1970") << "who has seen a value outranks it, whatever his clock says";
  world.expect_agreement();
}

TEST_F(Winners, AStaleAddDoesNotUndoALaterRemoveAndALaterOneDoes) {
  Device& ann = world.device("ann", "ann");
  Device& bob = world.device("bob", "bob");
  const Millis start = world.now;
  world.now = world.now + Millis{10 * kHour.count};
  // bob adds dan in hour 1, ann removes him in hour 2; ann's word arrives first.
  const std::string add =
      bob.exec_at(start + kHour, "channel.add_member", R"({"channel_id":"c","user_id":"dan"})");
  ann.exec_at(start + Millis{2 * kHour.count}, "channel.remove_member",
              R"({"channel_id":"c","user_id":"dan"})");
  reconnect({"ann", "bob"});
  EXPECT_EQ(world.server("SELECT count(*) FROM members WHERE user_id = 'dan'"), Value(int64_t{0}));
  EXPECT_EQ(bob.state_of(add), "superseded");
  bob.exec("channel.add_member", R"({"channel_id":"c","user_id":"dan"})");
  world.settle();
  EXPECT_EQ(world.server("SELECT count(*) FROM members WHERE user_id = 'dan'"), Value(int64_t{1}));
  world.expect_agreement();
}

TEST_F(Winners, EditsOfLockedAndDeletedMessagesComeBackRejectedWithTheirText) {
  Device& bob = world.device("bob", "bob");
  world.direct("bob", "message.post", R"({"id":"b1","channel_id":"c","body":"one"})");
  reconnect({"bob"});
  bob.disconnect();
  const std::string edit = bob.exec("message.edit", R"({"id":"b1","body":"precious text"})");
  const std::string post = bob.exec("message.post", R"({"id":"b2","channel_id":"c","body":"also precious"})");
  world.direct("bob", "message.delete", R"({"id":"b1"})");
  world.direct("ann", "channel.lock", R"({"id":"c"})");
  reconnect({"bob"});
  EXPECT_EQ(bob.state_of(edit), "rejected:entity_deleted");
  EXPECT_EQ(bob.state_of(post), "rejected:entity_locked");
  EXPECT_NE(bob.ask("SELECT data FROM wherry_commands WHERE id = '" + edit + "'").find("precious text"),
            std::string::npos);
  EXPECT_EQ(bob.ask("SELECT body FROM messages WHERE id = 'b1'"), "");
  EXPECT_EQ(bob.ask("SELECT count(*) FROM messages WHERE id = 'b2'"), "0");
  EXPECT_EQ(bob.refused("message.post", R"({"id":"b3","channel_id":"c","body":"x"})"), "entity_locked");
  bob.exec("channel.mark_read", R"({"channel_id":"c","message_id":"b1"})");
  world.settle();
  EXPECT_EQ(world.server("SELECT count(*) FROM read_marks"), Value(int64_t{1}));
  world.direct("ann", "channel.unlock", R"({"id":"c"})");
  world.settle();
  const auto again = bob.replica().retry(post, world.now);
  ASSERT_TRUE(again);
  world.settle();
  EXPECT_EQ(bob.state_of(again->id), "applied");
  world.expect_agreement();
}

TEST_F(Winners, CountersAndSetsAddUpFromEverywhere) {
  for (const char* name : {"ann", "bob", "cyd"}) {
    Device& device = world.device(name, name);
    device.exec("message.vote", R"({"id":"m","by":2})");
    device.exec("message.react", R"({"id":"m","emoji":"wave"})");
  }
  world.device("ann", "ann").exec("message.unreact", R"({"id":"m","emoji":"wave"})");
  reconnect({"cyd", "ann", "bob"});
  EXPECT_EQ(world.server("SELECT votes FROM messages WHERE id = 'm'"), Value(int64_t{6}));
  EXPECT_EQ(world.server("SELECT reactions FROM messages WHERE id = 'm'"),
            Value(R"(["wave bob","wave cyd"])"));
}

TEST_F(Winners, AnEditOfARowThatTheReplicaWroteItselfFollowsItsOwnOrder) {
  Device& ann = world.device("ann", "ann");
  ann.exec("message.post", R"({"id":"a1","channel_id":"c","body":"v1"})");
  // The clock steps back between the two.
  ann.exec_at(world.now + Millis{-5 * kHour.count}, "message.edit", R"({"id":"a1","body":"v2"})");
  reconnect({"ann"});
  EXPECT_EQ(world.server("SELECT body FROM messages WHERE id = 'a1'"), Value("v2"));
}

}  // namespace
}  // namespace wherry::testing

// New access streams the missing rows; lost access removes them.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/sync/world.h"

namespace wherry::testing {
namespace {

// All bytes of a database and what lies beside it.
std::string bytes_of(const std::string& path) {
  std::string all;
  for (const char* suffix : {"", "-wal", "-journal"}) {
    std::ifstream in(path + suffix, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    all += text.str();
  }
  return all;
}

class Scopes : public ::testing::Test {
 protected:
  Scopes() : world("examples/chat") {
    world.direct("ann", "channel.create", R"({"id":"pub","name":"public","private":false})");
    world.direct("ann", "channel.create", R"({"id":"sec","name":"zzsecretname","private":true})");
    for (int i = 0; i < 20; ++i)
      world.direct("ann", "message.post",
                   cat(R"({"id":"s)", i, R"(","channel_id":"sec","body":"zzsecretword )", i, "\"}"));
    world.direct("ann", "message.post", R"({"id":"p1","channel_id":"pub","body":"hello all"})");
    ann = &world.device("ann", "ann");
    bob = &world.device("bob", "bob");
    bob->record = true;
    ann->connect();
    bob->connect();
    world.settle();
  }
  void add(const char* user, const char* channel = "sec") {
    ann->exec("channel.add_member", cat(R"({"channel_id":")", channel, R"(","user_id":")", user, "\"}"));
  }
  void remove(const char* user, const char* channel = "sec") {
    ann->exec("channel.remove_member", cat(R"({"channel_id":")", channel, R"(","user_id":")", user, "\"}"));
  }
  std::string secrets_of_bob() { return bob->ask("SELECT count(*) FROM messages WHERE channel_id = 'sec'"); }

  World world;
  Device* ann;
  Device* bob;
};

TEST_F(Scopes, NothingOfAPrivateChannelReachesANonMember) {
  ann->exec("message.post", R"({"id":"s99","channel_id":"sec","body":"zzsecretword live"})");
  world.settle();
  ASSERT_TRUE(bob->replica().checkpoint());
  EXPECT_EQ(bytes_of(bob->path()).find("zzsecret"), std::string::npos);
  EXPECT_EQ(bob->traffic.find("zzsecret"), std::string::npos);
  EXPECT_NE(bob->traffic.find("hello all"), std::string::npos) << "the traffic is what it seems to be";
  EXPECT_EQ(bob->ask("SELECT count(*) FROM messages"), "1");
  world.expect_agreement();
}

TEST_F(Scopes, AnInvitedUserGetsTheHistoryAndOnlyThat) {
  world.direct("ann", "channel.create", R"({"id":"other","name":"zzother","private":true})");
  add("bob");
  world.settle();
  EXPECT_EQ(secrets_of_bob(), "20");
  EXPECT_EQ(bob->ask("SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'zzsecretword'"), "20");
  EXPECT_EQ(bob->ask("SELECT count(*) FROM channels"), "2");
  world.expect_agreement();
}

TEST_F(Scopes, ARemovedUserKeepsNoByteOfIt) {
  add("bob");
  world.settle();
  bob->exec("message.post", R"({"id":"sb","channel_id":"sec","body":"zzsecretword by bob"})");
  world.settle();
  remove("bob");
  world.settle();
  EXPECT_EQ(secrets_of_bob(), "0");
  EXPECT_EQ(bob->ask("SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'zzsecretword'"), "0");
  ASSERT_TRUE(bob->replica().dismiss_all());
  ASSERT_TRUE(bob->replica().checkpoint());
  // What he typed himself stays in his list of commands.
  std::string bytes = bytes_of(bob->path());
  EXPECT_EQ(bytes.find("zzsecretname"), std::string::npos);
  EXPECT_EQ(bytes.find("zzsecretword 1"), std::string::npos);
  world.expect_agreement();
}

TEST_F(Scopes, ARevokeIsCarriedOutAlsoAfterALongAbsence) {
  add("bob");
  world.settle();
  bob->disconnect();
  remove("bob");
  world.settle();
  EXPECT_EQ(secrets_of_bob(), "20");
  bob->connect();
  world.settle();
  EXPECT_EQ(secrets_of_bob(), "0");
  world.expect_agreement();
}

TEST_F(Scopes, ToggledWithinOneBatchTheLastWordCounts) {
  add("bob");
  world.settle();
  remove("bob");
  add("bob");
  ann->exec("message.post", R"({"id":"s50","channel_id":"sec","body":"zzsecretword again"})");
  world.settle();
  EXPECT_EQ(secrets_of_bob(), "21");
  add("cyd");
  remove("cyd");
  Device& cyd = world.device("cyd", "cyd");
  cyd.connect();
  world.settle();
  EXPECT_EQ(cyd.ask("SELECT count(*) FROM messages"), "1");
  remove("bob");
  ann->exec("message.post", R"({"id":"s51","channel_id":"sec","body":"zzsecretword unseen"})");
  bob->traffic.clear();
  world.settle();
  EXPECT_EQ(bob->traffic.find("unseen"), std::string::npos);
  world.expect_agreement();
}

TEST_F(Scopes, AMovedMessageFollows) {
  add("bob");
  world.settle();
  ann->exec("message.move", R"({"id":"p1","channel_id":"sec"})");
  world.settle();
  EXPECT_EQ(secrets_of_bob(), "21");
  remove("bob");
  world.settle();
  EXPECT_EQ(bob->ask("SELECT count(*) FROM messages"), "0");
  ann->exec("message.move", R"({"id":"p1","channel_id":"pub"})");
  world.settle();
  EXPECT_EQ(bob->ask("SELECT body FROM messages"), "hello all");
  world.expect_agreement();
}

TEST_F(Scopes, AChannelThatTurnsPublicAndBackIsSeenByAllAndThenNot) {
  Device& cyd = world.device("cyd", "cyd");
  cyd.connect();
  world.settle();
  EXPECT_EQ(cyd.ask("SELECT count(*) FROM channels"), "1");
  ann->exec("channel.create", R"({"id":"born","name":"new","private":false})");
  ann->exec("message.post", R"({"id":"b1","channel_id":"born","body":"in the same batch"})");
  world.settle();
  EXPECT_EQ(cyd.ask("SELECT count(*) FROM messages WHERE channel_id = 'born'"), "1");
  world.expect_agreement();
}

TEST_F(Scopes, AForgottenGuardIsNoBreach) {
  EXPECT_EQ(world.direct("eve", "message.edit", R"({"id":"s1","body":"x"})", {"admin"}),
            "rejected:entity_missing");
  EXPECT_EQ(world.direct("eve", "message.post", R"({"id":"e1","channel_id":"sec","body":"x"})"),
            "rejected:not_member");
}

TEST_F(Scopes, TheViewOfBroadcastsSaysWhoWasEntitled) {
  add("bob");
  world.settle();
  const auto count = [&](const char* sql) { return *world.server(sql).integer(); };
  EXPECT_EQ(
      count("SELECT count(*) FROM wherry_broadcasted_users b JOIN wherry_commands c ON c.id = b.command_id "
            "WHERE b.user_id = 'bob' AND c.name = 'message.post' AND c.entity_id LIKE 's%' AND deleted_at IS "
            "NULL"),
      20);
  remove("bob");
  world.settle();
  EXPECT_EQ(
      count("SELECT count(*) FROM wherry_broadcasted_users b JOIN wherry_commands c ON c.id = b.command_id "
            "WHERE b.user_id = 'bob' AND c.name = 'message.post' AND c.entity_id LIKE 's%' AND deleted_at IS "
            "NULL"),
      0);
  EXPECT_EQ(
      count("SELECT count(*) FROM wherry_broadcasted_users b JOIN wherry_commands c ON c.id = b.command_id "
            "WHERE b.user_id = 'ann' AND c.user_id = 'ann'"),
      count("SELECT count(*) FROM wherry_commands WHERE user_id = 'ann'"));
}

TEST_F(Scopes, AReplicaThatWasAwayForMonthsAlsoForgetsWhatIsGone) {
  bob->disconnect();
  ann->exec("message.move", R"({"id":"p1","channel_id":"sec"})");
  world.settle();
  world.now = world.now + Millis{100LL * 24 * 3'600'000};
  ann->exec("message.post", R"({"id":"p2","channel_id":"pub","body":"much later"})");
  world.settle();
  world.workspace().tick(world.now);
  EXPECT_EQ(world.server("SELECT count(*) FROM wherry_scope_index WHERE gone = 1"), Value(int64_t{0}));
  bob->connect();
  world.settle();
  EXPECT_EQ(bob->ask("SELECT id FROM messages"), "p2");
  world.expect_agreement();
}

}  // namespace
}  // namespace wherry::testing

// New access streams the missing rows; lost access removes them.
#include "base/text.h"
#include "tests/sync/app.h"

namespace wherry::testing {
namespace {

class Scopes : public InBothApps {
 protected:
  Scopes() {
    create_place("ann", "pub", true, "public");
    create_place("ann", "sec", false, "zzsecretname");
    for (int i = 0; i < 20; ++i) direct("ann", app.write(cat("s", i), "sec", cat("zzsecretword ", i)));
    direct("ann", app.write("p1", "pub", "hello all"));
    ann = &world.device("ann", "ann");
    bob = &world.device("bob", "bob");
    bob->record = true;
    ann->connect();
    bob->connect();
    world.settle();
  }
  void add(const char* user) { ann->exec(app.add("sec", user)); }
  void remove(const char* user) { ann->exec(app.remove("sec", user)); }
  std::string secrets_of_bob() { return bob->ask(app.count_items("sec")); }
  std::string places(Device& device) {
    return device.ask(cat("SELECT id FROM ", app.places, " WHERE id <> 'suggestions' ORDER BY id"));
  }
  std::string items(Device& device) { return device.ask(cat("SELECT count(*) FROM ", app.items)); }
  void expect_found(const char* count) {
    if (app.search == nullptr) return;
    EXPECT_EQ(
        bob->ask(cat("SELECT count(*) FROM ", app.search, " WHERE ", app.search, " MATCH 'zzsecretword'")),
        count);
  }

  Device* ann;
  Device* bob;
};

TEST_P(Scopes, NothingOfAClosedPlaceReachesANonMember) {
  ann->exec(app.write("s99", "sec", "zzsecretword live"));
  world.settle();
  ASSERT_TRUE(bob->replica().checkpoint());
  EXPECT_EQ(bob->file_bytes().find("zzsecret"), std::string::npos);
  EXPECT_EQ(bob->traffic.find("zzsecret"), std::string::npos);
  EXPECT_NE(bob->traffic.find("hello all"), std::string::npos) << "the traffic is what it seems to be";
  EXPECT_EQ(items(*bob), "1");
  world.expect_agreement();
}

TEST_P(Scopes, TheServersIndexFollowsItsRowsWhenItIsQuiet) {
  if (app.search == nullptr) return;
  ann->exec(app.write("s99", "sec", "zzlate"));
  world.settle();
  const auto found = [&] {
    return world.server(
        cat("SELECT count(*) FROM ", app.search, " WHERE ", app.search, " MATCH 'zzlate OR hello'"));
  };
  EXPECT_EQ(found(), Value(int64_t{0}));
  ASSERT_TRUE(world.workspace().tick(world.now));
  EXPECT_EQ(found(), Value(int64_t{0})) << "there were commands since the last tick";
  ASSERT_TRUE(world.workspace().tick(world.now));
  EXPECT_EQ(found(), Value(int64_t{2}));
}

TEST_P(Scopes, AWorkspaceThatRestedGoesOn) {
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(world.workspace().tick(world.now));
  ann->exec(app.write("s99", "sec", "zzsecretword late"));
  add("bob");
  world.settle();
  EXPECT_EQ(secrets_of_bob(), "21");
  world.expect_agreement();
}

TEST_P(Scopes, TheServersIndexDoesNotWaitForQuietWhenManyRowsLackIt) {
  if (app.search == nullptr) return;
  constexpr int64_t kMany = 5000;
  std::vector<DirectCommand> commands;
  for (int64_t i = 0; i < kMany; ++i) {
    const Call call = app.write(cat("many", i), "pub", "zzmany");
    commands.push_back({call.name, call.params, "ann", {}, {}, {}, {}});
  }
  ASSERT_TRUE(world.workspace().execute_all(commands, world.now));
  const auto found =
      world.server(cat("SELECT count(*) FROM ", app.search, " WHERE ", app.search, " MATCH 'zzmany'"));
  EXPECT_GE(*found.integer(), kMany / 2);
}

TEST_P(Scopes, AnInvitedUserGetsTheHistoryAndOnlyThat) {
  create_place("ann", "other", false, "zzother");
  add("bob");
  world.settle();
  EXPECT_EQ(secrets_of_bob(), "20");
  expect_found("20");
  EXPECT_EQ(places(*bob), "pub,sec");
  EXPECT_EQ(bob->traffic.find("zzother"), std::string::npos);
  world.expect_agreement();
}

TEST_P(Scopes, ARemovedUserKeepsNoByteOfIt) {
  add("bob");
  world.settle();
  bob->exec(app.write("sb", "sec", "zzsecretword by bob"));
  world.settle();
  expect_found("21");
  remove("bob");
  world.settle();
  EXPECT_EQ(secrets_of_bob(), "0");
  expect_found("0");
  ASSERT_TRUE(bob->replica().dismiss_all());
  ASSERT_TRUE(bob->replica().checkpoint());
  // What he typed himself stays in his list of commands.
  const std::string bytes = bob->file_bytes();
  EXPECT_EQ(bytes.find("zzsecretname"), std::string::npos);
  EXPECT_EQ(bytes.find("zzsecretword 1"), std::string::npos);
  world.expect_agreement();
}

TEST_P(Scopes, ARevokeIsCarriedOutAlsoAfterALongAbsence) {
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

TEST_P(Scopes, ToggledWithinOneBatchTheLastWordCounts) {
  add("bob");
  world.settle();
  remove("bob");
  add("bob");
  ann->exec(app.write("s50", "sec", "zzsecretword again"));
  world.settle();
  EXPECT_EQ(secrets_of_bob(), "21");
  add("cyd");
  remove("cyd");
  Device& cyd = world.device("cyd", "cyd");
  cyd.connect();
  world.settle();
  EXPECT_EQ(items(cyd), "1");
  remove("bob");
  ann->exec(app.write("s51", "sec", "zzsecretword unseen"));
  bob->traffic.clear();
  world.settle();
  EXPECT_EQ(bob->traffic.find("unseen"), std::string::npos);
  world.expect_agreement();
}

TEST_P(Scopes, AMovedItemFollows) {
  add("bob");
  world.settle();
  ann->exec(app.move("p1", "sec"));
  world.settle();
  EXPECT_EQ(secrets_of_bob(), "21");
  remove("bob");
  world.settle();
  EXPECT_EQ(items(*bob), "0");
  ann->exec(app.move("p1", "pub"));
  world.settle();
  EXPECT_EQ(bob->ask(cat("SELECT ", app.text, " FROM ", app.items)), "hello all");
  world.expect_agreement();
}

TEST_P(Scopes, WhatLeftBeforeAUserCameIsNotSpokenOf) {
  create_place("ann", "other", false, "zzother");
  ann->exec(app.write("zzmoved", "sec", "zzsecretword that moves"));
  world.settle();
  ann->exec(app.move("zzmoved", "other"));
  add("bob");
  world.settle();
  EXPECT_EQ(secrets_of_bob(), "20");
  EXPECT_EQ(bob->traffic.find("zzmoved"), std::string::npos);
  world.expect_agreement();
}

TEST_P(Scopes, AnOpenPlaceIsSeenByAllFromItsFirstBatchOn) {
  Device& cyd = world.device("cyd", "cyd");
  cyd.connect();
  world.settle();
  EXPECT_EQ(places(cyd), "pub");
  if (app.create_group.name != nullptr) ann->exec(app.create_group("born"));
  ann->exec(app.open_place("born", "new"));
  ann->exec(app.write("b1", "born", "in the same batch"));
  world.settle();
  EXPECT_EQ(cyd.ask(app.count_items("born")), "1");
  world.expect_agreement();
}

TEST_P(Scopes, AForgottenGuardIsNoBreach) {
  EXPECT_EQ(world.direct("eve", app.edit("s1", "x"), {"admin"}), "rejected:entity_missing");
  EXPECT_EQ(world.direct("eve", app.edit("nowhere", "x"), {"admin"}), "rejected:entity_missing");
  EXPECT_EQ(world.direct("eve", app.write("e1", "sec", "x")), "rejected:not_member");
  EXPECT_EQ(world.direct("eve", app.write("e1", "nowhere", "x")), "rejected:not_member")
      << "what is hidden is answered like what does not exist";
}

TEST_P(Scopes, TheViewOfBroadcastsSaysWhoWasEntitled) {
  const auto count = [&](const std::string& sql) { return *world.server(sql).integer(); };
  const std::string held_by_bob =
      cat("SELECT count(*) FROM wherry_broadcasted_users b JOIN wherry_commands c ON c.id = b.command_id "
          "WHERE b.user_id = 'bob' AND c.name = '",
          app.write.name, "' AND c.entity_id LIKE 's%' AND deleted_at IS NULL");
  add("bob");
  world.settle();
  EXPECT_EQ(count(held_by_bob), 20);
  remove("bob");
  world.settle();
  EXPECT_EQ(count(held_by_bob), 0);
  EXPECT_EQ(
      count("SELECT count(*) FROM wherry_broadcasted_users b JOIN wherry_commands c ON c.id = b.command_id "
            "WHERE b.user_id = 'ann' AND c.user_id = 'ann'"),
      count("SELECT count(*) FROM wherry_commands WHERE user_id = 'ann'"));
}

TEST_P(Scopes, WhoHoldsTooManyIsSentAwayUntilTheyAreFewer) {
  world.limits.held_scopes = static_cast<size_t>(std::stol(bob->ask("SELECT count(*) FROM wherry_scopes")));
  world.restart_server();
  bob->connect();
  world.settle();
  EXPECT_TRUE(bob->connected());
  direct("ann", app.add("sec", "bob"));
  world.settle();
  EXPECT_FALSE(bob->connected());
  bob->connect();
  world.settle();
  EXPECT_FALSE(bob->connected());
  EXPECT_EQ(secrets_of_bob(), "0");
  direct("ann", app.remove("sec", "bob"));
  bob->connect();
  world.settle();
  EXPECT_TRUE(bob->connected());
  world.expect_agreement();
}

TEST_P(Scopes, WhoGainsTooMuchAtOnceConnectsAgain) {
  world.limits.scope_changes = 0;
  world.restart_server();
  bob->connect();
  world.settle();
  direct("ann", app.add("sec", "bob"));
  world.settle();
  EXPECT_FALSE(bob->connected());
  EXPECT_EQ(secrets_of_bob(), "0");
  bob->connect();
  world.settle();
  EXPECT_EQ(secrets_of_bob(), "20");
  world.expect_agreement();
}

TEST_P(Scopes, AReplicaThatWasAwayForMonthsAlsoForgetsWhatIsGone) {
  bob->disconnect();
  ann->exec(app.move("p1", "sec"));
  world.settle();
  world.now = world.now + Millis{100LL * 24 * 3'600'000};
  ann->exec(app.write("p2", "pub", "much later"));
  world.settle();
  ASSERT_TRUE(world.workspace().tick(world.now));
  EXPECT_EQ(world.server("SELECT count(*) FROM wherry_scope_index WHERE gone = 1"), Value(int64_t{0}));
  bob->connect();
  world.settle();
  EXPECT_EQ(bob->ask(cat("SELECT id FROM ", app.items)), "p2");
  world.expect_agreement();
}

IN_BOTH_APPS(Scopes);

}  // namespace
}  // namespace wherry::testing

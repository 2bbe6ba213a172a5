// Last write wins, unless a restriction refuses.
#include <algorithm>

#include "base/text.h"
#include "tests/sync/app.h"

namespace wherry::testing {
namespace {

constexpr Millis kHour{3'600'000};
constexpr Millis hours(int64_t n) {
  return {n * kHour.count};
}

class Winners : public InBothApps {
 protected:
  Winners() {
    create_place("ann", "c", true);
    for (const char* user : {"bob", "cyd"}) direct("ann", app.add("c", user));
    if (app.trust.name != nullptr) direct("ann", app.trust("c", "bob"));
    direct("ann", app.write("m", "c", "first"));
    world.now = world.now + kHour;
    for (const char* user : {"ann", "bob", "cyd"}) device(user).connect();
    world.settle();
    for (auto& [_, device] : world.devices) device->disconnect();
  }

  // Administrators, so that all may do all.
  Device& device(const std::string& user) { return world.device(user, user, {"admin"}); }
  void reconnect(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      device(name).connect();
      world.settle();
    }
    world.expect_agreement();
  }
  std::string text_of(const std::string& item) const {
    return cat("SELECT ", app.text, " FROM ", app.items, " WHERE id = '", item, "'");
  }
  std::string at_server(const std::string& item) { return *world.server(text_of(item)).text(); }
};

TEST_P(Winners, TheLaterRenameWinsInEveryOrderOfReconnection) {
  std::vector<std::string> order = {"ann", "bob", "cyd"};
  int round = 0;
  do {
    const Millis week = world.now;
    world.now = world.now + hours(7 * 24);
    const std::string by = cat("in round ", ++round, " by ");
    // ann wrote first, then cyd, then bob.
    device("ann").exec_at(week + kHour, app.rename("c", by + "ann"));
    device("cyd").exec_at(week + hours(2), app.rename("c", by + "cyd"));
    device("bob").exec_at(week + hours(3), app.rename("c", by + "bob"));
    reconnect(order);
    EXPECT_EQ(world.server(cat("SELECT name FROM ", app.places, " WHERE id = 'c'")), Value(by + "bob"))
        << join(order, " ");
    for (auto& [_, device] : world.devices) device->disconnect();
  } while (std::ranges::next_permutation(order).found);
}

TEST_P(Winners, AStaleOfflineEditIsSupersededAndSaysWhatItLost) {
  Device& bob = device("bob");
  bob.connect();
  world.settle();
  const std::string stale = device("ann").exec_at(world.now + Millis{10}, app.edit("m", "stale"));
  world.now = world.now + kHour;
  bob.exec(app.edit("m", "newer"));
  world.settle();
  EXPECT_EQ(at_server("m"), "newer");
  reconnect({"ann"});
  EXPECT_EQ(at_server("m"), "newer");
  EXPECT_EQ(device("ann").state_of(stale), "superseded");
  EXPECT_EQ(device("ann").ask(text_of("m")), "newer");
  EXPECT_NE(device("ann").ask("SELECT lost FROM wherry_commands").find(app.text), std::string::npos);
}

TEST_P(Winners, ClocksIn2099And1970GainNothing) {
  Device& ann = device("ann");
  Device& bob = device("bob");
  bob.connect();
  world.settle();
  ann.clock_offset = hours(76LL * 365 * 24);
  ann.connect();
  world.settle();
  ann.exec(app.edit("m", "from 2099"));
  world.settle();
  EXPECT_EQ(at_server("m"), "from 2099");
  world.now = world.now + Millis{1000};
  bob.exec(app.edit("m", "a second later"));
  world.settle();
  EXPECT_EQ(at_server("m"), "a second later") << "a clock in the future must not lock the field";
  ann.clock_offset = Millis{-world.now.count};
  ann.connect();
  world.settle();
  world.now = world.now + Millis{1000};
  ann.exec(app.edit("m", "from 1970"));
  world.settle();
  EXPECT_EQ(at_server("m"), "from 1970") << "who has seen a value outranks it, whatever his clock says";
  world.expect_agreement();
}

TEST_P(Winners, AStaleAddDoesNotUndoALaterRemoveAndALaterOneDoes) {
  const Millis start = world.now;
  const std::string dans = cat("SELECT count(*) FROM ", app.members, " WHERE user_id = 'dan'");
  world.now = world.now + hours(10);
  // bob adds dan in hour 1, ann removes him in hour 2; ann's word arrives first.
  const std::string add = device("bob").exec_at(start + kHour, app.add("c", "dan"));
  device("ann").exec_at(start + hours(2), app.remove("c", "dan"));
  reconnect({"ann", "bob"});
  EXPECT_EQ(world.server(dans), Value(int64_t{0}));
  EXPECT_EQ(device("bob").state_of(add), "superseded");
  device("bob").exec(app.add("c", "dan"));
  world.settle();
  EXPECT_EQ(world.server(dans), Value(int64_t{1}));
  world.expect_agreement();
}

TEST_P(Winners, EditsOfLockedAndDeletedItemsComeBackRejectedWithTheirText) {
  Device& cyd = device("cyd");
  direct("cyd", app.write("b1", "c", "one"));
  reconnect({"cyd"});
  cyd.disconnect();
  const std::string edit = cyd.exec(app.edit("b1", "precious text"));
  const std::string write = cyd.exec(app.write("b2", "c", "also precious"));
  direct("cyd", app.drop("b1"));
  direct("ann", app.lock("c"));
  reconnect({"cyd"});
  EXPECT_EQ(cyd.state_of(edit), "rejected:entity_deleted");
  EXPECT_EQ(cyd.state_of(write), "rejected:entity_locked");
  for (const auto& [id, text] : {std::pair{edit, "precious text"}, {write, "also precious"}})
    EXPECT_NE(cyd.ask(cat("SELECT data FROM wherry_commands WHERE id = '", id, "'")).find(text),
              std::string::npos);
  EXPECT_EQ(cyd.ask(text_of("b1")), app.blanks ? "" : "one");
  EXPECT_EQ(cyd.ask(text_of("b2")), "");
  EXPECT_EQ(cyd.refused(app.write("b3", "c", "x")), "entity_locked");
  direct("ann", app.unlock("c"));
  world.settle();
  const auto again = cyd.replica().retry(write, world.now);
  ASSERT_TRUE(again);
  world.settle();
  EXPECT_EQ(cyd.state_of(again->id), "applied");
  world.expect_agreement();
}

TEST_P(Winners, ADeletionWinsOverAnEditThatWasMadeLaterAndCameEarlier) {
  device("bob").exec_at(world.now - hours(2), app.edit("m", "secret, to be deleted"));
  const std::string drop = device("bob").exec_at(world.now - hours(2), app.drop("m"));
  const std::string edit = device("cyd").exec_at(world.now, app.edit("m", "edited later"));
  reconnect({"cyd", "bob"});
  EXPECT_EQ(device("cyd").state_of(edit), "applied");
  EXPECT_EQ(device("bob").state_of(drop), "applied");
  EXPECT_EQ(at_server("m"), app.blanks ? "" : "edited later");
  EXPECT_EQ(device("cyd").refused(app.edit("m", "x")), "entity_deleted");
}

TEST_P(Winners, CountersAndSetsAddUpFromEverywhere) {
  for (const char* name : {"ann", "bob", "cyd"}) {
    device(name).exec(app.vote("m", "1"));
    device(name).exec(app.vote("m", "1"));
    device(name).exec(app.label("m", "wave", name));
  }
  device("ann").exec(app.unlabel("m", "wave", "ann"));
  reconnect({"cyd", "ann", "bob"});
  EXPECT_EQ(world.server(cat("SELECT votes FROM ", app.items)), Value(int64_t{6}));
  EXPECT_EQ(world.server(cat("SELECT ", app.labels, " FROM ", app.items)),
            Value(R"(["wave bob","wave cyd"])"));
}

TEST_P(Winners, AnEditOfARowThatTheReplicaWroteItselfFollowsItsOwnOrder) {
  device("ann").exec(app.write("a1", "c", "v1"));
  // The clock steps back between the two.
  device("ann").exec_at(world.now + hours(-5), app.edit("a1", "v2"));
  reconnect({"ann"});
  EXPECT_EQ(at_server("a1"), "v2");
}

IN_BOTH_APPS(Winners);

TEST(ChatWinners, ReadMarksMoveInALockedChannelToo) {
  World world("examples/chat");
  Device& ann = world.device("ann", "ann");
  ann.connect();
  world.settle();
  ann.exec(chat().open_place("c", "general"));
  ann.exec(chat().write("m", "c", "text"));
  ann.exec(chat().lock("c"));
  ann.exec({"channel.mark_read", R"({"channel_id":"c","message_id":"m"})"});
  world.settle();
  EXPECT_EQ(world.server("SELECT count(*) FROM read_marks"), Value(int64_t{1}));
  world.expect_agreement();
}

}  // namespace
}  // namespace wherry::testing

// Rows that come and go with their scopes: scans, catching up, grants, revokes, loading on demand.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "replica/fake_server_for_test.h"
#include "replica/replica.h"

namespace wherry::testing {
namespace {

using protocol::GrantedScope;

TEST(Replica, CatchesUpInOneStep) {
  Device device;
  device.connect(kBoth, batch(1));
  must(device.say(chunk(1, 1, {put("items", 1, {"a", "red", int64_t{0}, "[]"})}, true, true)));
  must(device.say(chunk(2, 1, {put("notes", 1, {"n", "ann", "red"})}, true, true)));
  device.replica->disconnected();
  device.connect(kBoth, batch(9));
  must(device.say(chunk(1, 9, {put("items", 8, {"a", "blue", int64_t{0}, "[]"})}, false, true)));
  EXPECT_EQ(device.ask("SELECT title FROM items"), "red");
  must(device.say(batch(10, {segment(1, {put("items", 10, {"b", "green", int64_t{0}, "[]"})})})));
  EXPECT_EQ(device.ask("SELECT title FROM items"), "red");
  must(device.say(chunk(2, 10, {gone("notes", 7, {"n"})}, false, true)));
  EXPECT_EQ(device.ask("SELECT title FROM items ORDER BY id"), "blue green");
  EXPECT_EQ(device.ask("SELECT count(*) FROM notes"), "0");
}

TEST(Replica, ResumesACatchUpWhereItsStageEnds) {
  Device device;
  device.connect(kBoth, batch(1));
  must(device.say(chunk(1, 1, {}, true, true)));
  must(device.say(chunk(2, 1, {}, true, true)));
  device.replica->disconnected();
  device.connect(kBoth, batch(9));
  must(device.say(chunk(1, 9, {put("items", 8, {"a", "blue", int64_t{0}, "[]"})}, false, true)));
  device.open();
  device.connect(kBoth, batch(12));
  const auto pulls = device.heard_of<protocol::Pull>();
  ASSERT_EQ(pulls.size(), 1u);
  ASSERT_EQ(pulls[0].scopes.size(), 2u);
  EXPECT_EQ(pulls[0].scopes[0].position, Seq{9});
  EXPECT_EQ(pulls[0].scopes[1].position, Seq{1});
  must(device.say(chunk(1, 12, {}, false, true)));
  EXPECT_EQ(device.ask("SELECT count(*) FROM items"), "0");
  must(device.say(chunk(2, 12, {}, false, true)));
  EXPECT_EQ(device.ask("SELECT title FROM items"), "blue");
}

TEST(Replica, AScopeSentBackToScanningKeepsTheRestWaiting) {
  Device device;
  device.connect(kBoth, batch(1));
  must(device.say(chunk(1, 1, {}, true, true)));
  must(device.say(chunk(2, 1, {put("notes", 1, {"n", "ann", "red"})}, true, true)));
  (void)device.heard();
  protocol::Batch slow = batch(5, {segment(1, {put("items", 5, {"a", "red", int64_t{0}, "[]"})})});
  slow.scanning = {2};
  must(device.say(slow));
  EXPECT_EQ(device.ask("SELECT count(*) FROM items"), "0");
  EXPECT_FALSE(device.replica->status().synced);
  must(device.say(chunk(2, 5, {put("notes", 4, {"n", "ann", "blue"})}, false, true)));
  EXPECT_EQ(device.ask("SELECT (SELECT count(*) FROM items), body FROM notes"), "1|blue");
  EXPECT_TRUE(device.replica->status().synced);
  EXPECT_EQ(device.replica->status().position, Seq{5});
}

TEST(Replica, RevokeDuringACatchUpTakesWhatIsStagedToo) {
  Device device;
  device.connect(kBoth, batch(1));
  must(device.say(chunk(1, 1, {}, true, true)));
  must(device.say(chunk(2, 1, {}, true, true)));
  device.replica->disconnected();
  device.connect(kBoth, batch(9));
  must(device.say(chunk(2, 9, {put("notes", 8, {"n", "ann", "confidentialword"})}, false, true)));
  EXPECT_EQ(device.ask("SELECT count(*) FROM notes"), "0");
  protocol::Batch revoke = batch(10);
  revoke.scopes = protocol::Scopes{false, true, {}, {2}};
  must(device.say(revoke));
  must(device.replica->checkpoint());
  device.close();
  std::ifstream in(device.path(), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(bytes.find("confidentialword"), std::string::npos);
}

TEST(Replica, ShowsAFirstScanChunkByChunkAndGrantsCredit) {
  Device device;
  device.connect(kWorkspace, batch(1));
  auto pulls = device.heard_of<protocol::Pull>();
  ASSERT_EQ(pulls.size(), 1u);
  const int64_t credits = pulls[0].credits;
  for (int64_t n = 0; n < credits; ++n)
    must(device.say(
        chunk(1, n + 1, {put("items", n + 1, {cat("i", n), "red", int64_t{0}, "[]"})}, n == 0, false)));
  EXPECT_EQ(device.ask("SELECT count(*) FROM items"), std::to_string(credits));
  int64_t granted = 0;
  for (const protocol::Pull& pull : device.heard_of<protocol::Pull>()) granted += pull.credits;
  EXPECT_GE(granted, credits / 2);
  EXPECT_LE(granted, credits);
}

TEST(Replica, ARescanFromZeroDropsWhatItDoesNotConfirm) {
  Device device;
  go_live(device, 1,
          {put("items", 1, {"a", "red", int64_t{0}, "[]"}), put("items", 1, {"b", "red", int64_t{0}, "[]"})});
  device.replica->disconnected();
  device.connect(kWorkspace, batch(9));
  must(device.say(chunk(1, 5, {put("items", 1, {"b", "red", int64_t{0}, "[]"})}, true, false)));
  EXPECT_EQ(device.ask("SELECT id FROM items ORDER BY id"), "a b");
  must(device.say(chunk(1, 9, {}, false, true)));
  EXPECT_EQ(device.ask("SELECT id FROM items ORDER BY id"), "b");
}

TEST(Replica, RevokeTakesTheRowsAndLeavesNoByteOfThem) {
  Device device;
  device.connect(kBoth, batch(1));
  must(device.say(chunk(1, 1, {put("names", 1, {"shared", "ann", "kept"})}, true, true)));
  must(device.say(
      chunk(2, 1,
            {put("notes", 1, {"n", "ann", "confidentialword"}), put("names", 1, {"shared", "ann", "kept"}),
             put("names", 1, {"own", "ann", "alsosecret"})},
            true, true)));
  EXPECT_EQ(device.exec("note.edit", R"({"id":"n","body":"mine"})", id_of(1)), "");
  must(device.say(protocol::Scopes{false, true, {}, {2}}));
  EXPECT_EQ(device.ask("SELECT count(*) FROM notes"), "0");
  EXPECT_EQ(device.ask("SELECT id FROM names"), "shared");
  EXPECT_EQ(device.state_of(id_of(1)), "pending:entity_missing");
  must(device.replica->checkpoint());
  device.close();
  for (const auto& entry : std::filesystem::directory_iterator(device.path().parent_path())) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(bytes.find("confidentialword"), std::string::npos) << entry.path();
    EXPECT_EQ(bytes.find("alsosecret"), std::string::npos) << entry.path();
  }
}

TEST(Replica, LearnsOfARevokeWhenItComesBack) {
  Device device;
  device.connect(kBoth, batch(1));
  must(device.say(chunk(1, 1, {}, true, true)));
  must(device.say(chunk(2, 1, {put("notes", 1, {"n", "ann", "red"})}, true, true)));
  device.replica->disconnected();
  device.greet(kWorkspace);
  EXPECT_EQ(device.ask("SELECT count(*) FROM notes"), "0");
}

TEST(Replica, AScopeBornWithItsGrantIsLiveAtOnce) {
  Device device;
  go_live(device, 1);
  (void)device.heard();
  protocol::Batch born = batch(2, {segment(2, {put("notes", 2, {"n", "ann", "red"})})});
  born.scopes = protocol::Scopes{false, true, {{2, "user(ann)", false, true}}, {}};
  must(device.say(born));
  EXPECT_EQ(device.ask("SELECT body FROM notes"), "red");
  EXPECT_TRUE(device.replica->status().synced);
  EXPECT_TRUE(device.heard_of<protocol::Pull>().empty());
}

TEST(Replica, OnDemandScopesArePulledWhenAskedForAndDroppedAgain) {
  Device device;
  const std::vector<GrantedScope> scopes = {{1, "workspace", false, false}, {2, "user(ann)", true, false}};
  device.connect(scopes, batch(1));
  must(device.say(chunk(1, 1, {}, true, true)));
  EXPECT_TRUE(device.replica->status().synced);
  (void)device.heard();
  must(device.replica->load("user(ann)"));
  ASSERT_EQ(device.heard_of<protocol::Pull>().at(0).scopes.at(0).handle, 2);
  must(device.say(chunk(2, 1, {put("notes", 1, {"n", "ann", "red"})}, true, true)));
  EXPECT_EQ(device.ask("SELECT count(*) FROM notes"), "1");
  must(device.replica->unload("user(ann)"));
  EXPECT_EQ(device.ask("SELECT count(*) FROM notes"), "0");
  ASSERT_EQ(device.heard_of<protocol::Pull>().at(0).unload.at(0), 2);
  // Still on its way when the scope was unloaded.
  must(device.say(batch(2, {segment(2, {put("notes", 2, {"m", "ann", "late"})})})));
  EXPECT_EQ(device.ask("SELECT count(*) FROM notes"), "0");
  EXPECT_EQ(device.replica->load("channel(x)").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace wherry::testing

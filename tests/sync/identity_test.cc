// Exactly once: lost answers, doubled connections, restored, cloned and swapped files, kills.
#include <filesystem>

#include "base/limits.h"
#include "base/text.h"
#include "net/token.h"
#include "tests/sync/app.h"

namespace wherry::testing {
namespace {

namespace fs = std::filesystem;

void copy_database(const std::string& from, const std::string& to) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    fs::remove(to + suffix);
    if (fs::exists(from + suffix)) fs::copy_file(from + suffix, to + suffix);
  }
}

class Once : public InBothApps {
 protected:
  Once() {
    create_place("ann", "c", true);
    ann = &world.device("ann", "ann");
    ann->connect();
    world.settle();
  }
  void post(Device& device, int n) {
    device.exec(app.write(cat("m", n), "c", cat("number ", n)));
    device.exec(app.vote(cat("m", n), "1"));
  }
  int64_t count(const std::string& sql) { return *world.server(sql).integer(); }
  std::string all(const char* what) { return cat("SELECT ", what, " FROM ", app.items); }
  void expect_once(int posts) {
    EXPECT_EQ(count(all("count(*)")), posts);
    EXPECT_EQ(count(all("sum(votes)")), posts);
    EXPECT_EQ(ann->ask("SELECT count(*) FROM wherry_commands WHERE state = 'pending'"), "0");
    world.expect_agreement();
  }
  Device* ann;
};

TEST_P(Once, AResendAfterALostAnswerGetsTheStoredOne) {
  post(*ann, 1);
  for (const std::string& bytes : ann->outgoing()) world.workspace().receive(1, bytes, world.now);
  ASSERT_TRUE(world.workspace().commit(world.now));
  (void)world.workspace().take_outputs();  // lost on the way
  EXPECT_EQ(count(all("count(*)")), 1);
  ann->connect();
  world.settle();
  expect_once(1);
  EXPECT_EQ(ann->ask(all("votes")), "1");
}

TEST_P(Once, AnOldConnectionBesideTheNewOneDoesNoHarm) {
  post(*ann, 1);
  const std::vector<std::string> late = ann->outgoing();  // still on the way, over the old connection
  ann->replica().disconnected();
  world.workspace().connect(77, world.now);
  ASSERT_TRUE(ann->replica().connected("ann", world.now));
  for (const std::string& bytes : ann->outgoing()) world.workspace().receive(77, bytes, world.now);
  for (const std::string& bytes : late) world.workspace().receive(1, bytes, world.now);
  ASSERT_TRUE(world.workspace().commit(world.now));
  ann->connect();
  world.settle();
  expect_once(1);
}

// The hello of a dead connection arrives after the replica has been welcomed over another one.
TEST_P(Once, ALateHelloMakesNoCopyOfAnHonestReplica) {
  const std::string identity = ann->replica().status().replica_id;
  for (const bool confirmed : {false, true}) {
    ann->disconnect();
    ASSERT_TRUE(ann->replica().connected("ann", world.now));
    const std::vector<std::string> late = ann->outgoing();
    ann->replica().disconnected();
    ann->connect();
    world.step();
    if (confirmed) world.settle();
    const SessionId dead = confirmed ? 78 : 77;
    world.workspace().connect(dead, world.now);
    for (const std::string& bytes : late) world.workspace().receive(dead, bytes, world.now);
    world.settle();
    world.workspace().disconnect(dead);
    ann->connect();
    post(*ann, confirmed ? 2 : 1);
    world.settle();
    EXPECT_EQ(ann->replica().status().replica_id, identity) << "confirmed: " << confirmed;
  }
  expect_once(2);
}

TEST_P(Once, ARestartedServerAndReplicaGoOn) {
  post(*ann, 1);
  world.settle();
  world.restart_server();
  post(*ann, 2);
  ann->restart();
  ann->connect();
  world.settle();
  expect_once(2);
}

TEST_P(Once, ARestoredFileIsFoundAndItsCommandsAreFiledOnce) {
  post(*ann, 1);
  ann->disconnect();
  copy_database(ann->path(), ann->path() + ".backup");  // with number 1 still pending
  ann->connect();
  world.settle();
  post(*ann, 2);
  world.settle();
  ann->disconnect();
  const std::string path = ann->path();
  world.devices.erase("ann");
  copy_database(path + ".backup", path);
  ann = &world.device("ann", "ann");
  post(*ann, 3);  // takes numbers that the log holds under other ids
  ann->connect();
  world.settle();
  ann->connect();
  world.settle();
  expect_once(3);
}

TEST_P(Once, AClonedFileBecomesAReplicaOfItsOwn) {
  post(*ann, 1);
  ann->disconnect();
  copy_database(ann->path(), (world.folder / "twin.db").string());
  Device& twin = world.device("twin", "ann");
  post(*ann, 2);
  post(twin, 3);
  ann->connect();
  world.settle();
  twin.connect();
  world.settle();
  post(*ann, 4);
  post(twin, 5);
  world.settle();
  ann->connect();
  twin.connect();
  world.settle();
  expect_once(5);
  EXPECT_EQ(twin.dump(), ann->dump());
  EXPECT_NE(twin.replica().status().replica_id, ann->replica().status().replica_id);
}

TEST_P(Once, RejectionsThatAreNotLoggedAreAnsweredAgain) {
  for (int64_t n = 0; n < limits::kRejectionsPerHour; ++n)
    EXPECT_TRUE(world.direct("ann", app.vote("missing", "1")).starts_with("rejected:"));
  post(*ann, 1);
  world.settle();
  const std::string replica = ann->replica().status().replica_id;
  direct("ann", app.drop("m1"));
  const std::string first = ann->exec(app.vote("m1", "1")), second = ann->exec(app.vote("m1", "1"));
  world.hear();
  world.commit();
  ann->disconnect();  // the answers are lost
  ann->connect();
  world.settle();
  EXPECT_EQ(ann->state_of(first), "rejected:limit_rejections");
  EXPECT_EQ(ann->state_of(second), "rejected:limit_rejections");
  EXPECT_EQ(ann->replica().status().replica_id, replica) << "it was taken for a copy";
  world.expect_agreement();
}

TEST_P(Once, AServerRestoredFromABackupHealsWithoutLossOrDouble) {
  Device& bob = world.device("bob", "bob");
  bob.connect();
  world.settle();
  direct("ann", app.add("c", "bob"));
  post(*ann, 1);
  world.settle();
  world.back_up_server();
  ann->connect();
  bob.connect();
  world.settle();
  post(*ann, 2);
  post(bob, 3);
  world.settle();
  const std::string epoch = ann->replica().status().epoch;
  world.restore_server();
  EXPECT_EQ(count(all("count(*)")), 1);
  ann->connect();
  world.settle();
  bob.connect();
  world.settle();
  EXPECT_NE(ann->replica().status().epoch, epoch);
  expect_once(3);
}

TEST_P(Once, AServerThatIsRestoredAgainBeginsAnotherEpochAgain) {
  world.back_up_server();
  std::set<std::string> epochs;
  for (int i = 1; i <= 3; ++i) {
    ann->connect();
    world.settle();
    post(*ann, i);
    world.settle();
    EXPECT_TRUE(epochs.insert(ann->replica().status().epoch).second) << "after " << i - 1 << " restores";
    world.restore_server();
  }
  ann->connect();
  world.settle();
  expect_once(3);
}

// A wrong address, or files that were swapped: the names are the same, and so is the user.
TEST_P(Once, AReplicaOfAnotherWorkspaceIsSentAwayWithAllThatItHas) {
  World elsewhere(app.bundle, 2);
  ASSERT_EQ(elsewhere.direct("ann", app.introduce("ann", "secret")), "applied");
  post(*ann, 1);
  ann->disconnect();
  copy_database(ann->path(), (elsewhere.folder / "ann.db").string());
  Device& stray = elsewhere.device("ann", "ann");
  const std::string own = stray.dump(), theirs = elsewhere.dump();
  stray.record = true;
  stray.connect();
  elsewhere.settle();
  EXPECT_FALSE(stray.replica().status().connected);
  const auto bye = stray.replica().take_bye();
  ASSERT_TRUE(bye);
  EXPECT_EQ(bye->code, "invalid") << bye->message;
  EXPECT_LT(bye->retry_after.count, 0);
  EXPECT_EQ(stray.traffic.find("secret"), std::string::npos);
  EXPECT_EQ(stray.dump(), own);
  EXPECT_EQ(stray.ask("SELECT count(*) FROM wherry_commands WHERE state = 'pending'"), "2");
  EXPECT_EQ(elsewhere.dump(), theirs);
  EXPECT_EQ(*elsewhere.server("SELECT count(*) FROM wherry_replicas").integer(), 0);
  // At home it goes on as if nothing had been.
  stray.disconnect();
  elsewhere.devices.erase("ann");
  world.devices.erase("ann");
  copy_database((elsewhere.folder / "ann.db").string(), (world.folder / "ann.db").string());
  ann = &world.device("ann", "ann");
  ann->connect();
  world.settle();
  expect_once(1);
}

TEST_P(Once, AFileOfAnotherWorkspaceIsNotServed) {
  world.back_up_server();
  WorkspaceOptions options;
  options.path = (world.folder / "backup.db").string();
  options.name = "other";
  options.bundle = bundle_of(app.bundle);
  options.hasher = net::sha256;
  options.entropy = world.entropy();
  const auto opened = Workspace::open(std::move(options), world.now);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt) << opened.error().text();
}

TEST_P(Once, TenThousandQueuedOfflineArriveInOrder) {
  ann->disconnect();
  std::vector<ExecuteRequest> requests;
  for (int i = 0; i < 10'000; ++i) {
    const Call write = app.write(cat("q", i), "c", "queued");
    requests.push_back({write.name, write.params, {}});
  }
  ASSERT_TRUE(ann->replica().execute_all(requests, world.now));
  ann->connect();
  world.settle();
  EXPECT_EQ(count(all("count(*)")), 10'000);
  EXPECT_EQ(count("SELECT count(*) FROM wherry_commands a JOIN wherry_commands b ON b.replica_seq = "
                  "a.replica_seq + 1 "
                  "AND b.replica_id = a.replica_id WHERE b.seq <= a.seq"),
            0);
  Device& bob = world.device("bob", "bob");
  bob.connect();
  world.settle();
  EXPECT_EQ(bob.ask(all("count(*)")), "10000");
  world.expect_agreement();
}

IN_BOTH_APPS(Once);

}  // namespace
}  // namespace wherry::testing

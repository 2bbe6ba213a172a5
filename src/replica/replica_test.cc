#include "replica/replica.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "replica/fake_server_for_test.h"
#include "sqlite/database.h"

namespace wherry {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

std::vector<std::string> pushed(Device& device) {
  std::vector<std::string> ids;
  for (const protocol::Push& push : device.heard_of<protocol::Push>())
    for (const protocol::PushedCommand& command : push.commands) ids.push_back(command.id);
  return ids;
}

TEST(Replica, AnswersNothingBeforeItsFirstConnection) {
  Device device;
  const auto executed = device.replica->execute("item.add", R"({"id":"a","title":"red"})", device.now);
  ASSERT_FALSE(executed);
  EXPECT_EQ(executed.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(device.ask("SELECT count(*) FROM wherry_commands"), "0");
}

TEST(Replica, ShowsACommandAtOnceAndKeepsItAcrossARestart) {
  Device device;
  go_live(device, 1);
  EXPECT_EQ(device.exec("item.add", R"({"id":"a","title":"red"})", id_of(1)), "");
  device.open();
  EXPECT_EQ(device.ask("SELECT title FROM items"), "red");
  EXPECT_EQ(device.state_of(id_of(1)), "pending");
  EXPECT_EQ(device.dump(), "");
}

TEST(Replica, RefusesLocallyWithoutQueueing) {
  Device device;
  go_live(device, 1);
  EXPECT_EQ(device.exec("item.title", R"({"id":"a","title":"red"})"), "entity_missing");
  EXPECT_EQ(device.exec("nothing", "{}"), "command_unknown");
  EXPECT_EQ(device.replica->status().pending, 0);
}

TEST(Replica, QueuesWhatAScopeStillLoadingMayExplain) {
  Device device;
  device.connect(kWorkspace, batch(1));
  EXPECT_EQ(device.exec("item.title", R"({"id":"a","title":"red"})", id_of(1)), "");
  EXPECT_EQ(device.state_of(id_of(1)), "pending:entity_missing");
  must(device.say(chunk(1, 2, {put("items", 2, {"a", "blue", int64_t{0}, "[]"})}, true, true)));
  EXPECT_EQ(device.ask("SELECT title FROM items"), "red");
  EXPECT_EQ(device.state_of(id_of(1)), "pending");
}

TEST(Replica, IgnoresAnIdThatIsInTheList) {
  Device device;
  go_live(device, 1, {put("items", 1, {"a", "red", int64_t{0}, "[]"})});
  EXPECT_EQ(device.exec("item.bump", R"({"id":"a","by":1})", id_of(1)), "");
  EXPECT_EQ(device.exec("item.bump", R"({"id":"a","by":1})", id_of(1)), "");
  EXPECT_EQ(device.ask("SELECT n FROM items"), "1");
}

TEST(Replica, LocalCommandsWriteWithoutTheQueue) {
  Device device;
  go_live(device, 1);
  EXPECT_EQ(device.exec("draft.save", R"({"id":"x","body":"hm"})"), "");
  EXPECT_EQ(device.ask("SELECT body FROM drafts"), "hm");
  EXPECT_EQ(device.replica->status().pending, 0);
}

TEST(Replica, RejectionUndoesTheEffectAndKeepsTheData) {
  Device device;
  go_live(device, 1, {put("items", 1, {"a", "red", int64_t{0}, "[]"})});
  EXPECT_EQ(device.exec("item.title", R"({"id":"a","title":"blue"})", id_of(1)), "");
  must(device.say(batch(2, {}, {rejected(id_of(1), 2, "entity_locked")})));
  EXPECT_EQ(device.ask("SELECT title FROM items"), "red");
  EXPECT_EQ(device.state_of(id_of(1)), "rejected:entity_locked");
  const auto retried = must(device.replica->retry(id_of(1), device.now));
  EXPECT_EQ(device.ask("SELECT title FROM items"), "blue");
  EXPECT_EQ(must(device.replica->commands()).back().retry_of, id_of(1));
  must(device.replica->dismiss(id_of(1)));
  EXPECT_EQ(device.state_of(id_of(1)), "unknown");
  EXPECT_EQ(device.replica->dismiss(retried.id).error().code, ErrorCode::kInvalid);
}

TEST(Replica, PushesInOrderWithinTheWindow) {
  Device device;
  device.welcome.limits.window_commands = 2;
  go_live(device, 1, {put("items", 1, {"a", "red", int64_t{0}, "[]"})});
  for (int n = 1; n <= 4; ++n) EXPECT_EQ(device.exec("item.bump", R"({"id":"a","by":1})", id_of(n)), "");
  EXPECT_EQ(pushed(device), (std::vector{id_of(1), id_of(2)}));
  must(device.say(
      batch(2, {segment(1, {put("items", 2, {"a", "red", int64_t{1}, "[]"})})}, {applied(id_of(1), 2)})));
  EXPECT_EQ(pushed(device), std::vector{id_of(3)});
  EXPECT_EQ(device.ask("SELECT n FROM items"), "4");
}

TEST(Replica, CommandsTravelTogetherThatWereExecutedBeforeSomebodyAsked) {
  Device device;
  go_live(device, 1, {put("items", 1, {"a", "red", int64_t{0}, "[]"})});
  (void)device.heard();
  EXPECT_FALSE(device.replica->has_outgoing());
  for (int n = 1; n <= 3; ++n) EXPECT_EQ(device.exec("item.bump", R"({"id":"a","by":1})", id_of(n)), "");
  EXPECT_TRUE(device.replica->has_outgoing());
  const auto pushes = device.heard_of<protocol::Push>();
  ASSERT_EQ(pushes.size(), 1u);
  EXPECT_EQ(pushes[0].commands.size(), 3u);
  EXPECT_FALSE(device.replica->has_outgoing());
}

TEST(Replica, HasNothingToSendWithoutAConnection) {
  Device device;
  go_live(device, 1);
  (void)device.heard();
  device.replica->disconnected();
  EXPECT_EQ(device.exec("item.add", R"({"id":"a","title":"red"})", id_of(1)), "");
  EXPECT_FALSE(device.replica->has_outgoing());
  EXPECT_TRUE(device.heard().empty());
}

TEST(Replica, ResendsWhatWasNotAnsweredAndOnlyThat) {
  Device device;
  go_live(device, 1, {put("items", 1, {"a", "red", int64_t{0}, "[]"})});
  for (int n = 1; n <= 3; ++n) EXPECT_EQ(device.exec("item.bump", R"({"id":"a","by":1})", id_of(n)), "");
  device.replica->disconnected();
  device.open();
  device.welcome.received = 2;
  // The first answer comes with the first batch; its rows come when the scope has caught up.
  device.connect(kWorkspace, batch(3, {}, {applied(id_of(1), 2)}));
  const auto pushes = device.heard_of<protocol::Push>();
  ASSERT_EQ(pushes.size(), 1u);
  ASSERT_EQ(pushes[0].commands.size(), 2u);
  EXPECT_EQ(pushes[0].commands[0].id, id_of(2));
  EXPECT_EQ(pushes[0].commands[0].replica_seq, 2);
  EXPECT_EQ(pushes[0].commands[1].replica_seq, 3);
  EXPECT_EQ(device.ask("SELECT n FROM items"), "3");
  must(device.say(chunk(1, 3, {put("items", 2, {"a", "red", int64_t{1}, "[]"})}, false, true)));
  EXPECT_EQ(device.ask("SELECT n FROM items"), "3");
  EXPECT_EQ(device.state_of(id_of(1)), "applied");
}

std::vector<int64_t> pushed_numbers(Device& device) {
  std::vector<int64_t> numbers;
  for (const protocol::Push& push : device.heard_of<protocol::Push>())
    for (const protocol::PushedCommand& command : push.commands) numbers.push_back(command.replica_seq);
  return numbers;
}

TEST(Replica, NumbersGoOnAfterARestart) {
  Device device;
  go_live(device, 1, {put("items", 1, {"a", "red", int64_t{0}, "[]"})});
  const auto bump = [&](int n) { EXPECT_EQ(device.exec("item.bump", R"({"id":"a","by":1})", id_of(n)), ""); };
  bump(1);
  bump(2);
  device.open();
  bump(3);
  const std::string pending = "SELECT replica_seq FROM wherry_commands WHERE state = 'pending' ORDER BY n";
  EXPECT_EQ(device.ask(pending), "1 2 3");
  device.connect(kWorkspace, batch(1));
  EXPECT_EQ(pushed_numbers(device), (std::vector<int64_t>{1, 2, 3}));
  must(device.say(chunk(1, 1, {}, false, true)));
  // The last of them leaves the list.
  must(device.say(batch(4, {}, {applied(id_of(1), 2), applied(id_of(2), 3), rejected(id_of(3), 4, "no")})));
  must(device.replica->dismiss(id_of(3)));
  device.open();
  bump(4);
  EXPECT_EQ(device.ask(pending), "4");
}

TEST(Replica, CorruptionStopsItAndIsSaid) {
  Device device;
  go_live(device, 1, {put("items", 1, {"a", "red", int64_t{0}, "[]"})});
  must(device.replica->checkpoint());
  device.close();
  {
    std::fstream file(device.path(), std::ios::binary | std::ios::in | std::ios::out);
    const auto size = std::filesystem::file_size(device.path());
    for (uintmax_t at = 4096; at < size; ++at) {
      file.seekp(static_cast<std::streamoff>(at));
      file.put('\x5A');
    }
  }
  ReplicaOptions options;
  options.path = device.path().string();
  EXPECT_EQ(Replica::open(options).error().code, ErrorCode::kCorrupt);
}

TEST(Replica, ARenewedIdentityNumbersAnewAndPushesBeforeItPulls) {
  Device device;
  go_live(device, 1, {put("items", 1, {"a", "red", int64_t{0}, "[]"})});
  for (int n = 1; n <= 2; ++n) EXPECT_EQ(device.exec("item.bump", R"({"id":"a","by":1})", id_of(n)), "");
  must(device.say(batch(2, {}, {rejected(id_of(1), 2, "no")})));
  device.replica->disconnected();
  device.welcome.renewed = true;
  device.welcome.replica_id = id_of(902);
  device.connect(kWorkspace, batch(2));
  const auto said = device.heard();
  ASSERT_EQ(said.size(), 2u);
  const auto* push = std::get_if<protocol::Push>(said.data());
  ASSERT_NE(push, nullptr);
  ASSERT_EQ(push->commands.size(), 1u);
  EXPECT_EQ(push->commands[0].id, id_of(2));
  EXPECT_EQ(push->commands[0].replica_seq, 1);
  EXPECT_TRUE(std::holds_alternative<protocol::Pull>(said[1]));
}

TEST(Replica, ANewEpochOffersForgottenCommandsAgain) {
  Device device;
  go_live(device, 5, {put("items", 5, {"a", "red", int64_t{0}, "[]"})});
  EXPECT_EQ(device.exec("item.bump", R"({"id":"a","by":1})", id_of(1)), "");
  EXPECT_EQ(device.exec("item.bump", R"({"id":"a","by":1})", id_of(2)), "");
  must(device.say(batch(7, {segment(1, {put("items", 7, {"a", "red", int64_t{2}, "[]"})})},
                        {applied(id_of(1), 6), applied(id_of(2), 7)})));
  device.replica->disconnected();
  (void)device.replica->take_events();
  device.welcome.epoch = id_of(903);
  device.welcome.epoch_base = {6};
  device.welcome.received = 1;
  device.connect(kWorkspace, batch(6));
  EXPECT_EQ(device.state_of(id_of(1)), "applied");
  EXPECT_EQ(device.state_of(id_of(2)), "pending");
  const auto said = device.heard();
  const auto* push = std::get_if<protocol::Push>(said.data());
  ASSERT_NE(push, nullptr);
  EXPECT_EQ(push->commands.at(0).id, id_of(2));
  EXPECT_EQ(push->commands.at(0).replica_seq, 2);
  EXPECT_LE(push->commands.at(0).base_seq, Seq{6});
  int epochs = 0;
  for (const ReplicaEvent& event : device.replica->take_events())
    if (event.kind == ReplicaEvent::Kind::kEpoch) epochs += event.done == 1;
  EXPECT_EQ(epochs, 1);
  must(device.say(chunk(1, 6, {put("items", 6, {"a", "red", int64_t{1}, "[]"})}, true, true)));
  EXPECT_EQ(device.ask("SELECT n FROM items"), "2");
  EXPECT_NE(device.dump().find("\"n\":1"), std::string::npos);
}

TEST(Replica, AnotherUsersFileIsRefusedUntouched) {
  Device device;
  go_live(device, 1);
  const std::string before = device.ask("SELECT name, position FROM wherry_scopes");
  device.replica->disconnected();
  must(device.replica->connected("token", device.now));
  device.welcome.user_id = "bob";
  device.welcome.identity = "other";
  EXPECT_EQ(device.say(device.welcome).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(device.replica->status().user_id, "ann");
  EXPECT_EQ(device.ask("SELECT name, position FROM wherry_scopes"), before);
}

TEST(Replica, ByeIdentityMakesTheNextHelloAskForANewOne) {
  Device device;
  go_live(device, 1);
  must(device.say(protocol::Bye{"identity", "used", {0}}));
  ASSERT_TRUE(device.replica->take_bye());
  must(device.replica->connected("token", device.now));
  const auto hello = device.heard_of<protocol::Hello>();
  EXPECT_EQ(hello.at(0).identity, "");
  EXPECT_TRUE(hello.at(0).replica_id.has_value());
}

TEST(Replica, MessagesOutOfPlaceEndTheSessionOnly) {
  Device device;
  must(device.replica->connected("token", device.now));
  EXPECT_EQ(device.say(batch(1)).error().code, ErrorCode::kProtocol);
  EXPECT_FALSE(device.replica->status().connected);
  go_live(device, 1);
  EXPECT_TRUE(device.replica->status().connected);
  EXPECT_EQ(device.say(batch(2, {segment(1, {put("items", 2, {"a"})})})).error().code, ErrorCode::kProtocol);
  EXPECT_EQ(device.exec("item.add", R"({"id":"a","title":"red"})"), "");
}

TEST(Replica, TablesComeAndGoWithTheSchema) {
  Device device;
  device.bundle = &smaller_app();
  go_live(device, 1, {put("items", 1, {"a", "red", int64_t{0}, "[]"})});
  EXPECT_FALSE(device.replica->query("SELECT * FROM names"));
  device.replica->disconnected();
  device.bundle = &small_app();
  device.connect(kWorkspace, batch(2));
  must(device.say(chunk(1, 2, {put("names", 2, {"n", "ann", "x"})}, false, true)));
  EXPECT_EQ(device.ask("SELECT name FROM names"), "x");
  EXPECT_EQ(device.exec("name.change", R"({"id":"n","name":"y"})", id_of(1)), "");
  device.replica->disconnected();
  device.bundle = &smaller_app();
  device.connect(kWorkspace, batch(2));
  EXPECT_FALSE(device.replica->query("SELECT * FROM names"));
  EXPECT_FALSE(device.replica->query("SELECT name FROM names"));  // which was answered before
  EXPECT_EQ(device.state_of(id_of(1)), "pending:command_unknown");
  EXPECT_EQ(device.ask("SELECT title FROM items"), "red");
  EXPECT_EQ(device.ask("SELECT count(*) FROM wherry_base"), "0");
}

TEST(Replica, AStaleUniqueRowIsSetAsideUntilItsNewsArrives) {
  Device device;
  device.connect(kBoth, batch(1));
  must(device.say(chunk(1, 1, {put("names", 1, {"a", "bob", "x"})}, true, true)));
  must(device.say(chunk(2, 3, {put("names", 3, {"b", "ann", "x"})}, true, true)));
  EXPECT_EQ(device.ask("SELECT id FROM names"), "b");
  EXPECT_NE(device.dump().find("\"id\":\"a\""), std::string::npos);
  must(device.say(batch(4, {segment(1, {put("names", 2, {"a", "bob", "y"})})})));
  EXPECT_EQ(device.ask("SELECT id, name FROM names ORDER BY id"), "a|y b|x");
  EXPECT_EQ(device.ask("SELECT count(*) FROM wherry_aside"), "0");
}

TEST(Replica, ASecondEngineOnTheFileIsRefusedWhileReadersAreNot) {
  Device device;
  go_live(device, 1, {put("items", 1, {"a", "red", int64_t{0}, "[]"})});
  ReplicaOptions options;
  options.path = device.path().string();
  EXPECT_EQ(Replica::open(options).error().code, ErrorCode::kBusy);
  auto reader = must(sqlite::Database::open(device.path().string(), sqlite::Access::kReadOnly));
  EXPECT_EQ(must(reader->value("SELECT title FROM items")), Value("red"));
  options.path += "-missing";
  EXPECT_EQ(Replica::open(options).error().code, ErrorCode::kNotFound);
}

TEST(Replica, QueriesOnlyRead) {
  Device device;
  go_live(device, 1);
  for (const char* sql :
       {"DELETE FROM items", "PRAGMA journal_mode = DELETE", "PRAGMA secure_delete = OFF", "BEGIN",
        "SELECT value FROM wherry_meta", "ATTACH ':memory:' AS x", "SELECT 1; SELECT 2"}) {
    const auto result = device.replica->query(sql);
    ASSERT_FALSE(result) << sql;
    EXPECT_EQ(result.error().code, ErrorCode::kSql) << sql;
  }
  EXPECT_EQ(device.ask("SELECT count(*) FROM wherry_commands"), "0");
}

TEST(Replica, WatchTellsTheDifferenceAfterEachCommitThatMadeOne) {
  Device device;
  go_live(device, 1, {put("items", 1, {"a", "red", int64_t{0}, "[]"})});
  std::vector<QueryChange> changes;
  const WatchId id =
      must(device.replica->watch("SELECT id, title FROM items ORDER BY id", {},
                                 [&](const QueryChange& change) { changes.push_back(change); }));
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(device.exec("draft.save", R"({"id":"x","body":"hm"})"), "");
  EXPECT_EQ(device.exec("item.bump", R"({"id":"a","by":1})"), "");
  EXPECT_EQ(changes.size(), 1u);
  EXPECT_EQ(device.exec("item.title", R"({"id":"a","title":"blue"})"), "");
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[1].removed, (std::vector<Row>{{"a", "red"}}));
  EXPECT_EQ(changes[1].added, (std::vector<Row>{{"a", "blue"}}));
  must(device.say(batch(2, {segment(1, {put("items", 2, {"b", "x", int64_t{0}, "[]"})})})));
  EXPECT_EQ(changes.size(), 3u);
  device.replica->unwatch(id);
  EXPECT_EQ(device.exec("item.title", R"({"id":"a","title":"green"})"), "");
  EXPECT_EQ(changes.size(), 3u);
}

TEST(Replica, AStrangersFileIsRefused) {
  Device device;
  device.close();
  std::filesystem::remove(device.path());
  std::filesystem::remove(device.path().string() + "-wal");
  {
    auto other = must(sqlite::Database::open(device.path().string(), sqlite::Access::kReadWriteCreate));
    must(other->execute("CREATE TABLE t(x)"));
  }
  ReplicaOptions options;
  options.path = device.path().string();
  options.create = true;
  EXPECT_EQ(Replica::open(options).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace wherry

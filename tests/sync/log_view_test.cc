// Looking into a workspace: its log beside the one that writes it, and its sessions.
#include "workspace/log_view.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "sqlite/database.h"
#include "tests/sync/app.h"

namespace wherry::testing {
namespace {

class Looking : public ::testing::Test {
 protected:
  Looking() {
    EXPECT_EQ(world.direct("ann", "channel.create", R"({"id":"g","name":"General","private":false})"),
              "applied");
    EXPECT_EQ(world.direct("ann", "channel.create", R"({"id":"p","name":"Private","private":true})"),
              "applied");
  }
  std::string path() const { return (world.folder / "server.db").string(); }
  std::unique_ptr<LogView> view() {
    auto opened = LogView::open(path(), bundle_of("examples/chat"));
    EXPECT_TRUE(opened) << opened.error().text();
    return *std::move(opened);
  }
  void post(const std::string& id, const std::string& channel, const std::string& body = "x") {
    EXPECT_EQ(
        world.direct("ann", "message.post",
                     cat(R"({"id":")", id, R"(","channel_id":")", channel, R"(","body":")", body, "\"}")),
        "applied");
  }

  World world{"examples/chat"};
};

TEST_F(Looking, SeesWhatIsCommittedLater) {
  const auto log = view();
  const Seq before = *log->head();
  post("m1", "g");
  EXPECT_EQ(log->head()->number, before.number + 1);
  EXPECT_EQ(log->page({})->entries.size(), static_cast<size_t>(before.number) + 1);
}

class Entitlement : public InBothApps {
 protected:
  std::string path() const { return (world.folder / "server.db").string(); }
};

TEST_P(Entitlement, IsWhatTheViewOfBroadcastsSaysOfEachCommand) {
  create_place("ann", "pub", true);
  create_place("ann", "sec", false);
  for (Device* device : {&world.device("bob", "bob"), &world.device("eve", "eve", {"hr", "admin"})})
    device->connect();
  world.settle();
  direct("ann", app.write("i1", "pub", "x"));
  direct("ann", app.write("i2", "sec", "x"));
  direct("ann", app.add("sec", "bob"));
  world.settle();
  direct("ann", app.write("i3", "sec", "x"));
  direct("ann", app.remove("sec", "bob"));
  world.settle();
  direct("ann", app.write("i4", "sec", "x"));
  EXPECT_TRUE(world.direct("cyd", app.write("i5", "sec", "x")).starts_with("rejected"));
  if (&app == &tracker()) {  // for whom a role is needed beside the scope
    EXPECT_EQ(world.direct("boss", "contract.set", R"({"user_id":"ann","day_rate":700})", {"hr"}), "applied");
  }

  auto log = *LogView::open(path(), bundle_of(app.bundle));
  auto db = *sqlite::Database::open(path(), sqlite::Access::kReadOnly);
  int64_t told = 0;
  for (int64_t seq = 1; seq <= log->head()->number; ++seq) {
    const auto touched = *log->touched(Seq{seq});
    ASSERT_TRUE(touched);
    std::vector<std::string> ours, views;
    const auto entitled = *log->entitled(touched->id, 100);
    const auto viewed = *db->rows(
        "SELECT user_id, created_at, coalesce(deleted_at, 0) FROM wherry_broadcasted_users WHERE command_id "
        "= ? "
        "ORDER BY user_id",
        {Value(touched->id)});
    for (const Entitled& one : entitled)
      ours.push_back(cat(one.user_id, ' ', one.since.count, ' ', one.until.count));
    for (const Row& row : viewed)
      views.push_back(cat(*row[0].text(), ' ', *row[1].integer(), ' ', *row[2].integer()));
    EXPECT_EQ(ours, views) << seq;
    told += static_cast<int64_t>(ours.size());
    if (&app == &tracker() && seq == log->head()->number) {
      ASSERT_EQ(ours.size(), 2u) << "the boss, and Eve, who has the role, but not Bob";
      EXPECT_TRUE(ours[1].starts_with("eve ")) << ours[1];
    }
  }
  EXPECT_GT(told, log->head()->number) << "others than the authors were entitled, too";
}

IN_BOTH_APPS(Entitlement);

TEST_F(Looking, FiltersLookAtABoundedPartAndSayHowFar) {
  // As many entries as one call looks at and a few more, without running so many commands.
  const int64_t head = world.workspace().head().number;
  {
    auto db = *sqlite::Database::open(path(), sqlite::Access::kReadWrite);
    ASSERT_TRUE(
        db->run("WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < ?2) INSERT INTO "
                "wherry_commands(seq, id, user_id, name, data, client_timestamp, server_received_timestamp, "
                "server_handled_timestamp, base_seq, epoch, schema_version, stamp, greatest_stamp, outcome, "
                "hash) SELECT "
                "?1 + i, 'c' || i, 'bob', 'x', '{}', 0, 0, 0, 0, '', 1, 0, 0, 'applied', x'' FROM n",
                {Value(head), Value(LogView::kLookedAt + 10)}));
  }
  const auto log = view();
  LogQuery query;
  query.filter.user = "ann";
  const auto first = log->page(query);
  EXPECT_EQ(first->entries.size(), 0u);
  EXPECT_EQ(first->reached.number, head + 11);
  query.before = first->reached;
  const auto second = log->page(query);
  EXPECT_EQ(second->entries.size(), 2u);
  EXPECT_EQ(second->reached.number, 1);
  query.before = Seq{INT64_MAX};
  query.after = Seq{head + LogView::kLookedAt};
  EXPECT_EQ(log->page(query)->reached.number, head + LogView::kLookedAt + 1);
}

TEST_F(Looking, ActivityTellsCommandsAndWaitsBySecond) {
  const int64_t head = world.workspace().head().number;
  {
    auto db = *sqlite::Database::open(path(), sqlite::Access::kReadWrite);
    ASSERT_TRUE(db->run("UPDATE wherry_commands SET server_handled_timestamp = 1000"));
    // In the second 5: waits of 1, 2, …, 100 ms; the last is rejected. In the second 7: one, superseded.
    ASSERT_TRUE(db->run(
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 101) INSERT INTO "
        "wherry_commands(seq, id, user_id, name, data, client_timestamp, server_received_timestamp, "
        "server_handled_timestamp, base_seq, epoch, schema_version, stamp, greatest_stamp, outcome, hash) "
        "SELECT "
        "?1 + i, 'c' || i, 'bob', 'x', '{}', 0, iif(i > 100, 7990, 5999 - i), iif(i > 100, 7990, 5999), 0, "
        "'', 1, "
        "0, 0, CASE i WHEN 100 THEN 'rejected' WHEN 101 THEN 'superseded' ELSE 'applied' END, x'' FROM n",
        {Value(head)}));
  }
  const auto log = view();
  const auto activity = log->activity(3, 8);
  ASSERT_TRUE(activity);
  EXPECT_EQ(activity->from, 3);
  ASSERT_EQ(activity->seconds.size(), 2u);
  const LogSecond& busy = activity->seconds[0];
  EXPECT_EQ(busy.second, 5);
  EXPECT_EQ(busy.commands, 100);
  EXPECT_EQ(busy.rejected, 1);
  EXPECT_EQ(busy.p50_ms, 50);
  EXPECT_EQ(busy.p99_ms, 99);
  EXPECT_EQ(activity->seconds[1].second, 7);
  EXPECT_EQ(activity->seconds[1].superseded, 1);
  EXPECT_EQ(log->activity(3, 7)->seconds.size(), 1u);
  EXPECT_EQ(log->activity(6, 8)->seconds.size(), 1u);
}

TEST_F(Looking, AnUnreadableDeltaIsShownAsSuch) {
  {
    auto db = *sqlite::Database::open(path(), sqlite::Access::kReadWrite);
    ASSERT_TRUE(db->run("UPDATE wherry_commands SET delta = x'ff' WHERE seq = 2"));
  }
  const auto entry = *view()->entry(Seq{2});
  ASSERT_TRUE(entry);
  EXPECT_NE(entry->find("\"delta\":\"protocol: malformed"), std::string::npos) << *entry;
  EXPECT_FALSE(*view()->entry(Seq{99}));
}

TEST_F(Looking, ASessionShowsItsScopesAndHowFarTheyAre) {
  Device& bob = world.device("b1", "bob");
  bob.connect();
  EXPECT_EQ(world.workspace().view({}).sessions, 1u);
  EXPECT_TRUE(world.workspace().view({}).shown.empty()) << "nobody was asked for";
  ViewQuery query;
  query.sessions_most = query.scopes_most = 10;
  EXPECT_FALSE(world.workspace().view(query).shown.at(0).ready);
  world.settle();
  const WorkspaceView view = world.workspace().view(query);
  ASSERT_EQ(view.shown.size(), 1u);
  const SessionView& session = view.shown[0];
  EXPECT_TRUE(session.ready);
  EXPECT_EQ(session.user_id, "bob");
  EXPECT_EQ(session.held, 3u);
  EXPECT_EQ(session.live, 3u);
  EXPECT_EQ(session.position, view.head);
  for (const ScopeView& scope : session.scopes) {
    EXPECT_EQ(scope.state, ScopeView::State::kLive);
    EXPECT_EQ(scope.position, view.head);
  }
  query.scopes_most = 1;
  EXPECT_EQ(world.workspace().view(query).shown[0].scopes.size(), 1u);
  query.scopes = {session.scopes[1].scope, 999'999};
  ASSERT_EQ(world.workspace().view(query).shown[0].scopes.size(), 1u);
  EXPECT_EQ(world.workspace().view(query).shown[0].scopes[0].scope, session.scopes[1].scope);
  query.after = session.id;
  EXPECT_TRUE(world.workspace().view(query).shown.empty());
}

}  // namespace
}  // namespace wherry::testing

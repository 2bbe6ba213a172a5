// Full-text entries that follow their rows, on a replica with a server that says what the test wants.
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "replica/core.h"
#include "replica/fake_server_for_test.h"
#include "replica/query.h"
#include "replica/reader.h"
#include "replica/replica.h"

namespace wherry {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

constexpr const char* kSearch =
    "SELECT count(*), coalesce(max(n.id) FILTER (WHERE n.id = 'n100'), '') FROM notes_fts"
    " JOIN notes AS n ON n.rowid = notes_fts.rowid WHERE notes_fts MATCH 'secretword'";

class IndexThatFollows : public ::testing::Test {
 protected:
  // Notes from n100 on, in a scope that is live then.
  void arrive(int64_t count) {
    device.connect({{2, "user(ann)", false, false}}, batch(1));
    std::vector<protocol::RowItem> items;
    for (int64_t i = 0; i < count; ++i)
      items.push_back(put("notes", 1, {cat("n", 100 + i), "ann", cat("secretword ", i)}));
    must(device.say(chunk(2, 1, items, true, true)));
  }
  bool waits() { return device.ask("SELECT count(*) FROM wherry_unindexed") != "0" || outdated() != "0"; }
  std::string outdated() { return device.ask("SELECT count(*) FROM wherry_outdated"); }
  std::string bytes_of_the_file() const {
    std::ifstream in(device.path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  Device device;
};

TEST_F(IndexThatFollows, IsWrittenWhenThereIsNothingElseToDo) {
  arrive(1500);
  EXPECT_EQ(device.ask("SELECT count(*) FROM notes"), "1500");
  ASSERT_EQ(device.replica->background_work(), Replica::Background::kMuch);
  must(device.replica->do_background_work());
  EXPECT_EQ(device.replica->background_work(), Replica::Background::kMuch);
  device.open();  // a restart
  ASSERT_EQ(device.replica->background_work(), Replica::Background::kMuch);
  must(device.replica->do_background_work());
  EXPECT_EQ(device.replica->background_work(), Replica::Background::kNone);
  EXPECT_FALSE(waits());
  EXPECT_EQ(device.ask(kSearch), "1500|n100");
}

TEST_F(IndexThatFollows, OwnCommandsDoNotWaitForItEither) {
  arrive(0);
  EXPECT_EQ(device.exec("note.add", R"({"id":"n100","body":"secretword"})", id_of(1)), "");
  EXPECT_TRUE(waits());
  EXPECT_EQ(device.replica->background_work(), Replica::Background::kLittle);
  EXPECT_EQ(device.exec("note.edit", R"({"id":"n100","body":"secretword again"})", id_of(2)), "");
  EXPECT_EQ(device.ask(kSearch), "1|n100");
  EXPECT_FALSE(waits());
}

TEST_F(IndexThatFollows, ASearchFindsEverything) {
  arrive(50);
  EXPECT_TRUE(waits());
  EXPECT_EQ(device.ask(kSearch), "50|n100");
  EXPECT_FALSE(waits());
}

TEST_F(IndexThatFollows, ASearchThatIsWatchedSeesWhatArrives) {
  arrive(0);
  std::vector<std::string> seen;
  must(device.replica->watch(kSearch, {}, [&](const QueryChange& change) {
    seen.push_back(std::to_string(*change.rows[0][0].integer()));
  }));
  std::vector<protocol::RowItem> items;
  for (int64_t i = 0; i < 30; ++i) items.push_back(put("notes", 2, {cat("n", 100 + i), "ann", "secretword"}));
  must(device.say(batch(2, {segment(2, items)})));
  EXPECT_EQ(seen, (std::vector<std::string>{"0", "30"}));
}

TEST_F(IndexThatFollows, WhatHappensToARowMeanwhileIsInIt) {
  arrive(40);
  EXPECT_EQ(device.exec("note.edit", R"({"id":"n100","body":"mine"})", id_of(1)), "");
  EXPECT_EQ(device.exec("note.remove", R"({"id":"n101"})", id_of(2)), "");
  must(device.say(
      batch(2, {segment(2, {put("notes", 2, {"n102", "ann", "theirs"}), gone("notes", 2, {"n103"})})})));
  EXPECT_TRUE(waits());
  EXPECT_EQ(device.ask(kSearch), "36|");
  EXPECT_EQ(device.ask("SELECT count(*) FROM notes_fts WHERE notes_fts MATCH 'mine OR theirs'"), "2");
  // The pending edit and removal are refused: the rows are as they came.
  must(device.say(
      batch(3, {}, {rejected(id_of(1), 3, "entity_locked"), rejected(id_of(2), 3, "entity_locked")})));
  EXPECT_EQ(device.ask(kSearch), "38|n100");
}

TEST_F(IndexThatFollows, WhatHappensToAnEntryFollowsToo) {
  arrive(60);
  must(device.replica->do_background_work());
  EXPECT_EQ(device.replica->background_work(), Replica::Background::kNone);
  EXPECT_EQ(device.exec("note.edit", R"({"id":"n100","body":"mine"})", id_of(1)), "");
  EXPECT_EQ(device.replica->background_work(), Replica::Background::kLittle);
  std::vector<protocol::RowItem> items;
  for (int64_t i = 1; i < 50; ++i) items.push_back(put("notes", 2, {cat("n", 100 + i), "ann", "theirs"}));
  must(device.say(batch(2, {segment(2, items)})));
  must(device.say(batch(3, {}, {rejected(id_of(1), 3, "entity_locked")})));  // n100 is again as it was
  EXPECT_EQ(outdated(), "50");
  EXPECT_EQ(device.replica->background_work(), Replica::Background::kMuch);
  device.open();  // a restart
  must(device.replica->do_background_work());
  EXPECT_FALSE(waits());
  EXPECT_EQ(device.replica->background_work(), Replica::Background::kNone);
  EXPECT_EQ(device.ask(kSearch), "11|n100");
}

// What has been committed is shown as soon as there is room for the index.
TEST_F(IndexThatFollows, AWatchedSearchWaitsForRoomOnTheDisk) {
  arrive(0);
  device.close();
  const auto core = must(Core::open({device.path().string(), {}, Sync::kNormal, false}, false));
  Queries queries(*core);
  std::vector<int64_t> seen;
  must(queries.watch(kSearch, {},
                     [&](const QueryChange& change) { seen.push_back(*change.rows[0][0].integer()); }));
  const auto notes =
      static_cast<size_t>(core->app()->bundle().table("notes") - core->app()->bundle().tables.data());
  must(core->transact([&](Change&) -> Result<> {
    for (int64_t i = 0; i < 300; ++i) {
      std::string body = "secretword";
      for (int64_t word = 0; word < 20; ++word) body += cat(" w", i * 20 + word);
      TRY(core->app()->rows().put(notes, {Value(cat("n", i)), Value("ann"), Value(body)}));
    }
    return {};
  }));
  const auto limit_pages = [&](const std::string& pages) {
    must(core->db().value(cat("PRAGMA max_page_count = ", pages)));
  };
  limit_pages(to_sql(*must(core->db().value("PRAGMA page_count"))));
  must(queries.changed({"notes"}));
  EXPECT_EQ(seen, (std::vector<int64_t>{0}));
  EXPECT_EQ(queries.run(kSearch, {}).error().code, ErrorCode::kFull);
  limit_pages("1000000");
  must(queries.changed({}));
  EXPECT_EQ(seen, (std::vector<int64_t>{0, 300}));
}

TEST_F(IndexThatFollows, AReaderOfTheFileIsToldThatItLacksRows) {
  arrive(3);
  const auto reader = must(ReplicaReader::open(device.path()));
  EXPECT_EQ(must(reader->query("SELECT count(*) FROM notes")).rows[0][0], Value(int64_t{3}));
  const auto search = reader->query(kSearch);
  ASSERT_FALSE(search);
  EXPECT_EQ(search.error().code, ErrorCode::kBusy);
  must(device.replica->checkpoint());
  EXPECT_EQ(must(reader->query(kSearch)).rows[0][0], Value(int64_t{3}));
  EXPECT_EQ(device.exec("note.edit", R"({"id":"n100","body":"mine"})", id_of(1)), "");
  EXPECT_EQ(reader->query(kSearch).error().code, ErrorCode::kBusy);
}

TEST_F(IndexThatFollows, ARevokeLeavesNothingToFollow) {
  arrive(40);
  must(device.say(protocol::Scopes{false, true, {}, {2}}));
  EXPECT_FALSE(waits());
  EXPECT_EQ(device.ask(kSearch), "0|");
  must(device.replica->checkpoint());
  device.close();
  EXPECT_EQ(bytes_of_the_file().find("secretword"), std::string::npos);
}

TEST_F(IndexThatFollows, WhatIsKeptOfEntriesGoesWithARevoke) {
  arrive(40);
  must(device.replica->checkpoint());
  EXPECT_EQ(device.exec("note.edit", R"({"id":"n100","body":"mine"})", id_of(1)), "");
  must(device.say(
      batch(2, {segment(2, {put("notes", 2, {"n101", "ann", "theirs"}), gone("notes", 2, {"n102"})})})));
  EXPECT_EQ(outdated(), "3");
  must(device.say(protocol::Scopes{false, true, {}, {2}}));
  EXPECT_FALSE(waits());
  must(device.replica->checkpoint());
  device.close();
  EXPECT_EQ(bytes_of_the_file().find("secretword"), std::string::npos);
}

}  // namespace
}  // namespace wherry

// REBASE, the fast way against the reference, on random histories.
#include "replica/rebase.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "replica/core.h"
#include "replica/fake_server_for_test.h"

namespace wherry {
namespace {

using testing::applied;
using testing::batch;
using testing::chunk;
using testing::Device;
using testing::gone;
using testing::id_of;
using testing::Items;
using testing::must;
using testing::put;
using testing::rejected;
using testing::segment;

const std::vector<protocol::GrantedScope> kScopes = {{1, "workspace", false, false},
                                                     {2, "user(ann)", false, false}};

// Everything that must not hang on how REBASE is done: visible rows, search, confirmed rows, base images, the
// list.
std::vector<std::string> picture(Device& device) {
  return {device.ask("SELECT * FROM items ORDER BY id"),
          device.ask("SELECT * FROM names ORDER BY id"),
          device.ask("SELECT * FROM notes ORDER BY id"),
          device.ask("SELECT word.column1, n.id FROM (VALUES('red'),('green'),('blue')) word JOIN notes_fts f"
                     " ON f.body MATCH word.column1 JOIN notes n ON n.rowid = f.rowid ORDER BY 1, 2"),
          device.dump(),
          device.ask("SELECT tbl, hex(key), hex(row) FROM wherry_base ORDER BY 1, 2"),
          device.ask("SELECT tbl, hex(key), hex(row) FROM wherry_aside ORDER BY 1, 2"),
          device.ask("SELECT tbl, hex(key), scope, seq FROM wherry_rows ORDER BY 1, 2, 3"),
          device.ask("SELECT id, state, ifnull(code, '') FROM wherry_commands ORDER BY n")};
}

struct Pair {
  Device fast{false}, reference{true};
  int64_t commands = 0, seq = 0;
  // News of names make rows collide and be set aside, which leaves only the full way: not in every history.
  bool news_of_names = false;
  std::vector<std::string> pending;

  void both(const std::function<void(Device&)>& act) {
    act(fast);
    act(reference);
  }
  void say(const protocol::Message& message) {
    both([&](Device& device) { must(device.say(message)); });
  }
};

// RapidCheck draws small numbers at first; these are drawn evenly from the beginning.
int in_range(int least, int beyond) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(least, beyond));
}

template <typename T>
T pick(const std::vector<T>& choices) {
  return choices[static_cast<size_t>(in_range(0, static_cast<int>(choices.size())))];
}

const std::vector<std::string> kIds = {"a", "b", "c", "d"};
const std::vector<std::string> kWords = {"red", "green", "blue", "red green"};

void execute(Pair& pair) {
  const std::string id = cat("\"id\":\"", pick(kIds), "\"");
  const std::string word = pick(kWords);
  const std::vector<std::pair<std::string, std::string>> calls = {
      {"item.add", cat("{", id, ",\"title\":\"", word, "\"}")},
      {"item.title", cat("{", id, ",\"title\":\"", word, "\"}")},
      {"item.bump", cat("{", id, ",\"by\":", in_range(-3, 4), "}")},
      {"item.tag", cat("{", id, ",\"tag\":\"", word, "\"}")},
      {"item.remove", cat("{", id, "}")},
      {"item.copy", cat("{", id, ",\"from\":\"", pick(kIds), "\"}")},
      {"item.spread", cat("{", id, "}")},
      {"item.few", cat("{", id, "}")},
      {"item.server", cat("{", id, "}")},
      {"name.add", cat("{", id, ",\"name\":\"", word, "\"}")},
      {"name.change", cat("{", id, ",\"name\":\"", word, "\"}")},
      {"name.remove", cat("{", id, "}")},
      {"name.claim", cat("{", id, ",\"name\":\"", word, "\"}")},
      {"note.add", cat("{", id, ",\"body\":\"", word, "\"}")},
      {"note.edit", cat("{", id, ",\"body\":\"", word, "\"}")},
      {"note.about", cat("{", id, ",\"item\":\"", pick(kIds), "\",\"body\":\"", word, "\"}")},
      {"note.remove", cat("{", id, "}")}};
  const auto [name, params] = pick(calls);
  const std::string command = id_of(++pair.commands);
  const std::string refusal = pair.fast.exec(name, params, command);
  RC_ASSERT(pair.reference.exec(name, params, command) == refusal);
  if (refusal.empty()) pair.pending.push_back(command);
}

// A row or its absence; often what the replica shows, so that predictions come true.
protocol::RowItem random_item(Pair& pair, int scope) {
  const std::string id = pick(kIds);
  const std::string own = scope == 2 ? "notes" : "items";
  const std::string table = pair.news_of_names ? pick<std::string>({own, "names"}) : own;
  if (in_range(0, 2) == 0) {
    const auto shown = must(pair.fast.replica->query(cat("SELECT * FROM ", table, " WHERE id = '", id, "'")));
    return shown.rows.empty() ? gone(table, ++pair.seq, {id}) : put(table, ++pair.seq, shown.rows[0]);
  }
  if (in_range(0, 3) == 0) return gone(table, ++pair.seq, {id});
  const std::string word = pick(kWords);
  if (table == "names" && in_range(0, 3) != 0)  // mostly without a collision
    return put(table, ++pair.seq, {id, "ann", cat(word, pair.seq)});
  if (table == "items") return put(table, ++pair.seq, {id, word, int64_t{in_range(0, 3)}, "[]"});
  return put(table, ++pair.seq, {id, "ann", word});
}

std::vector<Items> random_segments(Pair& pair) {
  std::vector<Items> segments;
  for (const int scope : {1, 2}) {
    std::vector<protocol::RowItem> items;
    for (int n = in_range(0, 4); n > 0; --n) items.push_back(random_item(pair, scope));
    if (!items.empty()) segments.push_back(segment(scope, items));
  }
  return segments;
}

void receive(Pair& pair) {
  std::vector<protocol::Answer> answers;
  const int count = in_range(0, 4);
  for (int n = 0; n < count && !pair.pending.empty(); ++n) {
    answers.push_back(in_range(0, 3) == 0 ? rejected(pair.pending.front(), ++pair.seq, "no")
                                          : applied(pair.pending.front(), ++pair.seq));
    pair.pending.erase(pair.pending.begin());
  }
  std::vector<Items> segments = random_segments(pair);
  pair.say(batch(++pair.seq, std::move(segments), std::move(answers)));
}

void connect(Pair& pair) {
  pair.both([&](Device& device) {
    device.connect(kScopes, batch(pair.seq));
    must(device.say(chunk(1, pair.seq, {}, true, true)));
    must(device.say(chunk(2, pair.seq, {}, true, true)));
  });
}

TEST(Rebase, FastWayLeavesWhatTheReferenceLeaves) {
  EXPECT_TRUE(rc::check("fast = reference", [] {
    Pair pair;
    pair.seq = 1;
    pair.news_of_names = in_range(0, 3) == 0;
    connect(pair);
    const int length = in_range(1, 40);
    for (int n = 0; n < length; ++n) {
      if (in_range(0, 3) != 0)
        execute(pair);
      else
        receive(pair);
      if (in_range(0, 20) == 0) {
        pair.both([](Device& device) { device.open(); });
        connect(pair);
      }
      RC_ASSERT(picture(pair.fast) == picture(pair.reference));
    }
    // With nothing pending, what is visible is confirmed.
    std::vector<protocol::Answer> answers;
    for (const std::string& id : pair.pending) answers.push_back(rejected(id, ++pair.seq, "no"));
    pair.say(batch(++pair.seq, {}, answers));
    RC_ASSERT(picture(pair.fast) == picture(pair.reference));
    RC_ASSERT(pair.fast.ask("SELECT count(*) FROM wherry_base") == "0");
  }));
}

TEST(Rebase, UndoingAndRedoingLeavesEveryTableAsItWas) {
  EXPECT_TRUE(rc::check("undo and redo", [] {
    Pair pair;
    pair.seq = 1;
    pair.news_of_names = in_range(0, 2) == 0;
    connect(pair);
    receive(pair);
    const int length = in_range(1, 15);
    for (int n = 0; n < length; ++n) execute(pair);
    const auto before = picture(pair.fast);
    pair.fast.close();
    {
      auto core = must(Core::open({pair.fast.path().string(), {}, Sync::kNormal, false}, false));
      must(core->transact([](Change& change) -> Result<> {
        change.run_all = true;
        return {};
      }));
    }
    pair.fast.open();
    RC_ASSERT(picture(pair.fast) == before);
  }));
}

// --- what random histories meet too seldom, one by one: A1' a pending command, then news, then what is
// visible

struct Live {
  Device device;
  explicit Live(const std::vector<protocol::RowItem>& items) {
    device.connect(kScopes, batch(1));
    must(device.say(chunk(1, 1, items, true, true)));
    must(device.say(chunk(2, 1, {}, true, true)));
  }
  void news(int64_t seq, const std::vector<protocol::RowItem>& items) {
    must(device.say(batch(seq, {segment(1, items)})));
  }
};

protocol::RowItem item(int64_t seq, const char* id, const char* title) {
  return put("items", seq, {id, title, int64_t{0}, "[]"});
}

TEST(Rebase, RunsAgainWhatReadTheTableOfANewRow) {
  Live live({item(1, "a", "red"), item(1, "b", "blue")});
  EXPECT_EQ(live.device.exec("item.spread", R"({"id":"a"})"), "");
  live.news(2, {item(2, "c", "red")});
  EXPECT_EQ(live.device.ask("SELECT id, n FROM items ORDER BY id"), "a|1 b|0 c|1");
}

TEST(Rebase, AGuardOverTheWholeTableIsAskedAgain) {
  Live live({item(1, "a", "red")});
  EXPECT_EQ(live.device.exec("item.few", R"({"id":"z"})", id_of(1)), "");
  live.news(2, {item(2, "b", "red"), item(2, "c", "red")});
  EXPECT_EQ(live.device.state_of(id_of(1)), "pending:too_many");
  EXPECT_EQ(live.device.ask("SELECT count(*) FROM items"), "3");
}

TEST(Rebase, ACommandThatOnlyAddsIsAskedAgainWhereItStands) {
  Live live({item(1, "a", "red")});
  EXPECT_EQ(live.device.exec("note.about", R"({"id":"n","item":"a","body":"red"})", id_of(1)), "");
  EXPECT_EQ(live.device.exec("note.add", R"({"id":"o","body":"green"})"), "");
  live.news(2, {item(2, "a", "green")});
  // Run again, n would come after o.
  EXPECT_EQ(live.device.ask("SELECT id FROM notes ORDER BY rowid"), "n o");
  live.news(3, {item(3, "a", "blue")});
  EXPECT_EQ(live.device.ask("SELECT id FROM notes"), "o");
  EXPECT_EQ(live.device.state_of(id_of(1)), "pending:not_now");
  live.news(4, {item(4, "a", "red")});
  EXPECT_EQ(live.device.ask("SELECT id FROM notes ORDER BY id"), "n o");
  EXPECT_EQ(live.device.state_of(id_of(1)), "pending");
}

TEST(Rebase, WhatALaterCommandHasMadeOfAnAddedRowStays) {
  Live live({item(1, "a", "red")});
  EXPECT_EQ(live.device.exec("note.about", R"({"id":"n","item":"a","body":"red"})"), "");
  EXPECT_EQ(live.device.exec("note.edit", R"({"id":"n","body":"green"})"), "");
  EXPECT_EQ(live.device.exec("item.title", R"({"id":"a","title":"blue"})"), "");
  live.news(2, {item(2, "a", "white")});  // A1' must not see the title that A3' has given
  EXPECT_EQ(live.device.ask("SELECT id, body FROM notes"), "n|green");
  EXPECT_EQ(live.device.ask("SELECT title FROM items"), "blue");
}

TEST(Rebase, AskedAgainACommandSeesWhatEarlierOnesMakeOfTheNews) {
  Live live({item(1, "a", "red"), item(1, "b", "red")});
  EXPECT_EQ(live.device.exec("item.copy", R"({"id":"a","from":"b"})"), "");
  EXPECT_EQ(live.device.exec("note.about", R"({"id":"n","item":"a","body":"red"})", id_of(2)), "");
  live.news(2, {item(2, "b", "blue")});
  EXPECT_EQ(live.device.state_of(id_of(2)), "pending:not_now");
  EXPECT_EQ(live.device.ask("SELECT count(*) FROM notes"), "0");
}

TEST(Rebase, UndoesALaterWriteThatAnEarlierCommandReadsAgain) {
  Live live({item(1, "a", "red"), item(1, "b", "blue")});
  EXPECT_EQ(live.device.exec("item.copy", R"({"id":"a","from":"b"})"), "");
  EXPECT_EQ(live.device.exec("item.title", R"({"id":"b","title":"green"})"), "");
  live.news(2, {put("items", 2, {"a", "white", int64_t{5}, "[]"})});
  EXPECT_EQ(live.device.ask("SELECT id, title, n FROM items ORDER BY id"), "a|blue|5 b|green|0");
}

TEST(Rebase, AFootprintThatGrowsReachesLaterCommands) {
  Live live({item(1, "a", "red"), item(1, "b", "blue"), item(1, "c", "blue")});
  EXPECT_EQ(live.device.exec("item.spread", R"({"id":"a"})"), "");
  EXPECT_EQ(live.device.exec("item.title", R"({"id":"b","title":"red"})"), "");
  EXPECT_EQ(live.device.exec("item.bump", R"({"id":"c","by":3})"), "");
  // A1' now meets b and c, as they were before A2' and A3'.
  live.news(2, {item(2, "a", "blue")});
  EXPECT_EQ(live.device.ask("SELECT id, title, n FROM items ORDER BY id"), "a|blue|1 b|red|1 c|blue|4");
}

TEST(Rebase, ACommandThatReadsMoreThanBeforeDoesNotSeeLaterOnes) {
  Live live({item(1, "a", "red"), item(1, "b", "blue")});
  EXPECT_EQ(live.device.exec("item.copy", R"({"id":"a","from":"b"})"), "");
  live.news(2, {gone("items", 2, {"a"})});  // A1' now stops at its entity and never reads b
  EXPECT_EQ(live.device.exec("item.title", R"({"id":"b","title":"green"})"), "");
  live.news(3, {item(3, "a", "white")});
  EXPECT_EQ(live.device.ask("SELECT id, title FROM items ORDER BY id"), "a|blue b|green");
}

TEST(Rebase, ANameThatAPendingCommandGivesUpIsStillInTheWayOfConfirmedOnes) {
  Live live({put("names", 1, {"a", "bob", "x"})});
  EXPECT_EQ(live.device.exec("name.remove", R"({"id":"a"})"), "");
  live.news(2, {put("names", 2, {"b", "bob", "x"})});
  EXPECT_EQ(live.device.ask("SELECT id FROM names"), "b");
  EXPECT_EQ(live.device.ask("SELECT count(*) FROM wherry_aside"), "1");
  EXPECT_EQ(live.device.ask("SELECT count(*) FROM wherry_base"), "0");
}

TEST(Rebase, AUniqueNameThatIsFreeAgainIsTaken) {
  Live live({put("names", 1, {"a", "bob", "x"})});
  EXPECT_EQ(live.device.exec("name.claim", R"({"id":"z","name":"x"})"), "");
  EXPECT_EQ(live.device.ask("SELECT id, owner FROM names"), "a|ann");
  live.news(2, {put("names", 2, {"a", "bob", "y"})});
  EXPECT_EQ(live.device.ask("SELECT id, owner, name FROM names ORDER BY id"), "a|bob|y z|ann|x");
}

TEST(Rebase, AConfirmedNameDisplacesAPendingOne) {
  Live live({});
  EXPECT_EQ(live.device.exec("name.add", R"({"id":"z","name":"x"})", id_of(1)), "");
  live.news(2, {put("names", 2, {"a", "bob", "x"})});
  EXPECT_EQ(live.device.ask("SELECT id FROM names"), "a");
  EXPECT_EQ(live.device.state_of(id_of(1)), "pending:constraint_unique");
  live.news(3, {gone("names", 3, {"a"})});
  EXPECT_EQ(live.device.ask("SELECT id FROM names"), "z");
  EXPECT_EQ(live.device.state_of(id_of(1)), "pending");
}

}  // namespace
}  // namespace wherry

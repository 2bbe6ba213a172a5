// A handler that runs away, fails, or tries what `check` refuses: its neighbours in the same group do not
// notice.
#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/sync/world.h"

namespace wherry::testing {
namespace {

std::vector<BundleFile> files() {
  return {{"app.toml", "name = \"notes\"\n[tables.notes]\nscope = \"workspace\"\n"},
          {"migrations/0001_init.sql",
           "CREATE TABLE notes(id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL CHECK (body <> 'bad'));\n"},
          {"commands/notes.sql",
           "-- command: note.add\n-- entity: notes(:id) any\n-- param: id id\n-- param: body text(0..100)\n"
           "INSERT INTO notes(id, body) VALUES(:id, :body);\n"
           "-- command: note.flood\n-- param: id id\n"
           "INSERT INTO notes(id, body) WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
           "SELECT :id || x, 'x' FROM n;\n"
           "-- command: note.spin\n-- param: id id\n"
           "INSERT INTO notes(id, body) SELECT :id, count(*) FROM (WITH RECURSIVE n(x) AS "
           "(SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n);\n"
           "-- command: note.fail\n-- param: id id\n"
           "INSERT INTO notes(id, body) VALUES(:id, json_extract('{', '$'));\n"}};
}

class Neighbours : public ::testing::Test {
 protected:
  // The offender's name and data between two innocent commands, in one group.
  std::string in_a_group(World& world, const std::string& name) {
    std::vector<DirectCommand> commands;
    for (const std::string& command : {std::string("note.add"), name, std::string("note.add")}) {
      DirectCommand direct;
      direct.name = command;
      direct.user_id = "ann";
      const std::string id = cat("n", ++last_);
      direct.data =
          command == "note.add" ? cat(R"({"id":")", id, R"(","body":"fine"})") : cat(R"({"id":")", id, "\"}");
      commands.push_back(std::move(direct));
    }
    const auto answers = world.workspace().execute_all(commands, world.now);
    if (!answers) return answers.error().text();
    EXPECT_EQ((*answers)[0].outcome, protocol::Outcome::kApplied);
    EXPECT_EQ((*answers)[2].outcome, protocol::Outcome::kApplied);
    EXPECT_EQ((*answers)[2].seq.number, (*answers)[0].seq.number + 2) << "the log has no gap";
    innocent_ += name == "note.add" ? 3 : 2;
    EXPECT_EQ(world.server("SELECT count(*) FROM notes"), Value(innocent_));
    world.settle();
    world.expect_agreement();
    return (*answers)[1].code;
  }
  int last_ = 0;
  int64_t innocent_ = 0;
};

TEST_F(Neighbours, DoNotNoticeAHandlerThatRunsAwayOrFails) {
  World world(bundle_of(files()));
  Device& bob = world.device("bob", "bob");
  bob.connect();
  world.settle();
  EXPECT_EQ(in_a_group(world, "note.flood"), "limit_rows");
  EXPECT_EQ(in_a_group(world, "note.spin"), "limit_work");
  EXPECT_EQ(in_a_group(world, "note.fail"), "handler_error");
  EXPECT_EQ(in_a_group(world, "note.unknown"), "command_unknown");
  world.settle();
  EXPECT_EQ(bob.ask("SELECT count(*) FROM notes"), std::to_string(innocent_));
  world.restart_server();
  world.expect_agreement();
}

TEST_F(Neighbours, DoNotNoticeAHandlerThatTriesWhatCheckRefuses) {
  for (const char* sql :
       {"ATTACH 'x.db' AS x", "DETACH main", "PRAGMA journal_mode = OFF", "COMMIT", "ROLLBACK", "SAVEPOINT s",
        "DROP TABLE notes", "CREATE TABLE t(a)", "DELETE FROM wherry_commands",
        "UPDATE wherry_meta SET value = 0", "SELECT data FROM wherry_commands",
        "INSERT INTO notes VALUES(:id, random())", "INSERT INTO notes VALUES(:id, datetime('now'))",
        "INSERT INTO notes VALUES(:id, load_extension('x'))", "INSERT INTO notes VALUES(:nothing, 'x')",
        "SELECT syntax error", "VACUUM", "ANALYZE", "REINDEX", "DELETE FROM sqlite_schema",
        "UPDATE notes SET id = :id || id",
        // Not seen when it is prepared: it rolls back the whole transaction as it runs.
        "INSERT OR ROLLBACK INTO notes SELECT id, 'bad' FROM notes"}) {
    auto bundle = std::make_shared<Bundle>(*bundle_of(files()));
    for (Command& command : bundle->commands)
      if (command.name == "note.fail") command.statements = {sql};
    World world(bundle);
    last_ = 0;
    innocent_ = 0;
    EXPECT_EQ(in_a_group(world, "note.add"), "") << sql;
    const std::string code = in_a_group(world, "note.fail");
    EXPECT_TRUE(code == "handler_error" || code == "constraint_check" || code == "constraint_unique")
        << sql << ": " << code;
  }
}

}  // namespace
}  // namespace wherry::testing

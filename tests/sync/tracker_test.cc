// What the chat does not have: scopes loaded on demand, rows in two scopes, tables of a role.
#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/sync/world.h"

namespace wherry::testing {
namespace {

class Tracker : public ::testing::Test {
 protected:
  Tracker() : world("tests/tracker") {
    lead = &world.device("lead", "lead", {"admin"});
    lead->connect();
    world.settle();
    lead->exec("team.create", R"({"id":"t","name":"boats"})");
    lead->exec("project.create", R"({"id":"p","team_id":"t","name":"hull","public":false})");
    lead->exec("issue.create", R"({"id":"i","project_id":"p","title":"leaks"})");
    world.settle();
  }
  World world;
  Device* lead;
};

TEST_F(Tracker, AnAssigneeSeesHisIssueWithoutItsProjectAndKeepsItWhileOneScopeIsLeft) {
  Device& ann = world.device("ann", "ann");
  ann.connect();
  world.settle();
  EXPECT_EQ(ann.ask("SELECT count(*) FROM issues"), "0");
  lead->exec("issue.assign", R"({"id":"i","assignee_id":"ann"})");
  world.settle();
  EXPECT_EQ(ann.ask("SELECT title FROM issues"), "leaks");
  EXPECT_EQ(ann.ask("SELECT count(*) FROM projects WHERE id = 'p'"), "0");
  lead->exec("team.add_member", R"({"team_id":"t","user_id":"ann"})");
  world.settle();
  EXPECT_EQ(ann.ask("SELECT count(*) FROM projects WHERE id = 'p'"), "1");
  lead->exec("issue.assign", R"({"id":"i","assignee_id":"lead"})");
  world.settle();
  EXPECT_EQ(ann.ask("SELECT count(*) FROM issues"), "1") << "the project still shows it";
  lead->exec("issue.assign", R"({"id":"i","assignee_id":"ann"})");
  lead->exec("team.remove_member", R"({"team_id":"t","user_id":"ann"})");
  world.settle();
  EXPECT_EQ(ann.ask("SELECT count(*) FROM issues"), "1") << "the assignment still shows it";
  EXPECT_EQ(ann.ask("SELECT count(*) FROM projects WHERE id = 'p'"), "0");
  lead->exec("issue.assign", R"({"id":"i","assignee_id":"lead"})");
  world.settle();
  EXPECT_EQ(ann.ask("SELECT count(*) FROM issues"), "0");
  world.expect_agreement();
}

TEST_F(Tracker, ADiscussionIsFetchedWhenItIsOpenedAndGoneWhenItIsClosed) {
  Device& ann = world.device("ann", "ann");
  lead->exec("team.add_member", R"({"team_id":"t","user_id":"ann"})");
  ann.connect();
  world.settle();
  const std::string comment = cat(R"({"id":")", world.id(), R"(","issue_id":"i","body":"soaked"})");
  lead->exec("comment.write", comment);
  world.settle();
  EXPECT_EQ(lead->ask("SELECT count(*) FROM comments"), "1") << "one's own words stay, loaded or not";
  EXPECT_EQ(ann.ask("SELECT count(*) FROM comments"), "0");
  ASSERT_TRUE(ann.replica().load("discussion(i)"));
  world.settle();
  EXPECT_EQ(ann.ask("SELECT body FROM comments"), "soaked");
  lead->exec("comment.write", cat(R"({"id":")", world.id(), R"(","issue_id":"i","body":"again"})"));
  world.settle();
  EXPECT_EQ(ann.ask("SELECT count(*) FROM comments"), "2");
  ASSERT_TRUE(ann.replica().unload("discussion(i)"));
  world.settle();
  EXPECT_EQ(ann.ask("SELECT count(*) FROM comments"), "0");
}

TEST_F(Tracker, ATableOfARoleExistsOnlyOnDevicesOfItsHolders) {
  EXPECT_EQ(world.direct("boss", "contract.set", R"({"user_id":"ann","day_rate":700})", {"hr"}), "applied");
  Device& ann = world.device("ann", "ann");
  Device& hr = world.device("hr", "boss", {"hr"});
  ann.record = true;
  ann.connect();
  hr.connect();
  world.settle();
  EXPECT_EQ(hr.ask("SELECT day_rate FROM contracts"), "700");
  EXPECT_EQ(ann.ask("SELECT count(*) FROM sqlite_schema WHERE name = 'contracts'"), "0");
  EXPECT_EQ(ann.traffic.find("day_rate"), std::string::npos);
  world.expect_agreement();
}

TEST_F(Tracker, NumbersSwapThoughTheyAreUnique) {
  Device& ann = world.device("ann", "ann");
  lead->exec("team.add_member", R"({"team_id":"t","user_id":"ann"})");
  lead->exec("issue.create", R"({"id":"j","project_id":"p","title":"creaks"})");
  ann.connect();
  world.settle();
  const std::string before = ann.ask("SELECT number FROM issues WHERE project_id = 'p' ORDER BY id");
  lead->exec("issue.swap_numbers", R"({"id":"i","other_id":"j"})");
  world.settle();
  EXPECT_NE(ann.ask("SELECT number FROM issues WHERE project_id = 'p' ORDER BY id"), before);
  world.expect_agreement();
}

}  // namespace
}  // namespace wherry::testing

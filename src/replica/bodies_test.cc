// Rows count their seqs from the boundary of their message and leave out what the name of their scope says:
// they must be read against the same, however long they wait.
#include <gtest/gtest.h>

#include "replica/fake_server_for_test.h"

namespace wherry::testing {
namespace {

using protocol::GrantedScope;

TEST(Bodies, AreReadAgainstTheirOwnMessageHoweverLongTheyWait) {
  Device device;
  device.connect(kBoth, batch(1));
  must(device.say(chunk(1, 1, {}, true, true)));
  must(device.say(chunk(2, 1, {}, true, true)));
  protocol::Batch slow = batch(5, {segment(2, {put("notes", 4, {"m", "ann", "red"})})});
  slow.scanning = {1};
  must(device.say(slow));
  must(device.say(batch(9, {segment(2, {put("notes", 8, {"n", "ann", "blue"})})})));
  device.open();
  device.connect(kBoth, batch(12));
  must(device.say(chunk(2, 12, {put("notes", 11, {"o", "ann", "green"})}, false, true)));
  EXPECT_EQ(device.ask("SELECT count(*) FROM notes"), "0");
  must(device.say(chunk(1, 12, {}, false, true)));
  EXPECT_EQ(device.ask("SELECT * FROM notes ORDER BY id"), "m|ann|red n|ann|blue o|ann|green");
  EXPECT_EQ(device.ask("SELECT seq FROM wherry_rows ORDER BY key"), "4 8 11");
}

TEST(Bodies, OfAnUnloadedScopeKeepOwnRowsOnly) {
  Device device;
  const std::vector<GrantedScope> scopes = {{1, "workspace", false, false}, {2, "user(ann)", true, false}};
  device.connect(scopes, batch(1));
  must(device.say(chunk(1, 1, {}, true, true)));
  must(device.replica->load("user(ann)"));
  must(device.say(chunk(2, 1, {}, true, true)));
  must(device.replica->unload("user(ann)"));
  EXPECT_EQ(device.exec("note.add", R"({"id":"n","body":"mine"})", id_of(1)), "");
  must(device.say(
      batch(3, {segment(2, {put("notes", 2, {"n", "ann", "mine"}), put("notes", 3, {"m", "ann", "late"})})},
            {applied(id_of(1), 2)})));
  EXPECT_EQ(device.ask("SELECT * FROM notes"), "n|ann|mine");
  EXPECT_EQ(device.ask("SELECT seq FROM wherry_rows"), "2");
}

}  // namespace
}  // namespace wherry::testing

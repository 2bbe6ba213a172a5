// Verification tells whoever reads a log that nobody has changed it behind the workspace's back.
#include <gtest/gtest.h>

#include "base/text.h"
#include "net/token.h"
#include "sqlite/database.h"
#include "tests/sync/world.h"

namespace wherry::testing {
namespace {

class Verify : public ::testing::Test {
 protected:
  Verify() {
    EXPECT_EQ(world.direct("ann", "user.register", R"({"id":"ann","name":"Ann"})"), "applied");
    EXPECT_EQ(world.direct("ann", "user.register", R"({"id":"bob","name":"Bob"})"), "applied");
  }
  // The first entry that does not verify when entry 2 is changed so; 0: all do.
  int64_t found_after(const std::string& change) {
    const std::string path = (world.folder / "server.db").string();
    auto db = *sqlite::Database::open(path, sqlite::Access::kReadWrite);
    EXPECT_TRUE(db->run("BEGIN IMMEDIATE"));
    EXPECT_TRUE(db->run(cat("UPDATE wherry_commands SET ", change, " WHERE seq = 2")));
    EXPECT_TRUE(db->run("COMMIT"));
    const auto found = (*WorkspaceReader::open(path, bundle_of("examples/chat")))->verify(net::sha256);
    EXPECT_TRUE(found);
    return *found ? (*found)->number : 0;
  }

  World world{"examples/chat"};
};

TEST_F(Verify, AnUntouchedLogPasses) {
  EXPECT_EQ(found_after("scopes = scopes"), 0);
}

TEST_F(Verify, AnOutcomeThatNoneIsIsFound) {
  EXPECT_EQ(found_after("outcome = 'approved'"), 2);
}

TEST_F(Verify, AnIntegerWithMoreBehindItIsFound) {
  EXPECT_EQ(found_after("client_timestamp = client_timestamp || ' or so'"), 2);
}

TEST_F(Verify, AFractionIsFound) {
  EXPECT_EQ(found_after("client_timestamp = client_timestamp + 0.5"), 2);
}

TEST_F(Verify, TheSameBytesAsAnotherTypeAreFound) {
  EXPECT_EQ(found_after("data = CAST(data AS BLOB)"), 2);
}

}  // namespace
}  // namespace wherry::testing

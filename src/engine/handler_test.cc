#include "engine/handler.h"

#include <gtest/gtest.h>

namespace wherry {
namespace {

TEST(KeepWhatWasDone, StandsBehindTheVerbOfTheStatement) {
  EXPECT_EQ(keep_what_was_done("INSERT INTO t (a) VALUES (1)"), "INSERT OR FAIL INTO t (a) VALUES (1)");
  EXPECT_EQ(keep_what_was_done("update t SET a = 'UPDATE t'"), "update OR FAIL t SET a = 'UPDATE t'");
  EXPECT_EQ(keep_what_was_done("WITH u(x) AS (SELECT 1) INSERT INTO t SELECT x FROM u"),
            "WITH u(x) AS (SELECT 1) INSERT OR FAIL INTO t SELECT x FROM u");
  for (const char* other : {"INSERT OR IGNORE INTO t (a) VALUES (1)", "REPLACE INTO t (a) VALUES (1)",
                            "DELETE FROM t WHERE a = 1", "SELECT 1"})
    EXPECT_EQ(keep_what_was_done(other), other);
}

}  // namespace
}  // namespace wherry

// What a workspace lets go of while it is quiet.
#include <sqlite3.h>

#include "tests/sync/app.h"

namespace wherry::testing {
namespace {

// The connection that was opened last while this lived.
class Watch {
 public:
  Watch() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(&opened)); }
  ~Watch() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&opened)); }
  sqlite3* last() const { return last_; }

 private:
  static int opened(sqlite3* db, char**, const sqlite3_api_routines*) {
    last_ = db;
    return SQLITE_OK;
  }
  static inline sqlite3* last_ = nullptr;
};

class Rest : public InBothApps {
 protected:
  Rest() {
    const Watch watch;
    world.restart_server();
    server_ = watch.last();
    ann = &world.device("ann", "ann");
    ann->connect();
    world.settle();
  }
  void tick(int times) {
    for (int i = 0; i < times; ++i) ASSERT_TRUE(world.workspace().tick(world.now));
  }
  int schema() const {
    int bytes = 0, most = 0;
    sqlite3_db_status(server_, SQLITE_DBSTATUS_SCHEMA_USED, &bytes, &most, 0);
    return bytes;
  }
  bool has_statements() const { return sqlite3_next_stmt(server_, nullptr) != nullptr; }

  Device* ann;

 private:
  sqlite3* server_ = nullptr;
};
IN_BOTH_APPS(Rest);

TEST_P(Rest, StatementsAndSchemaGoSoonWhereNobodyWrites) {
  EXPECT_TRUE(has_statements());
  const int before = schema();
  tick(4);
  EXPECT_FALSE(has_statements());
  EXPECT_LT(schema(), before / 10);
}

TEST_P(Rest, TheyStayLongerWhereSomebodyHasWritten) {
  create_place("ann", "pub", true, "public");
  world.settle();
  const int before = schema();
  tick(9);
  EXPECT_TRUE(has_statements());
  EXPECT_GE(schema(), before);
  tick(3);
  EXPECT_FALSE(has_statements());
  EXPECT_LT(schema(), before / 10);

  const std::string id = ann->exec(app.write("1", "pub", "hello"));
  world.settle();
  EXPECT_EQ(ann->state_of(id), "applied");
  EXPECT_TRUE(has_statements());
  world.expect_agreement();
}

}  // namespace
}  // namespace wherry::testing

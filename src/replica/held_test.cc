// By which scopes rows are held.
#include <gtest/gtest.h>

#include "replica/fake_server_for_test.h"
#include "sqlite/database.h"
#include "sqlite/page_vfs.h"

namespace wherry::testing {
namespace {

TEST(Held, RowsAreIndexedByScopeOnceAScopeGoes) {
  Device device;
  device.connect({{1, "workspace", false, false}, {2, "user(ann)", false, false}}, batch(1));
  must(device.say(chunk(1, 1, {put("items", 1, {"a", "red", int64_t{0}, "[]"})}, true, true)));
  must(device.say(chunk(2, 2, {put("items", 2, {"b", "blue", int64_t{0}, "[]"})}, true, true)));
  must(device.say(batch(2)));
  auto reader = must(sqlite::Database::open(device.path().string(), sqlite::Access::kReadOnly));
  const auto indexed = [&] {
    return must(reader->value("SELECT count(*) FROM sqlite_schema WHERE name = 'wherry_rows_scope'"));
  };
  EXPECT_EQ(indexed(), Value(int64_t{0})) << "to fill a replica needs no index";
  protocol::Batch revoke = batch(3);
  revoke.scopes = protocol::Scopes{false, true, {}, {2}};
  must(device.say(revoke));
  EXPECT_EQ(indexed(), Value(int64_t{1}));
  EXPECT_EQ(device.ask("SELECT id FROM items"), "a");
}

// Seals find damage before anybody reads it; what has other types all the same must do no harm.
TEST(Held, RecordsThatNameNoRowArePassedOver) {
  Device device;
  device.connect({{1, "workspace", false, false}, {2, "user(ann)", false, false}}, batch(1));
  must(device.say(chunk(1, 1, {put("items", 1, {"a", "red", int64_t{0}, "[]"})}, true, true)));
  must(device.say(chunk(2, 1, {}, true, true)));
  must(device.say(batch(1)));
  EXPECT_EQ(device.exec("item.title", R"({"id":"a","title":"blue"})"), "");
  device.close();
  {
    const auto file = must(
        sqlite::Database::open(device.path().string(), sqlite::Access::kReadWrite, *sqlite::page_vfs("")));
    must(
        file->execute("UPDATE wherry_base SET tbl = 'x'; INSERT INTO wherry_staged(kind, scope, upto, after, "
                      "live, from_zero, command, body) VALUES('x', 'x', 'x', 1, 'x', 0, 5, x'')"));
  }
  device.open();
  EXPECT_NE(device.dump().find("\"id\":\"a\""), std::string::npos);
  device.connect({{1, "workspace", false, false}}, batch(1));
}

}  // namespace
}  // namespace wherry::testing

#include "workspace/scope_names.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/text.h"
#include "bundle/sample_bundle.h"
#include "workspace/schema.h"

namespace wherry::workspace {
namespace {

// A refused command takes its rows back by itself, and what the verdict had looked up for it goes, too:
// otherwise whoever names places that are not there could fill the table.
TEST(ScopeNames, ForgetsWhatARefusedCommandHadMade) {
  const Bundle bundle = compile_bundle(sample::files()).bundle;
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "scope_names_test.db";
  std::filesystem::remove(path);
  bool created = false;
  const auto db = *open_database(path, {}, bundle, created);
  ASSERT_TRUE(created);
  const auto count = [&] { return *(*db->value("SELECT count(*) FROM wherry_scopes"))->integer(); };
  ScopeNames names(*db, bundle);
  ASSERT_TRUE(names.reload());
  const ScopeId kept = *names.intern("channel(a)");
  const ScopeId last = names.last();
  const int64_t before = count();

  const ScopeId made = *names.intern(3, Value("b"));
  EXPECT_EQ(*names.intern(3, Value("b")), made);
  EXPECT_EQ(*names.intern("channel(b)"), made);
  EXPECT_GT(made, kept);
  EXPECT_GT(count(), before + 1) << "a restricted twin comes with it";
  ASSERT_TRUE(names.forget_after(last));
  EXPECT_EQ(count(), before);
  EXPECT_EQ(*names.intern("channel(a)"), kept);
  EXPECT_EQ(*names.intern("channel(c)"), made) << "numbers have no gaps";
  EXPECT_EQ(*names.intern(3, Value("c")), made);
  EXPECT_NE(*names.intern(3, Value("b")), made) << "the number is another's now";
  EXPECT_EQ((*names.info(made))->name, "channel(c)");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace wherry::workspace

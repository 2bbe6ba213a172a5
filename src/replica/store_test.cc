#include "replica/store.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/text.h"
#include "sqlite/page_vfs.h"

namespace wherry {
namespace {

namespace fs = std::filesystem;

TEST(Store, AnotherFormatIsRefusedAndLeftAlone) {
  const fs::path folder = fs::temp_directory_path() / cat("wherry-store-", getpid());
  fs::create_directory(folder);
  Store::Options options;
  options.path = folder / "replica.db";
  options.create = true;
  ASSERT_TRUE(Store::open(options));
  const std::string vfs = *sqlite::page_vfs("");
  ASSERT_TRUE((*sqlite::Database::open(options.path, sqlite::Access::kReadWrite, vfs))
                  ->execute("PRAGMA user_version = 1"));
  const auto opened = Store::open(options);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kVersion);
  EXPECT_NE(opened.error().message.find("has format 1"), std::string::npos) << opened.error().message;
  const auto file = *sqlite::Database::open(options.path, sqlite::Access::kReadOnly, vfs);
  EXPECT_EQ(**file->value("PRAGMA user_version"), Value(int64_t{1}));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace wherry

#include "cli/exit_codes.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace wherry::cli {
namespace {

TEST(ExitCodes, AreNumberedWithoutGapsAndAllInTheHelp) {
  const std::string text = exit_codes_text();
  for (size_t i = 0; i < kExitMeanings.size(); ++i) {
    EXPECT_EQ(static_cast<size_t>(kExitMeanings[i].exit), i);
    EXPECT_NE(text.find(cat(i, "  ", kExitMeanings[i].meaning)), std::string::npos);
  }
}

TEST(ExitCodes, TellApartWhatAScriptCanActOn) {
  EXPECT_EQ(exit_of({ErrorCode::kUnauthorized, ""}), Exit::kUnauthorized);
  EXPECT_EQ(exit_of({ErrorCode::kUnavailable, ""}), Exit::kUnreachable);
  EXPECT_EQ(exit_of({ErrorCode::kBusy, ""}), Exit::kBusy);
  EXPECT_EQ(exit_of({ErrorCode::kCorrupt, ""}), Exit::kFailure);
}

}  // namespace
}  // namespace wherry::cli

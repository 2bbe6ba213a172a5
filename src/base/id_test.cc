#include "base/id.h"

#include <gtest/gtest.h>

namespace wherry {
namespace {

TEST(UuidMaker, SortsInTheOrderMadeAlsoWhenTheClockStepsBack) {
  UuidMaker maker([](std::span<uint8_t> out) { std::fill(out.begin(), out.end(), 0xFF); });
  Uuid last{};
  for (int64_t now : {1000, 1000, 1000, 999, 1001, 5, 1002})
    for (int i = 0; i < 3000; ++i) {
      const Uuid made = maker.make({now});
      EXPECT_LT(last, made);
      last = made;
    }
}

TEST(Uuid, ParsesOnlyTheCanonicalForm) {
  const std::string text = "018f3b5c-7a1e-7cc2-9c31-0123456789ab";
  ASSERT_TRUE(Uuid::parse(text));
  EXPECT_EQ(Uuid::parse(text)->text(), text);
  EXPECT_FALSE(Uuid::parse("018F3B5C-7a1e-7cc2-9c31-0123456789ab"));
  EXPECT_FALSE(Uuid::parse("018f3b5c7a1e-7cc2-9c31-0123456789abc"));
  EXPECT_FALSE(Uuid::parse(text.substr(1)));
}

}  // namespace
}  // namespace wherry

#include "replica/ready_calls.h"

#include <gtest/gtest.h>

namespace wherry {
namespace {

Call call_of(size_t bytes) {
  Call call;
  call.params.json = std::string(bytes, 'x');
  return call;
}

TEST(ReadyCalls, WhatDoesNotFitIsNotKept) {
  ReadyCalls calls(10'000);
  calls.keep(1, call_of(3000));
  calls.keep(2, call_of(3000));
  EXPECT_NE(calls.find(1), nullptr);
  EXPECT_EQ(calls.find(2), nullptr);
  calls.keep(3, call_of(10));
  EXPECT_NE(calls.find(3), nullptr);
}

TEST(ReadyCalls, WhatIsForgottenMakesRoom) {
  ReadyCalls calls(10'000);
  for (int64_t n = 1; n <= 100; ++n) {
    calls.keep(n, call_of(3000));
    ASSERT_NE(calls.find(n), nullptr);
    if (n % 10 == 0)
      calls.clear();
    else
      calls.forget(n);
    calls.forget(n);  // twice is once
    ASSERT_EQ(calls.count(), 0u);
  }
}

}  // namespace
}  // namespace wherry

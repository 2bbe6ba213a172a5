#include "client/dispatcher.h"

#include <future>

#include <gtest/gtest.h>

namespace wherry::client {
namespace {

TEST(Dispatcher, RunsTheEarlierOfTwoLaterJobs) {
  std::vector<int> order;
  std::promise<void> done;
  Dispatcher dispatcher;
  dispatcher.post_later([&] { order.push_back(1); }, std::chrono::hours(2));
  dispatcher.post_later(
      [&] {
        order.push_back(2);
        done.set_value();
      },
      std::chrono::milliseconds(1));
  dispatcher.post_later([&] { order.push_back(3); }, std::chrono::hours(1));
  done.get_future().wait();
  dispatcher.stop();
  EXPECT_EQ(order, (std::vector{2}));
}

}  // namespace
}  // namespace wherry::client

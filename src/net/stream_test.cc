#include "net/stream.h"

#include <gtest/gtest.h>

#include <array>

namespace wherry::net {
namespace {

TEST(CoalescingStream, KeepsLittleMemoryWhenAllIsSent) {
  asio::io_context context;
  asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor(
      context.get_executor(), asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  Transport peer(context.get_executor());
  peer.connect(acceptor.local_endpoint());
  const auto owner = std::make_shared<CoalescingStream>(acceptor.accept());
  owner->set_owner(owner);

  size_t received = 0;
  std::array<char, 4096> into;
  std::function<void()> read = [&] {
    peer.async_read_some(asio::buffer(into), [&](error_code error, size_t n) {
      received += n;
      if (!error) read();
    });
  };
  const std::string frame(1000, 'x');
  constexpr size_t kFrames = 20'000;  // more than the kernel takes at once
  owner->hold_back();
  for (size_t i = 0; i < kFrames; ++i) owner->append("", frame);
  EXPECT_GT(owner->room(), kFrames * frame.size() / 2);
  owner->release();
  bool is_flushed = false;
  owner->when_flushed([&] { is_flushed = true; });
  read();
  while (!is_flushed || received < kFrames * frame.size())
    ASSERT_EQ(context.run_one_for(std::chrono::seconds(60)), 1);
  EXPECT_LT(owner->room(), 4096);
}

}  // namespace
}  // namespace wherry::net

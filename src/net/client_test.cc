#include "net/client.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/text.h"
#include "net/listener_for_test.h"
#include "net/raw_socket_for_test.h"

namespace wherry::net {
namespace {

TEST(Client, SaysWhyItCannotConnect) {
  uint16_t free_port = 0;
  {
    Server server;
    free_port = server.listener->port();
    Client refused(*Url::parse(cat("ws://127.0.0.1:", free_port, "/x")), {});
    EXPECT_TRUE(refused.record.wait([&] { return refused.open; }));
  }
  Client nobody(*Url::parse(cat("ws://127.0.0.1:", free_port, "/demo")));
  ASSERT_TRUE(nobody.wait_for_close());
  EXPECT_EQ(nobody.error.code, ErrorCode::kUnavailable);
  EXPECT_FALSE(nobody.open);
}

TEST(Client, GivesUpOnAServerThatDoesNotAnswer) {
  // A listener that is never accepted from: the kernel completes the connection, nobody speaks.
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(fd, 4), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  Client client(*Url::parse(cat("ws://127.0.0.1:", ntohs(address.sin_port), "/demo")),
                {.connect_timeout_ms = 50});
  ASSERT_TRUE(client.wait_for_close());
  EXPECT_EQ(client.error.code, ErrorCode::kUnavailable);
  ::close(fd);
}

TEST(Client, ClosesAfterSendingWhatIsQueued) {
  Server server;
  Client client(server.url());
  for (int i = 0; i < 100; ++i) client.client->send(cat("message ", i));
  client.client->close();
  client.client->send("too late");
  ASSERT_TRUE(client.wait_for_close());
  EXPECT_EQ(client.close_code, 1000);
  EXPECT_EQ(client.closes, 1);
  EXPECT_TRUE(server.echo.all_closed());
  EXPECT_EQ(server.echo.messages.size(), 100u);
}

TEST(Client, CanBeDestroyedAtAnyMoment) {
  Server server;
  for (int i = 0; i < 50; ++i) {
    Client client(server.url());
    client.client->send(std::string(static_cast<size_t>(i) * 1000, 'x'));
    if (i % 3 == 0) client.wait_for_messages(i == 0 ? 0 : 1);
    if (i % 3 == 1) client.client->close();
  }
}

TEST(Client, MayBeDestroyedByItsOwnCallback) {
  Server server;
  Record record;
  bool destroyed = false;
  std::unique_ptr<WebSocketClient> client;
  ClientCallbacks callbacks;
  callbacks.on_message = [&](std::string) {
    client.reset();
    record.change([&] { destroyed = true; });
  };
  callbacks.on_close = [](Error, uint16_t) { ADD_FAILURE() << "a callback after destruction"; };
  client = std::make_unique<WebSocketClient>(server.url(), WebSocketClient::Options{}, std::move(callbacks));
  client->send("hello");
  EXPECT_TRUE(record.wait([&] { return destroyed; }));
  EXPECT_TRUE(server.echo.all_closed());
}

}  // namespace
}  // namespace wherry::net

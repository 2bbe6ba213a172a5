#include "net/listener.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <thread>

#include "base/text.h"
#include "net/listener_for_test.h"
#include "net/raw_socket_for_test.h"

namespace wherry::net {
namespace {

constexpr int kBinary = 0x82, kText = 0x81, kClose = 0x88, kPing = 0x89;

TEST(Listener, EchoesMessagesOfEverySizeInOrder) {
  Server server({.threads = 2});
  Client a(server.url("alpha")), b(server.url("beta"));
  std::vector<std::string> sent;
  for (size_t size : {0u, 1u, 125u, 126u, 4096u, 65535u, 65536u, 300'000u, 4u << 20}) {
    sent.emplace_back(size, static_cast<char>('a' + sent.size()));
  }
  for (int i = 0; i < 2000; ++i) sent.push_back(cat("message ", i));
  size_t bytes = 0;
  for (const std::string& message : sent) {
    a.client->send(message);
    b.client->send(message);
    bytes += 2 * message.size();
  }
  // An empty message arrives, but is no message to send back.
  ASSERT_TRUE(a.wait_for_messages(sent.size() - 1));
  ASSERT_TRUE(b.wait_for_messages(sent.size() - 1));
  sent.erase(sent.begin());
  EXPECT_TRUE(a.messages == sent);
  EXPECT_TRUE(b.messages == sent);
  EXPECT_TRUE(server.echo.record.wait(
      [&] { return server.echo.sent + kSentStep > bytes && server.echo.sent <= bytes; }));
  EXPECT_TRUE(a.client->queued_bytes() == 0 && b.client->queued_bytes() == 0);
  EXPECT_EQ(server.listener->connections(), 2u);
  std::set<std::string> names;
  for (const auto& [id, name] : server.echo.open) names.insert(name);
  EXPECT_EQ(names, (std::set<std::string>{"alpha", "beta"}));
}

TEST(Listener, ServesTheHealthPageAndRefusesTheRest) {
  Server server;
  std::string answer;
  {
    RawSocket health(server.listener->port());
    health.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    answer = health.read_all();
  }
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nok\n")) << answer;

  const auto first_line = [&](std::string_view request) {
    RawSocket socket(server.listener->port());
    socket.send(request);
    const std::string text = socket.read_all();
    return text.substr(0, text.find("\r\n"));
  };
  EXPECT_EQ(first_line("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 404 Not Found");
  EXPECT_EQ(first_line("GET /healthz?token=x HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(first_line("GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"),
            "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(first_line("GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(first_line("\x16\x03\x01 hello over there\r\n\r\n"), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(first_line(cat("GET / HTTP/1.1\r\nX: ", std::string(9000, 'x'), "\r\n\r\n")),
            "HTTP/1.1 431 Request Header Fields Too Large");
  EXPECT_TRUE(server.listener->wait_until_empty(60'000));
  EXPECT_TRUE(server.echo.open.empty());
}

TEST(Listener, UpgradesOnlyProperRequests) {
  Server server({.origins = {.allowed = {"https://chat.example.org"}, .loopback = false}});
  const auto upgrade = [&](std::string_view target, std::string_view headers = {}) {
    return RawSocket(server.listener->port()).upgrade(target, headers);
  };
  EXPECT_EQ(upgrade("/demo"), "HTTP/1.1 101 Switching Protocols");
  EXPECT_EQ(upgrade("/demo", "Origin: https://chat.example.org\r\n"), "HTTP/1.1 101 Switching Protocols");
  EXPECT_EQ(upgrade("/demo", "Origin: https://evil.example\r\n"), "HTTP/1.1 403 Forbidden");
  EXPECT_EQ(upgrade("/demo", "Origin: https://chat.example.org\r\nOrigin: https://chat.example.org\r\n"),
            "HTTP/1.1 403 Forbidden");
  EXPECT_EQ(upgrade("/demo?token=x"), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(upgrade("/de%6do"), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(upgrade("/../demo"), "HTTP/1.1 404 Not Found");
  EXPECT_EQ(upgrade("/demo", "Host: other\r\n"), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(upgrade("/demo", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(upgrade("/demo", "Content-Length: 3\r\n"), "HTTP/1.1 400 Bad Request");

  RawSocket eager(server.listener->port());
  eager.send(
      cat("GET /demo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
          "Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
          RawSocket::frame(kBinary, "smuggled")));
  EXPECT_TRUE(eager.read_all().starts_with("HTTP/1.1 400"));
  RawSocket old(server.listener->port());
  old.send(
      "GET /demo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
      "8\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_TRUE(old.read_all().starts_with("HTTP/1.1 4"));
}

TEST(Listener, AnswersWithPagesWhereThereAreSome) {
  const auto pages = [](const PageRequest& request) -> std::optional<Page> {
    if (request.target != "/app.js") return std::nullopt;
    return Page{200, cat("X-Seen: ", request.host, ' ', request.accept_encoding, "\r\n"),
                std::make_shared<const std::string>("let it = 1;")};
  };
  Server server({.pages = pages});
  const auto answer = [&](std::string_view request) {
    RawSocket socket(server.listener->port());
    socket.send(request);
    return socket.read_all();
  };
  EXPECT_EQ(answer("GET /app.js?v=2 HTTP/1.1\r\nHost: here:1\r\nAccept-Encoding: br\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nX-Seen: here:1 br\r\nContent-Length: 11\r\nConnection: close\r\n\r\n"
            "let it = 1;");
  EXPECT_TRUE(answer("HEAD /app.js HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("close\r\n\r\n"));
  EXPECT_TRUE(answer("GET /other HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(answer("POST /app.js HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(answer("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("ok\n"));
}

TEST(Listener, APageThatHasNotChangedSaysNothingOfItsLength) {
  Server server({.pages = [](const PageRequest&) -> std::optional<Page> {
    return Page{.status = 304, .body = std::make_shared<const std::string>()};
  }});
  RawSocket socket(server.listener->port());
  socket.send("GET /same HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = socket.read_all();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 304")) << answer;
  EXPECT_EQ(answer.find("Content-Length"), answer.npos) << answer;
}

TEST(Listener, APageMayComeLaterFromAnotherThread) {
  std::thread maker;
  std::function<void(Page)> abandoned;
  const auto pages = [&](const PageRequest& request) -> std::optional<Page> {
    Page page;
    if (request.target == "/never") {
      page.later = [&](std::function<void(Page)> take) { abandoned = std::move(take); };
      return page;
    }
    page.later = [&maker, seen = cat(request.query, ' ', request.authorization, ' ', request.origin, ' ',
                                     request.address)](std::function<void(Page)> take) {
      maker = std::thread([take = std::move(take), seen] {
        take({.status = 200, .headers = {}, .body = std::make_shared<const std::string>(seen)});
      });
    };
    return page;
  };
  {
    Server server({.pages = pages});
    {
      RawSocket socket(server.listener->port());
      socket.send(
          "GET /late?a=1&b=%20 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nOrigin: http://x\r\n\r\n");
      EXPECT_TRUE(socket.read_all().ends_with("close\r\n\r\na=1&b=%20 Bearer t http://x 127.0.0.1"));
    }
    maker.join();
    RawSocket gone(server.listener->port());
    gone.send("GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
    RawSocket after(server.listener->port());
    after.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(after.read_all().ends_with("ok\n"));
    server.listener->stop();
    if (abandoned) abandoned({});  // too late: nothing happens
  }
}

TEST(Listener, OffersNoCompression) {
  Server server;
  RawSocket socket(server.listener->port());
  socket.send(
      "GET /demo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
      "13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
  EXPECT_EQ(socket.read_until("\r\n\r\n").find("permessage"), std::string::npos);
  socket.send(RawSocket::frame(kBinary | 0x40, "compressed"));
  EXPECT_EQ(socket.read_close(), 1002);
}

TEST(Listener, ClosesOnTextOversizeAndMalformedFrames) {
  Server server({.message_bytes_max = 1000});
  const auto close_code = [&](std::string_view frames) {
    RawSocket socket(server.listener->port());
    socket.upgrade("/demo");
    socket.send(frames);
    return socket.read_close();
  };
  EXPECT_EQ(close_code(RawSocket::frame(kText, "hello")), 1002);
  EXPECT_EQ(close_code(RawSocket::frame(kText, "\xff\xfe")), 1007);
  EXPECT_EQ(close_code(RawSocket::frame(kBinary, std::string(1001, 'x'))), 1009);
  EXPECT_EQ(close_code(cat(RawSocket::frame(0x02, std::string(600, 'x')),
                           RawSocket::frame(0x80, std::string(600, 'x')))),
            1009);
  EXPECT_EQ(close_code("\x82\x05hello"), 1002);              // unmasked
  EXPECT_EQ(close_code(RawSocket::frame(0xa2, "x")), 1002);  // reserved bit
  EXPECT_EQ(close_code(RawSocket::frame(0x83, "x")), 1002);  // reserved opcode
  EXPECT_EQ(close_code(RawSocket::frame(0x80, "x")), 1002);  // continues nothing
  EXPECT_EQ(close_code(RawSocket::frame(kPing, std::string(126, 'x'))), 1002);
  EXPECT_EQ(close_code(std::string("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14)), 1009);
  EXPECT_TRUE(server.echo.all_closed());
  EXPECT_TRUE(server.echo.messages.empty());
}

TEST(Listener, CutsSlowRequests) {
  Server server({.header_ms = 50});
  RawSocket silent(server.listener->port()), slow(server.listener->port());
  slow.send("GET /demo HTTP/1.1\r\nHost: x\r\n");
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(slow.read_all(), "");
  EXPECT_TRUE(server.listener->wait_until_empty(60'000));
}

TEST(Listener, PingsAndThenCutsASilentPeer) {
  Server server({.ping_ms = 20, .silence_ms = 60, .close_ms = 40});
  RawSocket socket(server.listener->port());
  socket.upgrade("/demo");
  EXPECT_EQ(socket.read(2), std::string("\x89\0", 2));  // a ping, that nobody answers
  EXPECT_TRUE(server.echo.all_closed());
  EXPECT_EQ(socket.read_close(), 4408);
}

TEST(Listener, KeepsAnIdlePeerThatAnswersPings) {
  Server server({.ping_ms = 5, .silence_ms = 2'000});
  Client client(server.url());
  RawSocket watched(server.listener->port());
  watched.upgrade("/demo");
  // Far longer than the silence limit, counted in pings rather than in time.
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(watched.read(2), std::string("\x89\0", 2)) << i;
    ASSERT_TRUE(watched.send(RawSocket::frame(0x8a, {})));
  }
  EXPECT_EQ(client.closes, 0);
  client.client->send("still here");
  EXPECT_TRUE(client.wait_for_messages(1));
}

TEST(Listener, StopsReadingUntilResumed) {
  Server server({.ping_ms = 50, .silence_ms = 200});
  server.echo.pause = true;
  RawSocket socket(server.listener->port());
  socket.upgrade("/demo");
  socket.send(RawSocket::frame(kBinary, "one"));
  socket.send(RawSocket::frame(kBinary, "two"));
  ASSERT_TRUE(server.echo.record.wait([&] { return server.echo.messages.size() == 1; }));
  // Time passes for other connections; the paused one is neither read nor given up.
  for (int i = 0; i < 3; ++i) {
    RawSocket other(server.listener->port());
    other.upgrade("/other");
    EXPECT_EQ(other.read_close(), 4408);
  }
  ConnectionId id = 0;
  ASSERT_TRUE(server.echo.record.wait([&] {
    id = server.echo.open.begin()->first;
    return server.echo.messages.size() == 1 && !server.echo.closed.contains(id);
  }));
  server.listener->resume({id});
  EXPECT_TRUE(server.echo.record.wait([&] { return server.echo.messages.size() == 2; }));
}

TEST(Listener, CutsAPeerThatNeverReads) {
  Server server({.queue_bytes_max = 64 << 20, .write_stall_ms = 100});
  RawSocket socket(server.listener->port());
  socket.upgrade("/demo");
  const std::string message = RawSocket::frame(kBinary, std::string(60'000, 'x'));
  for (int i = 0; i < 1000 && socket.send(message); ++i) {
  }
  EXPECT_TRUE(server.echo.all_closed());
}

// A slow peer is not one that stands still, however much waits for it.
TEST(Listener, KeepsAPeerThatReadsSlowly) {
  Server server({.queue_bytes_max = 64 << 20, .write_stall_ms = 1000});
  RawSocket socket(server.listener->port());
  socket.upgrade("/demo");
  const std::string message = RawSocket::frame(kBinary, std::string(60'000, 'x'));
  constexpr size_t kMessages = 300, kSteps = 100;
  for (size_t i = 0; i < kMessages; ++i) ASSERT_TRUE(socket.send(message));
  // The echo's frames are not masked: four bytes shorter.
  constexpr size_t kBytes = kMessages * (60'000 + 4);
  size_t received = 0;
  for (size_t i = 0; i < kSteps; ++i) {
    received += socket.read(kBytes / kSteps).size();
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  EXPECT_EQ(received, kBytes / kSteps * kSteps);
}

TEST(Listener, EndsWhenAWriteFailsThoughItDoesNotRead) {
  Server server;
  ConnectionId id = 0;
  const auto say = [&] {
    std::vector<Outgoing> batch(1);
    batch[0] = {.id = id, .bytes = "hello", .close_reason = {}};
    server.listener->send(std::move(batch));
  };
  {
    RawSocket socket(server.listener->port());
    socket.upgrade("/demo");
    server.echo.record.change([&] { server.echo.pause = true; });
    socket.send(RawSocket::frame(kBinary, "one"));
    ASSERT_TRUE(server.echo.record.wait([&] { return server.echo.messages.size() == 1; }));
    server.echo.record.change([&] { id = server.echo.open.begin()->first; });
    say();
    EXPECT_EQ(socket.read(2).size(), 2u);
  }  // closed with bytes unread: that resets the connection
  bool closed = false;
  for (int i = 0; i < 1000 && !closed; ++i) {
    say();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    server.echo.record.change([&] { closed = server.echo.closed.contains(id); });
  }
  EXPECT_TRUE(closed);
}

TEST(Listener, BoundsWhatIsQueuedForAPeer) {
  Server server({.queue_bytes_max = 1 << 20});
  RawSocket socket(server.listener->port());
  socket.upgrade("/demo");
  const std::string message = RawSocket::frame(kBinary, std::string(60'000, 'x'));
  for (int i = 0; i < 1000 && socket.send(message); ++i) {
  }
  EXPECT_TRUE(server.echo.all_closed());
}

TEST(Listener, LimitsConnectionsPerAddress) {
  Server server({.connections_per_address = 2});
  RawSocket a(server.listener->port()), b(server.listener->port());
  EXPECT_EQ(a.upgrade("/demo"), "HTTP/1.1 101 Switching Protocols");
  EXPECT_EQ(b.upgrade("/demo"), "HTTP/1.1 101 Switching Protocols");
  RawSocket c(server.listener->port());
  EXPECT_EQ(c.upgrade("/demo"), "");
}

TEST(Listener, TellsForWhomAProxyConnects) {
  Server direct, proxied({.proxies = {"127.0.0.1"}});
  for (Server* server : {&direct, &proxied}) {
    RawSocket silent(server->listener->port());
    silent.upgrade("/demo");
    RawSocket speaking(server->listener->port());
    speaking.upgrade("/demo", "X-Forwarded-For: 192.0.2.1\r\nx-forwarded-for: 192.0.2.2, 192.0.2.3\r\n");
    EXPECT_TRUE(server->echo.record.wait([&] { return server->echo.addresses.size() == 2; }));
  }
  EXPECT_EQ(direct.echo.addresses, (std::vector<std::string>{"127.0.0.1", "127.0.0.1"}));
  EXPECT_EQ(proxied.echo.addresses, (std::vector<std::string>{"", "192.0.2.3"}));
}

TEST(Listener, SendsWhatIsQueuedBeforeItCloses) {
  Server server;
  Client client(server.url());
  close_from_server(server, 4404, std::string("not_found ").append(200, 'x'));
  ASSERT_TRUE(client.wait_for_close());
  EXPECT_EQ(client.messages, std::vector<std::string>{"goodbye"});
  EXPECT_EQ(client.close_code, 4404);
  EXPECT_NE(client.error.message.find("not_found"), std::string::npos);
  EXPECT_TRUE(server.echo.all_closed());
}

TEST(Listener, RefusesAPortThatIsTakenAndAddressesThatAreNone) {
  Server server;
  Echo echo;
  const auto second = Listener::open({.port = server.listener->port()}, echo);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  const auto elsewhere = Listener::open({.host = "192.0.2.1"}, echo);
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().code, ErrorCode::kInvalid);
  const auto behind_a_name = Listener::open({.proxies = {"proxy.example.org"}}, echo);
  ASSERT_FALSE(behind_a_name);
  EXPECT_EQ(behind_a_name.error().code, ErrorCode::kInvalid);
}

TEST(Listener, StopClosesEveryConnection) {
  Server server({.threads = 2});
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(std::make_unique<Client>(server.url()));
  RawSocket half(server.listener->port());
  half.send("GET /de");
  ASSERT_TRUE(server.echo.record.wait([&] { return server.echo.open.size() == 8; }));
  server.listener->stop_accepting();
  EXPECT_EQ(half.read_all(), "");
  while (server.listener->connections() != 8) std::this_thread::yield();
  server.listener->stop();
  EXPECT_EQ(server.echo.closed.size(), 8u);
  EXPECT_EQ(server.listener->connections(), 0u);
  for (auto& client : clients) {
    EXPECT_TRUE(client->wait_for_close());
    EXPECT_EQ(client->error.code, ErrorCode::kUnavailable);
  }
}

TEST(Listener, LetsCloseWhoIsClosingWhenItStopsAccepting) {
  Server server;
  std::optional<RawSocket> closing(server.listener->port());
  closing->upgrade("/demo");
  ASSERT_TRUE(server.echo.record.wait([&] { return server.echo.open.size() == 1; }));
  std::vector<Outgoing> batch(1);
  batch[0].id = server.echo.open.begin()->first;
  batch[0].close = true;
  batch[0].close_code = 1001;
  server.listener->send(std::move(batch));
  EXPECT_EQ(closing->read_close(), 1001);  // not answered yet

  RawSocket open(server.listener->port()), half(server.listener->port());
  open.upgrade("/demo");
  half.send("GET /de");
  while (server.listener->connections() != 3) std::this_thread::yield();
  server.listener->stop_accepting();
  EXPECT_EQ(half.read_all(), "");
  open.send(RawSocket::frame(kBinary, "."));
  EXPECT_EQ(open.read(3), "\x82\x01.");  // all have been looked at
  EXPECT_EQ(server.listener->connections(), 2u);

  closing->send(RawSocket::frame(kClose, "\x03\xe9"));
  closing.reset();
  while (server.listener->connections() != 1) std::this_thread::yield();
}

}  // namespace
}  // namespace wherry::net

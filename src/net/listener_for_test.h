// A listener and clients for tests: what happened is recorded, to wait for.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "net/client.h"
#include "net/listener.h"

namespace wherry::net {

// What happened, to wait for.
class Record {
 public:
  template <typename Change>
  void change(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  template <typename Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), condition);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

// Sends every message back, or stops reading.
class Echo : public ConnectionHandler {
 public:
  struct Events : ConnectionEvents {
    Events(Echo& owner, ConnectionId number) : echo(owner), id(number) {}
    Reading message(std::string bytes) override {
      bool wait = false;
      echo.record.change([&] {
        echo.messages.push_back(bytes);
        wait = echo.pause;
      });
      if (wait) return Reading::kPause;
      std::vector<Outgoing> batch(1);
      batch[0].id = id;
      batch[0].bytes = std::move(bytes);
      echo.listener->send(std::move(batch));
      return Reading::kGoOn;
    }
    void sent(size_t bytes) override {
      echo.record.change([&] { echo.sent += bytes; });
    }
    void closed() override {
      echo.record.change([&] { echo.closed.insert(id); });
    }
    Echo& echo;
    ConnectionId id;
  };

  std::unique_ptr<ConnectionEvents> opened(ConnectionId id, std::string workspace,
                                           std::string address) override {
    record.change([&] {
      open[id] = std::move(workspace);
      addresses.push_back(std::move(address));
    });
    return std::make_unique<Events>(*this, id);
  }

  bool all_closed() {
    return record.wait([this] { return !open.empty() && closed.size() == open.size(); });
  }

  Listener* listener = nullptr;
  Record record;
  std::map<ConnectionId, std::string> open;
  std::vector<std::string> addresses;
  std::set<ConnectionId> closed;
  std::vector<std::string> messages;
  size_t sent = 0;
  bool pause = false;
};

struct Server {
  explicit Server(ListenerOptions options = {}) {
    auto started = Listener::open(std::move(options), echo);
    if (!started) ADD_FAILURE() << started.error().text();
    listener = *std::move(started);
    echo.listener = listener.get();
    listener->run();
  }
  Url url(std::string_view workspace = "demo") const {
    return *Url::parse(cat("ws://127.0.0.1:", listener->port(), '/', workspace));
  }
  Echo echo;
  std::unique_ptr<Listener> listener;
};

struct Client {
  explicit Client(Url url, WebSocketClient::Options options = {}) {
    ClientCallbacks callbacks;
    callbacks.on_open = [this] { record.change([this] { open = true; }); };
    callbacks.on_message = [this](std::string message) {
      record.change([&] { messages.push_back(std::move(message)); });
    };
    callbacks.on_close = [this](Error reason, uint16_t code) {
      record.change([&] {
        error = std::move(reason);
        close_code = code;
        ++closes;
      });
    };
    client = std::make_unique<WebSocketClient>(std::move(url), options, std::move(callbacks));
  }
  bool wait_for_messages(size_t count) {
    return record.wait([&] { return messages.size() >= count; });
  }
  bool wait_for_close() {
    return record.wait([this] { return closes > 0; });
  }
  Record record;
  bool open = false;
  std::vector<std::string> messages;
  Error error;
  uint16_t close_code = 0;
  int closes = 0;
  std::unique_ptr<WebSocketClient> client;  // last: destroyed before what its callbacks use
};

inline void close_from_server(Server& server, uint16_t code, std::string reason) {
  ConnectionId id = 0;
  ASSERT_TRUE(server.echo.record.wait([&] {
    if (server.echo.open.empty()) return false;
    id = server.echo.open.begin()->first;
    return true;
  }));
  std::vector<Outgoing> batch(2);
  batch[0].id = batch[1].id = id;
  batch[0].bytes = "goodbye";
  batch[1].close = true;
  batch[1].close_code = code;
  batch[1].close_reason = std::move(reason);
  server.listener->send(std::move(batch));
}

}  // namespace wherry::net

#include "client/tap.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "base/text.h"
#include "client/unix_socket.h"
#include "protocol/codec.h"

namespace wherry::client {

namespace {

// What may wait to be turned into JSON, and what may wait for one watcher.
constexpr size_t kQueueBytes = 8 << 20;
constexpr size_t kWatcherBytes = 16 << 20;
constexpr size_t kWatchers = 8;

std::string tap_path(const std::string& path) {
  return path + ".tap";
}

struct Message {
  Direction direction;
  std::string bytes;
};

struct Watcher {
  Descriptor fd;
  std::string waiting;
  size_t dropped = 0;
  bool gone = false;

  void add(std::string_view line) {
    if (waiting.size() + line.size() > kWatcherBytes) {
      ++dropped;
      return;
    }
    if (dropped > 0) waiting += cat(R"({"dropped":)", dropped, "}\n");
    dropped = 0;
    waiting += line;
  }
  void flush() {
    while (!waiting.empty()) {
      const ssize_t sent = ::send(fd.get(), waiting.data(), waiting.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
      if (sent <= 0) {
        gone = true;
        return;
      }
      waiting.erase(0, static_cast<size_t>(sent));
    }
  }
};

std::string line_of(const Message& message) {
  const auto decoded = protocol::decode(message.bytes);
  return cat(R"({"direction":)", message.direction == Direction::kSent ? R"("sent")" : R"("received")",
             R"(,"bytes":)", message.bytes.size(), R"(,"message":)",
             decoded ? protocol::to_json(*decoded) : json_quote(decoded.error().text()), "}\n");
}

}  // namespace

class Tap::Impl {
 public:
  Impl(std::string path, Descriptor listener, Descriptor wake)
      : path_(std::move(path)),
        listener_(std::move(listener)),
        wake_(std::move(wake)),
        thread_([this] { run(); }) {}

  ~Impl() {
    ending_ = true;
    wake();
    thread_.join();
    ::unlink(path_.c_str());
  }

  void publish(Direction direction, std::string_view message) {
    if (watchers_count_ == 0) return;
    {
      const std::lock_guard lock(mutex_);
      if (queued_bytes_ + message.size() > kQueueBytes) {
        ++dropped_;
        return;
      }
      queued_bytes_ += message.size();
      queue_.push_back({direction, std::string(message)});
    }
    wake();
  }

 private:
  void wake() const {
    const uint64_t one = 1;
    // It only fails when the counter is full, and then the thread is awake anyway.
    (void)!::write(wake_.get(), &one, sizeof one);
  }

  void run() {
    while (!ending_) {
      std::vector<pollfd> polls{{wake_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      for (const Watcher& watcher : watchers_)
        polls.push_back(
            {watcher.fd.get(), static_cast<short>(watcher.waiting.empty() ? POLLIN : POLLIN | POLLOUT), 0});
      if (::poll(polls.data(), polls.size(), -1) < 0) continue;
      uint64_t count = 0;
      if ((polls[0].revents & POLLIN) != 0) (void)!::read(wake_.get(), &count, sizeof count);
      if ((polls[1].revents & POLLIN) != 0) accept();
      note_hang_ups();
      deliver();
    }
    for (Watcher& watcher : watchers_) watcher.flush();
  }

  void accept() {
    Descriptor fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd.get() < 0 || watchers_.size() >= kWatchers) return;
    watchers_.push_back({.fd = std::move(fd), .waiting = {}});
    watchers_count_ = watchers_.size();
  }

  // A watcher has nothing to say: whatever can be read is its end.
  void note_hang_ups() {
    for (Watcher& watcher : watchers_) {
      char ignored[64];
      const ssize_t size = ::recv(watcher.fd.get(), ignored, sizeof ignored, MSG_DONTWAIT);
      if (size == 0 || (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        watcher.gone = true;
    }
  }

  void deliver() {
    std::deque<Message> messages;
    size_t dropped = 0;
    {
      const std::lock_guard lock(mutex_);
      messages.swap(queue_);
      queued_bytes_ = 0;
      std::swap(dropped, dropped_);
    }
    for (const Message& message : messages) {
      const std::string line = line_of(message);
      for (Watcher& watcher : watchers_) watcher.add(line);
    }
    for (Watcher& watcher : watchers_) {
      watcher.dropped += dropped;
      watcher.flush();
    }
    watchers_.remove_if([](const Watcher& watcher) { return watcher.gone; });
    watchers_count_ = watchers_.size();
  }

  std::string path_;
  Descriptor listener_, wake_;
  std::list<Watcher> watchers_;  // of the thread
  std::atomic<size_t> watchers_count_ = 0;
  std::atomic<bool> ending_ = false;
  std::mutex mutex_;
  std::deque<Message> queue_;
  size_t queued_bytes_ = 0;
  size_t dropped_ = 0;
  std::thread thread_;  // last: starts when the rest is there
};

Tap::Tap(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tap::~Tap() = default;

Result<std::unique_ptr<Tap>> Tap::listen(const std::string& path) {
  Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wake.get() < 0) return fail(ErrorCode::kIo, cat("cannot make an event: ", std::strerror(errno)));
  TRY_ASSIGN(Descriptor listener, listen_at(tap_path(path)));
  return std::unique_ptr<Tap>(
      new Tap(std::make_unique<Impl>(tap_path(path), std::move(listener), std::move(wake))));
}

void Tap::publish(Direction direction, std::string_view message) {
  impl_->publish(direction, message);
}

Result<> follow_tap(const std::string& path, const std::function<bool(std::string_view line)>& each) {
  auto connected = connect_to(tap_path(path));
  if (!connected) {
    if (connected.error().code != ErrorCode::kNotFound) return std::unexpected(connected.error());
    return fail(ErrorCode::kNotFound, cat("no sync of ", path, " is running"));
  }
  std::string text;
  char buffer[1 << 16];
  while (true) {
    const ssize_t size = ::recv(connected->get(), buffer, sizeof buffer, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return {};
    text.append(buffer, static_cast<size_t>(size));
    size_t begin = 0;
    for (size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
      if (!each(std::string_view(text).substr(begin, end - begin))) return {};
    text.erase(0, begin);
  }
}

}  // namespace wherry::client

#include "cli/push_session.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "cli/clock.h"
#include "protocol/codec.h"

namespace wherry::cli {

namespace {

using protocol::Answer;

constexpr int kConnections = 6;
constexpr std::chrono::seconds kSilence{60};

// What happened on the connection, from its thread to ours.
struct Happening {
  enum class Kind { kOpen, kMessage, kClosed } kind;
  std::string message;
  Error reason;
};

class Inbox {
 public:
  void put(Happening happening) {
    {
      const std::lock_guard lock(mutex_);
      happenings_.push_back(std::move(happening));
    }
    put_.notify_one();
  }
  Result<Happening> take() {
    std::unique_lock lock(mutex_);
    if (!put_.wait_for(lock, kSilence, [this] { return !happenings_.empty(); }))
      return fail(ErrorCode::kUnavailable, "the server does not answer");
    Happening happening = std::move(happenings_.front());
    happenings_.pop_front();
    return happening;
  }

 private:
  std::mutex mutex_;
  std::condition_variable put_;
  std::deque<Happening> happenings_;
};

// One connection: from hello on.
struct Link {
  Inbox inbox;  // outlives the socket, which writes to it
  std::unique_ptr<net::WebSocketClient> socket;
  protocol::Limits limits;
  Seq seen;
  int64_t sent = 0;  // the last replica_seq
};

bool ends_for_good(const Error& error) {
  return error.code != ErrorCode::kUnavailable && error.code != ErrorCode::kIo &&
         error.code != ErrorCode::kBusy;
}

}  // namespace

class PushSession::Impl {
 public:
  Impl(net::Url url, std::function<std::string()> token) : url_(std::move(url)), token_(std::move(token)) {}

  Result<std::vector<Answer>> push(const std::vector<DirectCommand>& commands) {
    std::vector<std::optional<Answer>> answers(commands.size());
    for (int connection = 1;; ++connection) {
      const auto done = push_all(commands, answers);
      if (done) break;
      link_.reset();
      if (ends_for_good(done.error()) || connection == kConnections) return std::unexpected(done.error());
      const std::chrono::milliseconds step = std::chrono::milliseconds(250) * (1 << connection);
      std::this_thread::sleep_for(std::max(step, std::exchange(retry_after_, {})));
    }
    std::vector<Answer> out;
    for (std::optional<Answer>& answer : answers) out.push_back(*std::move(answer));
    return out;
  }

 private:
  // What the next message is; a closed connection and a `bye` are errors.
  Result<protocol::Message> next() {
    while (true) {
      TRY_ASSIGN(const Happening happening, link_->inbox.take());
      if (happening.kind == Happening::Kind::kClosed) return std::unexpected(happening.reason);
      if (happening.kind == Happening::Kind::kOpen) {
        send(protocol::Hello{.token = token_(),
                             .replica_id = {},
                             .identity = {},
                             .clock = now(),
                             .schema_hash = {},
                             .epoch = {},
                             .position = {},
                             .hash_at = {},
                             .hash = {},
                             .compression = {}});
        continue;
      }
      TRY_ASSIGN(protocol::Message message, protocol::decode(happening.message));
      if (const auto* bye = std::get_if<protocol::Bye>(&message)) {
        retry_after_ = std::chrono::milliseconds(bye->retry_after.count);
        return fail(protocol::error_code(bye->code), bye->message);
      }
      if (const auto* error = std::get_if<protocol::ErrorMessage>(&message))
        return fail(protocol::error_code(error->code), error->message);
      return message;
    }
  }

  void send(const protocol::Message& message) {
    link_->socket->send(protocol::encode(message, protocol::Compression::kPlain));
  }

  Result<> connect() {
    link_ = std::make_unique<Link>();
    Inbox& inbox = link_->inbox;
    link_->socket = std::make_unique<net::WebSocketClient>(
        url_, net::WebSocketClient::Options{},
        net::ClientCallbacks{
            .on_open = [&inbox] { inbox.put({Happening::Kind::kOpen, {}, {}}); },
            .on_message =
                [&inbox](std::string m) { inbox.put({Happening::Kind::kMessage, std::move(m), {}}); },
            .on_close = [&inbox](
                            Error reason,
                            uint16_t) { inbox.put({Happening::Kind::kClosed, {}, std::move(reason)}); }});
    while (true) {
      TRY_ASSIGN(const protocol::Message message, next());
      const auto* welcome = std::get_if<protocol::Welcome>(&message);
      if (welcome == nullptr) continue;
      link_->limits = welcome->limits;
      link_->seen = welcome->head;
      link_->sent = welcome->received;
      return {};
    }
  }

  // Pushes what is not yet answered, within the server's window, and takes the answers.
  Result<> push_all(const std::vector<DirectCommand>& commands, std::vector<std::optional<Answer>>& answers) {
    if (link_ == nullptr) TRY(connect());
    std::unordered_map<std::string, std::vector<size_t>> waiting;  // an id may occur twice
    std::deque<size_t> queue;
    for (size_t i = 0; i < commands.size(); ++i)
      if (!answers[i]) queue.push_back(i);
    size_t waiting_bytes = 0;
    while (!queue.empty() || !waiting.empty()) {
      protocol::Push push;
      size_t push_bytes = 0;
      while (!queue.empty()) {
        const DirectCommand& command = commands[queue.front()];
        if (const auto same = waiting.find(*command.id); same != waiting.end()) {
          same->second.push_back(queue.front());
          queue.pop_front();
          continue;
        }
        const size_t bytes = command.data.size() + command.name.size() + 200;
        if (!fits(waiting.size(), waiting_bytes + bytes, push_bytes + bytes)) break;
        push.commands.push_back(pushed(command));
        waiting[*command.id] = {queue.front()};
        waiting_bytes += bytes;
        push_bytes += bytes;
        queue.pop_front();
      }
      if (!push.commands.empty()) send(push);
      TRY_ASSIGN(const protocol::Message message, next());
      for (const Answer& answer : answers_of(message)) {
        const auto found = waiting.find(answer.id);
        if (found == waiting.end()) continue;
        const DirectCommand& command = commands[found->second.front()];
        waiting_bytes -= command.data.size() + command.name.size() + 200;
        for (const size_t index : found->second) answers[index] = answer;
        waiting.erase(found);
      }
    }
    return {};
  }

  // One command always fits, whatever its size: the server has the last word on it.
  bool fits(size_t waiting, size_t waiting_bytes, size_t push_bytes) const {
    if (waiting == 0) return true;
    return std::cmp_less(waiting, link_->limits.window_commands) &&
           std::cmp_less_equal(waiting_bytes, link_->limits.window_bytes) &&
           std::cmp_less_equal(push_bytes, link_->limits.message_bytes / 2);
  }

  protocol::PushedCommand pushed(const DirectCommand& command) {
    return {.id = *command.id,
            .replica_seq = ++link_->sent,
            .name = command.name,
            .data = command.data,
            .client_timestamp = command.client_timestamp.value_or(now()),
            .base_seq = link_->seen,
            .user = command.user_id == command.submitted_by ? std::nullopt : std::optional(command.user_id)};
  }

  std::vector<Answer> answers_of(const protocol::Message& message) {
    if (const auto* batch = std::get_if<protocol::Batch>(&message)) {
      link_->seen = std::max(link_->seen, batch->upto);
      return batch->answers;
    }
    if (const auto* chunk = std::get_if<protocol::RowsChunk>(&message)) return chunk->answers;
    return {};
  }

  const net::Url url_;
  const std::function<std::string()> token_;
  std::unique_ptr<Link> link_;
  std::chrono::milliseconds retry_after_{0};  // what the last `bye` asked for
};

PushSession::PushSession(net::Url url, std::function<std::string()> token)
    : impl_(std::make_unique<Impl>(std::move(url), std::move(token))) {}
PushSession::~PushSession() = default;

Result<std::vector<Answer>> PushSession::push(const std::vector<DirectCommand>& commands) {
  return impl_->push(commands);
}

}  // namespace wherry::cli

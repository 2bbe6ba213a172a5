// A replica that keeps nothing: it speaks the protocol and counts bytes, so that a benchmark measures the
// server and not the client's own SQLite. Sans-I/O: messages in, messages out. Never retries; an unexpected
// message throws.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "protocol/codec.h"

namespace wherry::bench {

// Where a peer starts to read.
struct Start {
  static Start zero() { return {Seq{}}; }  // everything, as a new device does
  static Start head() { return {}; }       // only what comes from now on
  static Start behind(Seq seq) { return {seq}; }

  std::optional<Seq> position = {};  // nothing: the head
};

class Peer {
 public:
  Peer(std::string token, Start start, Entropy entropy);

  // The first message of a connection.
  void hello(Millis now);
  void receive(std::string_view bytes);
  // Queues a command; flush() sends what is queued as one message, once the server has said welcome.
  void push(std::string name, std::string data, Millis now);
  void flush();
  // What is to be sent, in order.
  std::vector<std::string> take_messages() { return std::exchange(out_, {}); }

  // Every scope that is loaded by itself is live.
  bool is_live() const { return is_welcome_ && scopes_listed_ && scanning_ == 0; }
  Seq upto() const { return upto_; }
  // Received so far; WebSocket frames' headers are counted by themselves.
  int64_t bytes() const { return bytes_; }
  int64_t header_bytes() const { return header_bytes_; }
  int64_t messages() const { return messages_; }

  // Called, if set: for each answer; when a batch has brought everything above the first seq up to the
  // second.
  std::function<void(const protocol::Answer&)> on_answer;
  std::function<void(Seq, Seq)> on_boundary;

 private:
  void take(const protocol::Welcome& welcome);
  void take(const protocol::Scopes& scopes);
  void take(const protocol::Batch& batch);
  void take(const protocol::RowsChunk& rows);
  void take(const std::vector<protocol::Answer>& answers);
  void pull(const std::vector<protocol::GrantedScope>& granted);
  void send(const protocol::Message& message);

  const std::string token_;
  const Start start_;
  UuidMaker uuids_;
  protocol::Compression compression_ = protocol::Compression::kPlain;
  bool is_welcome_ = false, scopes_listed_ = false;
  int64_t scanning_ = 0, credits_ = 0, next_number_ = 1;
  int64_t bytes_ = 0, header_bytes_ = 0, messages_ = 0;
  Seq upto_;
  protocol::Push queued_;
  std::vector<std::string> out_;
};

}  // namespace wherry::bench

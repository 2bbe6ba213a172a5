#include "bench/peer.h"

#include <stdexcept>

#include "base/limits.h"
#include "base/text.h"

namespace wherry::bench {

Peer::Peer(std::string token, Start start, Entropy entropy)
    : token_(std::move(token)), start_(start), uuids_(std::move(entropy)) {}

void Peer::send(const protocol::Message& message) {
  out_.push_back(protocol::encode(message, compression_));
}

void Peer::hello(Millis now) {
  protocol::Hello hello;
  hello.token = token_;
  hello.clock = now;
  hello.compression = protocol::readable_compressions();
  send(hello);
}

void Peer::push(std::string name, std::string data, Millis now) {
  protocol::PushedCommand command;
  command.id = uuids_.make(now).text();
  command.name = std::move(name);
  command.data = std::move(data);
  command.client_timestamp = now;
  command.base_seq = upto_;
  queued_.commands.push_back(std::move(command));
}

void Peer::flush() {
  if (!is_welcome_ || queued_.commands.empty()) return;
  for (protocol::PushedCommand& command : queued_.commands) command.replica_seq = next_number_++;
  send(std::exchange(queued_, {}));
}

void Peer::receive(std::string_view bytes) {
  bytes_ += static_cast<int64_t>(bytes.size());
  header_bytes_ += bytes.size() < 126 ? 2 : bytes.size() <= 0xFFFF ? 4 : 10;
  ++messages_;
  const auto message = protocol::decode(bytes);
  if (!message) throw std::runtime_error(message.error().text());
  if (const auto* welcome = std::get_if<protocol::Welcome>(&*message)) return take(*welcome);
  if (const auto* scopes = std::get_if<protocol::Scopes>(&*message)) return take(*scopes);
  if (const auto* batch = std::get_if<protocol::Batch>(&*message)) return take(*batch);
  if (const auto* rows = std::get_if<protocol::RowsChunk>(&*message)) return take(*rows);
  if (std::holds_alternative<protocol::Schema>(*message)) return;
  throw std::runtime_error(cat("not expected: ", protocol::to_json(*message)));
}

void Peer::take(const protocol::Welcome& welcome) {
  is_welcome_ = true;
  compression_ = welcome.compression;
  next_number_ = welcome.received + 1;
  upto_ = welcome.head;
}

void Peer::pull(const std::vector<protocol::GrantedScope>& granted) {
  protocol::Pull pull;
  for (const protocol::GrantedScope& scope : granted)
    if (!scope.on_demand && !scope.live)
      pull.scopes.push_back({scope.handle, start_.position.value_or(upto_), {}});
  if (pull.scopes.empty()) return;
  scanning_ += static_cast<int64_t>(pull.scopes.size());
  if (credits_ == 0) pull.credits = credits_ = limits::kChunkCredits;
  send(pull);
}

void Peer::take(const protocol::Scopes& scopes) {
  scopes_listed_ = scopes_listed_ || scopes.last;
  pull(scopes.granted);
}

void Peer::take(const protocol::RowsChunk& rows) {
  take(rows.answers);
  if (rows.live) --scanning_;
  if (--credits_ > limits::kChunkCredits / 2 || scanning_ == 0) return;
  protocol::Pull more;
  more.credits = limits::kChunkCredits - credits_;
  credits_ = limits::kChunkCredits;
  send(more);
}

void Peer::take(const protocol::Batch& batch) {
  const Seq before = std::exchange(upto_, batch.upto);
  if (batch.scopes) pull(batch.scopes->granted);
  if (!batch.scanning.empty()) throw std::runtime_error("the server thinks that this peer reads too slowly");
  take(batch.answers);
  if (on_boundary) on_boundary(before, upto_);
}

void Peer::take(const std::vector<protocol::Answer>& answers) {
  for (const protocol::Answer& answer : answers) {
    if (answer.outcome == protocol::Outcome::kRejected)
      throw std::runtime_error(cat("rejected: ", answer.code, " ", answer.message));
    if (on_answer) on_answer(answer);
  }
}

}  // namespace wherry::bench

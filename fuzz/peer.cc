#include "fuzz/peer.h"

#include <algorithm>

#include "fuzz/check.h"

namespace wherry::fuzz {

void Peer::connect() {
  disconnect();
  connected_ = true;
  end.clear();
  scopes.clear();
  server_.peers[id_] = this;
  server_.workspace->connect(id_, server_.now);
}

void Peer::disconnect() {
  if (!connected_) return;
  // What was said before is still on its way.
  server_.step();
  if (!connected_) return;
  connected_ = false;
  server_.workspace->disconnect(id_);
  server_.peers.erase(id_);
}

void Peer::say(std::string_view bytes) {
  if (connected_) server_.workspace->receive(id_, bytes, server_.now);
}

void Peer::say_hello(const std::string& token) {
  protocol::Hello hello;
  hello.token = token;
  hello.clock = server_.now;
  say(hello);
}

void Peer::receive(const Output& output) {
  CHECK(connected_, "something was said behind the end");
  if (!output.bytes.empty()) {
    server_.workspace->sent(id_, output.bytes.size(), server_.now);
    const protocol::Message message = must(protocol::decode(output.bytes));
    if (const auto* m = std::get_if<protocol::Welcome>(&message)) welcome = *m;
    if (const auto* m = std::get_if<protocol::Scopes>(&message)) take(*m);
    if (const auto* m = std::get_if<protocol::Batch>(&message)) {
      answers.insert(answers.end(), m->answers.begin(), m->answers.end());
      if (m->scopes) take(*m->scopes);
      for (const protocol::Segment& segment : m->segments) read(segment.handle, m->upto, segment.body);
    }
    if (const auto* m = std::get_if<protocol::RowsChunk>(&message)) {
      answers.insert(answers.end(), m->answers.begin(), m->answers.end());
      read(m->handle, m->upto, m->body);
    }
    if (const auto* m = std::get_if<protocol::Bye>(&message)) end = m->code;
  }
  if (!output.close) return;
  const auto reasons = protocol::close_reasons();
  CHECK(std::ranges::find(reasons, end, &protocol::CloseReason::code) != reasons.end(), "ends with ", end);
  CHECK(output.close_code == protocol::close_code(end) && output.close_reason == end);
  connected_ = false;
  server_.peers.erase(id_);
}

void Peer::read(protocol::Handle scope, Seq upto, std::string_view body) const {
  CHECK(scopes.contains(scope), "rows of a scope that is not held");
  must(protocol::decode_items(body, {upto, scopes.at(scope)}));
}

void Peer::take(const protocol::Scopes& change) {
  if (change.reset) scopes.clear();
  for (const protocol::Handle handle : change.revoked)
    CHECK(scopes.erase(handle) == 1, "revokes a scope that is not held");
  for (const protocol::GrantedScope& scope : change.granted)
    CHECK(scopes.emplace(scope.handle, scope.name).second, "a handle is used again: ", scope.name);
}

}  // namespace wherry::fuzz

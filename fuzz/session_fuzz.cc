// Three peers say anything at all to a workspace, in any order, beside one who keeps to the protocol. Nothing
// crashes, every end has a name of docs/PROTOCOL.md (fuzz/peer.h), the honest peer is neither thrown off nor
// kept waiting: his last command is answered, and the log verifies.
#include <memory>

#include "base/id.h"
#include "fuzz/check.h"
#include "fuzz/peer.h"
#include "fuzz/server.h"

namespace wherry::fuzz {
namespace {

constexpr std::array<const char*, 8> kTokens = {
    "eve", "mallory", "eve|admin", "ann", "eve|import", "", "mallory|hr,admin", "a name that is too long"};

const Beginning& chat() {
  static const Beginning made = beginning(
      "examples/chat", {{"ann", {"channel.create", R"({"id":"general","name":"General","private":false})"}},
                        {"ann", {"channel.create", R"({"id":"a","name":"Ann's","private":true})"}},
                        {"ann", {"message.post", R"({"id":"b","channel_id":"a","body":"psst"})"}},
                        {"eve", {"channel.create", R"({"id":"c","name":"Eve's","private":true})"}}});
  return made;
}

std::string id_of(uint64_t number) {
  Uuid uuid;
  for (size_t i = 0; i < 8; ++i) uuid.bytes[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  return uuid.text();
}

protocol::Hello hello(Input& input, const Server& server, const Peer& peer) {
  protocol::Hello made;
  made.token = input.pick(kTokens);
  made.clock = server.now + Millis{(input.byte() - 128) * 1'000'000};
  made.compression = protocol::readable_compressions();
  const uint8_t remembers = input.byte();
  if (!peer.welcome) return made;
  const protocol::Welcome& last = *peer.welcome;
  if ((remembers & 1) != 0) made.replica_id = last.replica_id;
  if ((remembers & 2) != 0) made.identity = last.identity;
  if ((remembers & 4) != 0) made.epoch = last.epoch;
  if ((remembers & 8) != 0) made.schema_hash = last.schema_hash;
  if ((remembers & 16) != 0) made.position = last.head;
  if ((remembers & 32) != 0) made.hash_at = last.head;
  if ((remembers & 64) != 0) made.hash = last.hash;
  if ((remembers & 128) != 0) made.answered = input.byte();
  return made;
}

protocol::Push push(Input& input, const Server& server, const Peer& peer) {
  protocol::Push made;
  const int64_t first = (peer.welcome ? peer.welcome->received : 0) + input.byte() % 4;
  for (size_t n = 1 + input.below(3); n > 0; --n) {
    Call call = any_call(input, *server.bundle);
    if (input.below(8) == 0) call.params = input.counted();
    protocol::PushedCommand command{id_of(input.byte()),
                                    first + static_cast<int64_t>(made.commands.size()),
                                    std::move(call.name),
                                    std::move(call.params),
                                    server.now + Millis{(input.byte() - 128) * 1000},
                                    Seq{input.byte() % 8},
                                    std::nullopt};
    if (input.below(8) == 0) command.user = "ann";
    made.commands.push_back(std::move(command));
  }
  return made;
}

protocol::Pull pull(Input& input) {
  protocol::Pull made;
  for (size_t n = input.below(4); n > 0; --n)
    made.scopes.push_back(
        {input.byte() % 8, Seq{input.byte() % 16}, std::string(input.take(input.below(3)))});
  for (size_t n = input.below(3); n > 0; --n) made.unload.push_back(input.byte() % 8);
  made.credits = input.byte();
  return made;
}

void act(Input& input, Server& server, Peer& peer) {
  switch (input.below(9)) {
    case 0:
      peer.connect();
      peer.say(hello(input, server, peer));
      break;
    case 1:
      peer.disconnect();
      break;
    case 2:
      peer.say(input.counted());
      break;
    case 3:
      peer.say(hello(input, server, peer));
      break;
    case 4:
    case 5:
      peer.say(push(input, server, peer));
      break;
    case 6:
      peer.say(pull(input));
      break;
    case 7:
      server.now = server.now + Millis{input.byte() * 100};
      must(server.workspace->tick(server.now));
      break;
    default:
      server.step();
      break;
  }
}

void run(Input input) {
  Server server(chat());
  must(server.open());
  Peer honest(server, 1);
  Peer hostile[] = {{server, 2}, {server, 3}, {server, 4}};
  honest.connect();
  honest.say_hello("bob");
  server.step();
  CHECK(honest.welcome.has_value());
  for (int steps = 0; steps < 40 && !input.empty(); ++steps) act(input, server, hostile[input.below(3)]);
  server.step();

  CHECK(honest.connected(), "the honest peer is told ", honest.end);
  protocol::Push last;
  last.commands.push_back(
      {id_of(1'000'000), 1, "channel.create", R"({"id":"bob's own","name":"x"})", server.now, {}, {}});
  honest.say(last);
  server.step();
  CHECK(honest.connected() && honest.answers.size() == 1);
  const protocol::Answer& answer = honest.answers[0];
  CHECK(answer.id == last.commands[0].id && answer.outcome == protocol::Outcome::kApplied, answer.code);
  server.check_log();
}

}  // namespace
}  // namespace wherry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  wherry::fuzz::run({data, size});
  return 0;
}

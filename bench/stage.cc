#include "bench/stage.h"

#include <chrono>
#include <ctime>
#include <stdexcept>

#include <unistd.h>

#include "base/text.h"
#include "bench/basics.h"
#include "bench/direct.h"
#include "net/token.h"

namespace wherry::bench {

namespace {

constexpr SessionId kReplicaSession = 1'000'000;

}  // namespace

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

ScratchFolder::ScratchFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "wherry-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a folder for the benchmark");
  path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Filled fill(Workspace& workspace, const Population& population, Dice& dice) {
  Filled filled;
  Direct direct(workspace);
  for (size_t i = 0; i < population.channels; ++i) {
    const std::string id = dice.uuid(server::now());
    direct.add("channel.create", cat(R"({"id":")", id, R"(","name":"channel )", i, R"("})"), 0);
    for (size_t user = 1; user < population.users; ++user)
      direct.add("channel.add_member",
                 cat(R"({"channel_id":")", id, R"(","user_id":")", user_name(user), R"("})"), 0);
    filled.channels.push_back(id);
  }
  for (size_t i = 0; i < population.messages; ++i) {
    filled.messages.push_back(dice.uuid(server::now()));
    direct.add("message.post",
               post(filled.messages.back(), filled.channels[i % population.channels], dice.text(100)),
               i % population.users);
    if (population.progress) population.progress(i + 1);
  }
  direct.finish();
  return filled;
}

Stage::Stage(const Population& population, uint64_t seed) : dice_(seed) {
  WorkspaceOptions options;
  options.path = folder_.path() / "workspace.db";
  options.name = "bench";
  options.bundle = bundle_in(kChat);
  options.hasher = net::sha256;
  options.entropy = dice_.entropy();
  options.verifier = [](std::string_view token, Millis now) -> Result<Identity> {
    return Identity{std::string(token), {}, now + Millis{1LL << 40}};
  };
  workspace_ = expect(Workspace::open(std::move(options), server::now()));
  filled_ = fill(*workspace_, population, dice_);
}

Peer& Stage::join(size_t user, Start start) {
  const auto id = static_cast<SessionId>(peers_.size() + 1);
  Peer& peer = peers_.try_emplace(id, user_name(user), start, dice_.entropy()).first->second;
  by_user_.try_emplace(user, &peer);
  workspace_->connect(id, server::now());
  peer.hello(server::now());
  settle();
  return peer;
}

void Stage::flush() {
  for (auto& [_, peer] : peers_) peer.flush();
}

double Stage::exchange() {
  const Millis now = server::now();
  std::vector<std::pair<SessionId, std::string>> messages;
  for (auto& [id, peer] : peers_)
    for (std::string& message : peer.take_messages()) messages.emplace_back(id, std::move(message));
  const double before = cpu_seconds();
  for (const auto& [id, message] : messages) workspace_->receive(id, message, now);
  expect(workspace_->commit(now));
  const std::vector<Output> outputs = workspace_->take_outputs();
  const double spent = cpu_seconds() - before;
  (void)deliver(outputs, now);
  return spent;
}

// Returns the CPU seconds that the replica took.
double Stage::deliver(const std::vector<Output>& outputs, Millis now) {
  double spent = 0;
  for (const Output& output : outputs) {
    if (output.close) throw std::runtime_error(cat("closed: ", output.close_reason));
    workspace_->sent(output.session, output.bytes.size(), now);
    if (output.session != kReplicaSession) {
      peers_.at(output.session).receive(output.bytes);
      continue;
    }
    const double before = cpu_seconds();
    expect(replica_->receive(output.bytes, now));
    spent += cpu_seconds() - before;
  }
  return spent;
}

[[gnu::noinline]] double Stage::measured() {
  return exchange();
}

Replica& Stage::join_replica(size_t user) {
  workspace_->disconnect(kReplicaSession);
  ReplicaOptions options;
  options.path = folder_.path() / cat("replica", ++replicas_, ".db");
  options.entropy = dice_.entropy();
  options.create = true;
  replica_ = expect(Replica::open(std::move(options)));
  come_back(user);
  return *replica_;
}

void Stage::leave() {
  workspace_->disconnect(kReplicaSession);
  replica_->disconnected();
}

void Stage::come_back(size_t user) {
  workspace_->connect(kReplicaSession, server::now());
  expect(replica_->connected(user_name(user), server::now()));
}

double Stage::sync() {
  double spent = 0;
  for (bool moves = true; moves;) {
    const Millis now = server::now();
    std::vector<std::pair<SessionId, std::string>> messages;
    for (std::string& message : expect(replica_->take_outgoing()))
      messages.emplace_back(kReplicaSession, std::move(message));
    for (auto& [id, peer] : peers_)
      for (std::string& message : peer.take_messages()) messages.emplace_back(id, std::move(message));
    for (const auto& [id, message] : messages) workspace_->receive(id, message, now);
    const bool worked = workspace_->has_work();
    expect(workspace_->commit(now));
    const std::vector<Output> outputs = workspace_->take_outputs();
    spent += deliver(outputs, now);
    moves = worked || !messages.empty() || !outputs.empty();
  }
  return spent;
}

void Stage::settle() {
  for (int quiet = 0; quiet < 2;) {
    const auto head = workspace_->head();
    const bool busy = workspace_->has_work();
    exchange();
    quiet = busy || workspace_->has_work() || workspace_->head() != head ? 0 : quiet + 1;
  }
}

}  // namespace wherry::bench

#include "sim/operations.h"

#include <nlohmann/json.hpp>

#include "sim/device.h"
#include "sim/server.h"

namespace wherry::sim {

namespace {

using Json = nlohmann::json;

constexpr const char* kChannel = "c0";

// More than one message of a scan holds.
constexpr int kMessages = 3;

void post(const Stage& stage, Device& device, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string id = "m" + std::to_string(stage.world.messages.size());
    stage.world.messages.push_back(id);
    device.give("message.post",
                Json{{"id", id}, {"channel_id", kChannel}, {"body", device.write(id, "word1")}}.dump());
  }
}

void join(const Stage& stage) {
  stage.world.add_device("u1").start();
}

void grant(const Stage& stage) {
  stage.writer().give("channel.add_member", Json{{"channel_id", kChannel}, {"user_id", "u1"}}.dump());
}

void revoke(const Stage& stage) {
  stage.writer().give("channel.remove_member", Json{{"channel_id", kChannel}, {"user_id", "u1"}}.dump());
}

void join_and_grant(const Stage& stage) {
  join(stage);
  grant(stage);
}

void join_and_go_offline(const Stage& stage) {
  join_and_grant(stage);
  stage.world.after(1'000, [stage] { stage.reader().go_offline(); });
}

void push(const Stage& stage) {
  post(stage, stage.writer(), 1);
}

// All arrive at once, and so are committed at once.
void push_many(const Stage& stage) {
  post(stage, stage.writer(), 12);
}

void execute(const Stage& stage) {
  post(stage, stage.reader(), 1);
}

void stop_server(const Stage& stage) {
  stage.world.server().stop();
}

void checkpoint(const Stage& stage) {
  stage.reader().checkpoint();
}

// With an empty file, which gets the app and everything else at once.
void join_offline(const Stage& stage) {
  grant(stage);
  Device& device = stage.world.add_device("u1");
  device.go_offline();
  device.start();
}

void go_online(const Stage& stage) {
  stage.reader().go_online();
}

// On both sides, about the same message too.
void write_offline(const Stage& stage) {
  join_and_grant(stage);
  stage.world.after(1'000, [stage] {
    stage.reader().go_offline();
    post(stage, stage.writer(), 2);
    post(stage, stage.reader(), 3);
    for (Device* device : {&stage.writer(), &stage.reader()})
      device->give("message.vote", Json{{"id", "m0"}, {"by", 1}}.dump());
  });
}

}  // namespace

const std::vector<Operation>& all_operations() {
  static const std::vector<Operation> all = {
      {"push", true, join, push},
      {"batch", true, join, push_many},
      {"grant", true, join, grant},
      {"revoke", true, join_and_grant, revoke},
      {"checkpoint", true, join, stop_server},
      {"execute", false, join_and_go_offline, execute},
      {"answers", false, write_offline, go_online},
      {"scan", false, join_offline, go_online},
      {"grant-on-device", false, join, grant},
      {"revoke-on-device", false, join_and_grant, revoke},
      {"checkpoint-on-device", false, join_and_grant, checkpoint},
  };
  return all;
}

void open_stage(const Stage& stage) {
  stage.writer().give("channel.create", Json{{"id", kChannel}, {"name", "one"}, {"private", true}}.dump());
  post(stage, stage.writer(), kMessages);
}

}  // namespace wherry::sim

#include "sim/device.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "protocol/codec.h"
#include "sim/checker.h"
#include "sim/server.h"

namespace wherry::sim {

namespace {

using Json = nlohmann::json;

}  // namespace

Device::Device(World& world, int number, std::string user, bool reference)
    : disk("device" + std::to_string(number), world.seed() + static_cast<uint64_t>(number) + 1,
           world.plan().metadata),
      world_(world),
      name_("d" + std::to_string(number)),
      user_(std::move(user)),
      reference_(reference),
      random_(world.seed(), name_),
      uuids_(world.entropy()) {
  disk.fault = [this](Call call, std::string_view file) {
    return world_.fault(world_.plan().device, call, name_, file);
  };
}

Device::~Device() {
  disk.burn();
  replica_.reset();
}

void Device::start() {
  if (replica_) return;
  ++life_;
  const Mishaps& mishaps = world_.plan().device;
  if (!world_.faults_are_over() && world_.mishaps.chance(mishaps.fuse_at_start))
    disk.light_fuse(world_.mishaps.between(1, 12));
  ReplicaOptions options;
  options.path = disk.path(kFile);
  options.vfs = Disk::vfs();
  options.entropy = world_.entropy();
  options.reference_rebase = reference_;
  options.create = true;
  // Damage may stay unnoticed as long as it is not met; at the end of all faults it is not waited for.
  auto opened = damaged_ && world_.faults_are_over()
                    ? Result<std::unique_ptr<Replica>>(wherry::fail(ErrorCode::kCorrupt, "damaged"))
                    : Replica::open(options);
  if (died()) {
    world_.sometimes("a device died in recovery");
    return;
  }
  if (opened && found_damaged_)
    world_.violated("CORRUPT-STOP", name_ + " opens the file that it has found damaged");
  if (!opened && damaged_ && opened.error().code == ErrorCode::kCorrupt) {
    found_damaged_ = false;
    const auto salvaged = Replica::salvage(options);
    if (died()) {
      world_.sometimes("a device died in a salvage");
      return;
    }
    if (!salvaged) world_.note(name_ + " cannot be salvaged: " + salvaged.error().text());
    if (salvaged) {
      world_.note(name_ + " is salvaged with " + std::to_string(salvaged->commands));
      world_.sometimes(salvaged->complete ? "a damaged file was salvaged"
                                          : "a damaged file was salvaged in part");
      damaged_ = false;
      opened = Replica::open(options);
      if (died()) {
        world_.sometimes("a device died in a salvage");
        return;
      }
    }
  }
  if (!opened) {
    if (!handle_error(opened.error(), "open")) return;
    world_.after(kReopenAfter, [this, life = life_] {
      if (life == life_) start();
    });
    return;
  }
  replica_ = *std::move(opened);
  works_ = false;
  world_.note(name_ + " starts");
  look();
  if (!replica_) return;
  plan_deaths();
  act();
  tend();
  if (online_) connect();
}

bool Device::died() {
  if (!disk.burnt()) return false;
  const Crash how = world_.crash_within_call(disk);
  if (disk.burnt_file() == kFile) world_.sometimes("a device died in a checkpoint");
  die(how, how == Crash::kPower ? "device: within a call, with power" : "device: within a call");
  return true;
}

void Device::die(Crash how, const char* kind) {
  world_.note(name_ + " dies: " + kind);
  world_.crashed(kind);
  ++life_;
  disk.burn();
  replica_.reset();
  disk.crash(how);
  waiting_to_connect_ = false;
  if (const auto link = std::exchange(link_, nullptr)) {
    link->device_end = false;
    const int64_t notice = world_.network.between(1, world_.plan().unnoticed);
    world_.after(notice, [this, link] { world_.server().disconnect(link); });
  }
  world_.after(world_.faults_are_over() ? 1 : world_.mishaps.wait(world_.plan().device.down),
               [this, life = life_] {
                 if (life == life_) start();
               });
}

void Device::plan_deaths() {
  const Mishaps& mishaps = world_.plan().device;
  const auto plan = [&](double mean, std::function<void()> what) {
    world_.someday(
        mean, [this, life = life_] { return life == life_ && replica_ != nullptr; }, std::move(what));
  };
  plan(mishaps.kill, [this] { die(Crash::kProcess, "device: killed"); });
  plan(mishaps.power, [this] { die(Crash::kPower, "device: power"); });
  plan(mishaps.fuse, [this] { disk.light_fuse(world_.mishaps.between(1, 40)); });
  plan(mishaps.full, [this] { world_.fill(disk, "a device's disk is full"); });
  plan(world_.plan().clock_jump, [this] {
    world_.sometimes("a device's clock jumped");
    constexpr int64_t kYears = 30LL * 365 * 24 * 3600 * 1000;
    clock_ = world_.mishaps.chance(0.3)   ? 0
             : world_.mishaps.chance(0.5) ? world_.mishaps.between(-60'000, 60'000)
                                          : world_.mishaps.between(-kYears, kYears);
  });
  plan(world_.plan().offline, [this] {
    go_offline();
    world_.after(world_.mishaps.wait(world_.plan().offline_for), [this] { go_online(); });
  });
  plan(mishaps.pause, [this] {
    world_.sometimes("a device stood still");
    paused_ = true;
    world_.after(world_.mishaps.between(1'000, 60'000), [this] { go_on(); });
  });
}

void Device::go_offline() {
  online_ = false;
  if (link_) link_lost(link_);
}

void Device::go_online() {
  online_ = true;
  if (replica_ && !link_) connect();
}

void Device::go_on() {
  paused_ = false;
  for (const auto& what : std::exchange(waiting_, {})) what();
}

// An error of the file. True when it may be tried again.
bool Device::handle_error(const Error& error, const char* doing) {
  world_.note(name_ + " " + doing + ": " + error.text());
  if (error.code == ErrorCode::kCorrupt) {
    stop_at_damage(error);
    return false;
  }
  const Mishaps& mishaps = world_.plan().device;
  if (mishaps.io_error + mishaps.sync_error + mishaps.full == 0)
    world_.violated("LIVENESS", name_ + " cannot " + doing + ": " + error.text());
  // What the fault has left in memory is not to be trusted: as an app would, close and open again.
  if (const auto link = std::exchange(link_, nullptr)) {
    link->device_end = false;
    world_.after(1, [this, link] { world_.server().disconnect(link); });
  }
  return true;
}

void Device::calm_down() {
  disk.put_fuse_out();
  disk.capacity = 0;
  online_ = true;
  writes_ = false;
  go_on();
  retry_.reset();
  if (damaged_ && replica_) die(Crash::kProcess, "device: stopped to be salvaged");
  if (!replica_) {
    ++life_;
    return start();
  }
  if (link_) link_lost(link_);
  ++attempt_;
  connect();
}

// --- the connection ---

void Device::connect() {
  if (!replica_ || link_ || !online_) return;
  waiting_to_connect_ = false;
  welcomed_at_.reset();
  link_ = world_.open_link(*this);
  const std::string token = world_.is_admin(user_) ? user_ + "|admin" : user_;
  const auto done = replica_->connected(token, Millis{local_time()});
  if (died()) return;
  if (!done) {
    if (!handle_error(done.error(), "connect")) return;
    return connect_later(std::nullopt);
  }
  flush();
}

void Device::connect_later(std::optional<Millis> asked) {
  if (waiting_to_connect_) return;
  waiting_to_connect_ = true;
  const std::optional<Millis> lasted =
      welcomed_at_ ? std::optional(Millis{world_.now() - *welcomed_at_}) : std::nullopt;
  Millis delay = retry_.delay_after(asked, lasted, random_.bits());
  if (world_.faults_are_over()) delay = {std::min<int64_t>(delay.count, 500)};
  world_.after(delay.count, [this, life = life_, attempt = ++attempt_] {
    if (life == life_ && attempt == attempt_ && waiting_to_connect_) connect();
  });
}

void Device::link_lost(std::shared_ptr<Link> link) {
  if (link != link_ || !replica_) return;
  link_ = nullptr;
  link->device_end = false;
  const int64_t notice = world_.network.between(1, world_.faults_are_over() ? 1 : world_.plan().unnoticed);
  world_.after(notice, [this, link] { world_.server().disconnect(link); });
  replica_->disconnected();
  connect_later(std::nullopt);
}

void Device::flush() {
  if (!replica_) return;
  auto messages = replica_->take_outgoing();
  if (died()) return;
  if (!messages) return connect_anew(messages.error(), "send");
  for (std::string& bytes : *messages)
    if (link_) world_.to_server(link_, std::move(bytes));
  for (const ReplicaEvent& event : replica_->take_events()) {
    if (event.kind == ReplicaEvent::Kind::kEpoch)
      world_.sometimes("a replica said that the server was restored");
    if (event.kind == ReplicaEvent::Kind::kIdentity) world_.sometimes("a replica got a new identity");
  }
  work_later();
}

void Device::work_later() {
  if (works_ || replica_->background_work() == Replica::Background::kNone) return;
  works_ = true;
  world_.after(kWorkAfter, [this, life = life_] {
    if (life != life_ || !replica_) return;
    works_ = false;
    if (!paused_) {
      world_.sometimes("an index followed its rows");
      const auto done = replica_->do_background_work();
      if (died()) return;
      if (!done) return connect_anew(done.error(), "do its background work");
    }
    work_later();
  });
}

void Device::deliver(const std::shared_ptr<Link>& link, const std::string& bytes, bool closes,
                     const std::string& reason) {
  if (link != link_ || !replica_) return;
  if (paused_) return waiting_.push_back([=, this] { deliver(link, bytes, closes, reason); });
  if (!bytes.empty()) {
    const auto message = protocol::decode(bytes);
    if (std::holds_alternative<protocol::Welcome>(*message)) welcomed_at_ = world_.now();
    const auto done = replica_->receive(bytes, Millis{local_time()});
    if (died()) return;
    if (!done) {
      if (done.error().code == ErrorCode::kProtocol || done.error().code == ErrorCode::kVersion)
        world_.violated("LIVENESS", name_ + " does not understand the server: " + done.error().text());
      return connect_anew(done.error(), "receive");
    }
    world_.note(name_ + " takes " + std::string(protocol::message_name(*message)) + " " +
                std::to_string(bytes.size()));
    if (!observe([&] { world_.each_checker([&](Checker& checker) { checker.received(*this, *message); }); }))
      return;
    flush();
    if (random_.chance(world_.plan().look)) look();
    if (!replica_) return;
  }
  if (!closes || link != link_) return;
  const auto bye = replica_->take_bye();
  if (bye && bye->retry_after.count < 0)
    world_.violated("LIVENESS", name_ + " is sent away for good: " + bye->code + " " + bye->message);
  link_ = nullptr;
  link->device_end = false;
  replica_->disconnected();
  connect_later(bye ? std::optional(bye->retry_after) : std::nullopt);
}

// --- the user ---

void Device::act() {
  if (world_.plan().command <= 0) return;
  world_.after(random_.wait(world_.plan().command), [this, life = life_] {
    if (life != life_ || !replica_ || !writes_) return;
    if (!paused_)
      if (const auto what = think()) give(what->first, what->second);
    act();
  });
}

void Device::checkpoint() {
  const auto done = replica_->checkpoint();
  if (died()) return;
  if (!done) (void)handle_error(done.error(), "checkpoint");
}

// Now and then an app tidies up.
void Device::tend() {
  const Plan& plan = world_.plan();
  if (plan.checkpoint > 0)
    world_.after(random_.wait(plan.checkpoint), [this, life = life_] {
      if (life != life_ || !replica_ || !writes_) return;
      checkpoint();
      if (life == life_) tend();
    });
  if (plan.retry > 0)
    world_.after(random_.wait(plan.retry), [this, life = life_] {
      if (life != life_ || !replica_ || !writes_) return;
      const auto list = replica_->commands();
      if (!list) return;
      for (const OwnCommand& command : *list) {
        if (command.state != CommandState::kRejected && command.state != CommandState::kSuperseded) continue;
        if (random_.chance(0.5)) {
          Issued again{new_id(), command.name, command.data, user_, this, local_time(), 0, false, false};
          const auto done = replica_->retry(command.id, Millis{local_time()}, again.id);
          if (!done || !done->refusal) {
            // Of a call that failed nobody knows whether it got through.
            again.certain = done.has_value();
            again.order = ++world_.figures().commands;
            world_.issued()[command.id].forfeited = true;
            world_.issued()[again.id] = again;
          }
          if (died()) return;
          if (!done && done.error().code == ErrorCode::kCorrupt) return stop_at_damage(done.error());
        } else {
          world_.issued()[command.id].forfeited = true;
          const auto done = replica_->dismiss(command.id);
          if (died()) return;
          if (!done && done.error().code == ErrorCode::kCorrupt) return stop_at_damage(done.error());
        }
        break;
      }
      flush();
    });
}

std::optional<std::pair<std::string, std::string>> Device::think() {
  const Plan& plan = world_.plan();
  const std::string& channel = random_.pick(world_.channels);
  const std::string& other = random_.pick(world_.users);
  if (random_.chance(plan.membership)) {
    switch (random_.below(6)) {
      case 0:
        return {{"channel.create", Json{{"id", channel},
                                        {"name", "n" + std::to_string(random_.below(1000))},
                                        {"private", random_.chance(0.7)}}
                                       .dump()}};
      case 1:
      case 2:
      case 3:
        return {{"channel.add_member", Json{{"channel_id", channel}, {"user_id", other}}.dump()}};
      case 4:
        return {{"channel.remove_member", Json{{"channel_id", channel}, {"user_id", other}}.dump()}};
      default:
        return {{random_.chance(0.35) ? "channel.lock" : "channel.unlock", Json{{"id", channel}}.dump()}};
    }
  }
  if (world_.messages.empty() || random_.chance(plan.hot_key ? 0.06 : 0.4)) {
    std::string id = random_.chance(0.5) ? uuids_.make(Millis{local_time()}).text()
                                         : "m" + std::to_string(world_.ids.bits() % 1'000'000'000);
    Json params{{"id", id},
                {"channel_id", channel},
                {"body", write(id, "word" + std::to_string(random_.below(50)) + " in " + channel)}};
    if (!world_.messages.empty() && random_.chance(0.4)) params["thread_id"] = random_.pick(world_.messages);
    world_.messages.push_back(id);
    if (world_.messages.size() > static_cast<size_t>(plan.window)) world_.messages.pop_front();
    return {{"message.post", params.dump()}};
  }
  const std::string& message = random_.pick(world_.messages);
  switch (random_.below(12)) {
    case 0:
      return {{"message.delete", Json{{"id", message}}.dump()}};
    case 1:
      return {{"message.move", Json{{"id", message}, {"channel_id", channel}}.dump()}};
    case 2:
    case 3:
      return {{"message.vote", Json{{"id", message}, {"by", random_.between(-3, 3)}}.dump()}};
    case 4:
      return {
          {"message.react", Json{{"id", message}, {"emoji", "e" + std::to_string(random_.below(3))}}.dump()}};
    case 5:
      return {{"message.unreact",
               Json{{"id", message}, {"emoji", "e" + std::to_string(random_.below(3))}}.dump()}};
    case 6:
      return {{"channel.mark_read", Json{{"channel_id", channel}, {"message_id", message}}.dump()}};
    case 7:
      return {{"channel.rename",
               Json{{"id", channel}, {"name", "renamed " + std::to_string(random_.below(1000))}}.dump()}};
    case 8:
      return {{"user.register",
               Json{{"id", user_}, {"name", "name " + std::to_string(random_.below(1000))}}.dump()}};
    default:
      return {{"message.edit", Json{{"id", message}, {"body", write(message, "edited")}}.dump()}};
  }
}

// A text that nobody else writes, for a word in it that begins unlike others: full-text indexes keep words,
// each without what it has in common with the one before.
std::string Device::write(const std::string& message, const std::string& about) {
  // The finalizer of SplitMix64 (Steele, Lea, Flood 2014): the words of neighbouring numbers share nothing.
  uint64_t mixed = (world_.words().size() + 1) * 0x9E3779B97F4A7C15;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
  mixed ^= mixed >> 31;
  std::string word;
  for (; word.size() < 12; mixed /= 26) word += static_cast<char>('a' + mixed % 26);
  world_.words().push_back({word, user_, message});
  return about + more_text() + " by " + user_ + " " + word;
}

// Long texts make large files: rows with overflow pages, and more to lose at once.
std::string Device::more_text() {
  std::string text;
  if (const int64_t longest = world_.plan().long_text; longest > 0)
    for (const int64_t letters = random_.below(longest); std::ssize(text) < letters;) text += " and on";
  return text;
}

std::string Device::new_id() {
  return uuids_.make(Millis{std::max<int64_t>(local_time(), 0)}).text();
}

void Device::give(const std::string& name, const std::string& data) {
  ExecuteOptions options;
  options.id = new_id();
  Issued issued{*options.id, name, data, user_, this, local_time(), ++world_.figures().commands,
                false,       false};
  const auto executed = replica_->execute(name, data, Millis{local_time()}, options);
  world_.note(name_ + " " + name + " " + data +
              (executed ? executed->refusal ? " " + executed->refusal->code : "" : " fails"));
  if (executed && executed->refusal) {
    (void)died();
    return;
  }
  issued.certain = executed.has_value();
  world_.issued()[issued.id] = issued;
  if (died()) return;
  if (!executed) {
    // The first connection may not have come yet.
    if (executed.error().code == ErrorCode::kUnavailable) {
      world_.issued().erase(issued.id);
      return;
    }
    if (executed.error().code == ErrorCode::kLimit) return;
    (void)handle_error(executed.error(), "execute");
    return;
  }
  flush();
}

void Device::look() {
  if (!replica_) return;
  ++world_.figures().looks;
  observe([this] { world_.each_checker([this](Checker& checker) { checker.look(*this); }); });
}

}  // namespace wherry::sim

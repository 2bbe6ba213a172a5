#include "server/worker.h"

#include <utility>

#include "server/clock.h"

namespace wherry::server {
namespace {

constexpr std::chrono::seconds kTick{1};
// A workspace that comes to rest writes what it had put off. After so many, what has arrived has its turn.
constexpr size_t kTicksAtOnce = 4;

}  // namespace

void Peer::opened() {
  worker_.post({.kind = Worker::Event::Kind::kConnect, .peer = shared_from_this(), .bytes = {}});
}

net::Reading Peer::message(std::string bytes) {
  const net::Reading reading = gate_->admit(id_, bytes.size());
  worker_.post(
      {.kind = Worker::Event::Kind::kMessage, .peer = shared_from_this(), .bytes = std::move(bytes)});
  return reading;
}

// One event at a time is enough: the worker takes the sum.
void Peer::sent(size_t bytes) {
  if (sent_.fetch_add(bytes) == 0) {
    worker_.post({.kind = Worker::Event::Kind::kSent, .peer = shared_from_this(), .bytes = {}});
  }
}

void Peer::closed() {
  worker_.post({.kind = Worker::Event::Kind::kDisconnect, .peer = shared_from_this(), .bytes = {}});
}

size_t Peer::take_sent() {
  return sent_.exchange(0);
}

Worker::Worker(Opener opener, Outlet& outlet, RefusedTokens& tokens, int64_t idle_close_ms)
    : opener_(std::move(opener)),
      outlet_(outlet),
      tokens_(tokens),
      idle_close_ms_(idle_close_ms),
      thread_([this] { run(); }) {}

Worker::~Worker() {
  stop();
}

std::shared_ptr<Peer> Worker::peer(net::ConnectionId id, std::string workspace, std::string address) {
  std::shared_ptr<Gate> gate;
  {
    const std::lock_guard lock(mutex_);
    std::weak_ptr<Gate>& known = gates_[workspace];
    gate = known.lock();
    if (!gate) known = gate = std::make_shared<Gate>();
  }
  return std::make_shared<Peer>(id, std::move(workspace), std::move(address), *this, std::move(gate));
}

void Worker::begin_drain(int64_t ms) {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::kRunning) return;
  phase_ = Phase::kDraining;
  drain_until_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  changed_.notify_all();
}

void Worker::wait_until_drained() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return phase_ == Phase::kDrained || phase_ == Phase::kStopping; });
}

void Worker::stop() {
  {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::kStopping;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Worker::look(std::shared_ptr<Look> at) {
  const std::lock_guard lock(mutex_);
  looks_.push_back(std::move(at));
  changed_.notify_all();
}

void Worker::post(Event event) {
  const std::lock_guard lock(mutex_);
  event.at = server::now();  // under the lock: events are in order of their times
  mailbox_.push_back(std::move(event));
  if (mailbox_.size() == 1) changed_.notify_all();
}

void Worker::run() {
  auto next_tick = std::chrono::steady_clock::now() + kTick;
  std::vector<Event> events;
  std::vector<std::shared_ptr<Look>> looks;
  for (;;) {
    Phase phase;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_until(lock, next_tick, [this] {
        return !mailbox_.empty() || !looks_.empty() || !busy_.empty() || !due_ticks_.empty() ||
               phase_ == Phase::kDraining || phase_ == Phase::kStopping;
      });
      phase = phase_;
      events.swap(mailbox_);
      looks.swap(looks_);
    }
    if (phase == Phase::kStopping) break;
    const Millis now = server::now();
    for (const Event& event : events) handle(event);
    events.clear();
    for (const auto& look : looks) show(*look);
    looks.clear();
    rounds(now);
    if (std::chrono::steady_clock::now() >= next_tick) {
      if (due_ticks_.empty())
        for (const auto& [name, _] : places_) due_ticks_.push_back(name);
      next_tick = std::chrono::steady_clock::now() + kTick;
    }
    for (size_t i = 0; i < kTicksAtOnce && !due_ticks_.empty(); ++i) {
      tick(due_ticks_.back(), now);
      due_ticks_.pop_back();
    }
    if (phase == Phase::kDraining && (busy_.empty() || std::chrono::steady_clock::now() >= drain_until_)) {
      say_goodbye(now);
    }
  }
  busy_.clear();
  places_.clear();
}

void Worker::handle(const Event& event) {
  const Peer& peer = *event.peer;
  const Millis now = event.at;
  Place& at = place(peer, now);
  switch (event.kind) {
    case Event::Kind::kConnect:
      at.actor->connect(peer.id(), peer.address(), now);
      break;
    case Event::Kind::kMessage:
      at.actor->receive(peer.id(), event.bytes, now);
      break;
    case Event::Kind::kSent:
      at.actor->sent(peer.id(), event.peer->take_sent(), now);
      break;
    case Event::Kind::kDisconnect:
      at.actor->disconnect(peer.id(), now);
      break;
  }
  if (!std::exchange(at.busy, true)) busy_.push_back(&at);
}

Worker::Place& Worker::place(const Peer& peer, Millis now) {
  Place& at = places_[peer.workspace()];
  if (!at.actor) {
    at.actor =
        std::make_unique<Actor>(peer.workspace(), opener_, outlet_, tokens_, peer.gate(), idle_close_ms_);
    if (goodbye_said_) at.actor->shut_down(now);
  }
  return at;
}

void Worker::show(Look& look) const {
  const auto add = [&](const std::string& name, const Place& at) {
    if (at.actor && at.actor->is_open()) look.seen.emplace_back(name, at.actor->view(look.query));
  };
  if (look.workspace.empty()) {
    for (const auto& [name, at] : places_) add(name, at);
  } else if (const auto at = places_.find(look.workspace); at != places_.end()) {
    add(at->first, at->second);
  }
  look.done.release();
}

// One group each: a workspace with much to do does not keep its neighbours waiting longer than that.
void Worker::rounds(Millis now) {
  std::vector<Place*> due = std::exchange(busy_, {});
  for (Place* at : due) {
    at->busy = at->actor->round(now);
    if (at->busy) busy_.push_back(at);
  }
}

void Worker::tick(const std::string& name, Millis now) {
  const auto at = places_.find(name);
  at->second.actor->tick(now);
  if (at->second.busy || !at->second.actor->disposable(now)) return;
  places_.erase(at);
  const std::lock_guard lock(mutex_);
  if (const auto gate = gates_.find(name); gate != gates_.end() && gate->second.expired()) gates_.erase(gate);
}

void Worker::say_goodbye(Millis now) {
  goodbye_said_ = true;
  for (auto& [name, at] : places_) at.actor->shut_down(now);
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::kDraining) phase_ = Phase::kDrained;
  changed_.notify_all();
}

}  // namespace wherry::server

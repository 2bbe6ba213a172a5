#include "sim/exhaustive.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ranges>

#include <sys/wait.h>
#include <unistd.h>

#include "sim/device.h"
#include "sim/operations.h"
#include "sim/server.h"

namespace wherry::sim {

namespace {

// How long it takes until all have come to rest: after what people do, and after a crash.
constexpr int64_t kSettles = 2'000, kRecovers = 8'000;

// Nobody does anything by chance, and nothing fails by itself.
Plan quiet(Metadata metadata) {
  Plan p;
  p.users = 2;
  p.devices = 1;  // the other joins later
  p.channels = 1;
  p.command = p.checkpoint = p.retry = 0;
  p.latency = 1;
  p.unnoticed = 10;
  p.server.down = p.device.down = 100;
  p.metadata = metadata;
  p.limits.chunk_bytes = 300;
  p.look = 0;
  return p;
}

// Which deaths came at their write, and not when all was done.
struct Hits {
  bool first = false, second = false;
};

// A world up to the operation, and then a case. All of it throws Violation.
class Play {
 public:
  Play(const Exhaustive& e, Metadata metadata)
      : operation_(*std::ranges::find(all_operations(), e.operation, &Operation::name)),
        world_(quiet(metadata), e.seed, e.bundle, e.trace),
        stage_{world_} {
    world_.start();
    world_.play(kSettles);
    open_stage(stage_);
    world_.play(kSettles);
    operation_.prepare(stage_);
    world_.play(kSettles);
  }

  Hits go_on(const Case& c) {
    int64_t crashes = 0;
    disk().after_crash = [&] {
      if (++crashes == 1) light(c.second);
    };
    light(c.first);
    operation_.begin(stage_);
    world_.play(kSettles);
    Hits hits;
    hits.first = crashes > 0;
    if (!hits.first) strike(c.first);
    world_.play(kRecovers);
    hits.second = crashes > 1;
    if (!hits.second) strike(c.second);
    world_.play(kRecovers);
    disk().after_crash = nullptr;
    world_.come_to_rest();
    return hits;
  }

 private:
  Disk& disk() { return operation_.at_server ? world_.server().disk : stage_.reader().disk; }

  void light(const Blow& blow) {
    if (blow.write > 0) disk().light_fuse(blow.write, blow.how);
  }

  // There were not so many writes.
  void strike(const Blow& blow) {
    if (blow.write == 0) return;
    if (operation_.at_server)
      world_.server().die(blow.how, "server: when all was done");
    else
      stage_.reader().die(blow.how, "device: when all was done");
  }

  const Operation& operation_;
  World world_;
  Stage stage_;
};

constexpr const char* kKill = "kill@";
constexpr const char* kPower = "power@";

std::string text(const Blow& blow) {
  return (blow.how == Crash::kPower ? kPower : kKill) + std::to_string(blow.write);
}

std::optional<Blow> blow_of(std::string_view text) {
  Blow blow;
  blow.how = text.starts_with(kPower) ? Crash::kPower : Crash::kProcess;
  const std::string_view kind = blow.how == Crash::kPower ? kPower : kKill;
  if (!text.starts_with(kind)) return std::nullopt;
  text.remove_prefix(kind.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), blow.write);
  if (error != std::errc() || end != text.data() + text.size() || blow.write < 1) return std::nullopt;
  return blow;
}

void report(const Exhaustive& e, const Case& c, const char* what) {
  std::printf("VIOLATION %s\n  wherry-sim --exhaustive %s --case %s --seed %llu --trace\n", what,
              e.operation.c_str(), text(c).c_str(), static_cast<unsigned long long>(e.seed));
  std::fflush(stdout);
}

std::optional<Hits> go_on(const Exhaustive& e, Play& play, const Case& c) {
  try {
    return play.go_on(c);
  } catch (const Violation& violation) {
    report(e, c, violation.what());
    return std::nullopt;
  }
}

// In a copy of the process, which ends with the case: what comes before is played once for all.
std::optional<Hits> go_on_in_copy(const Exhaustive& e, Play& play, const Case& c) {
  enum Exit { kFirst = 1, kSecond = 2, kBroken = 4 };
  std::fflush(stdout);
  const pid_t copy = fork();
  if (copy == 0) {
    const auto hits = go_on(e, play, c);
    _exit(!hits ? kBroken : (hits->first ? kFirst : 0) | (hits->second ? kSecond : 0));
  }
  int status = 0;
  waitpid(copy, &status, 0);
  if (!WIFEXITED(status)) report(e, c, "the process itself died");
  if (!WIFEXITED(status) || WEXITSTATUS(status) >= kBroken) return std::nullopt;
  return Hits{(WEXITSTATUS(status) & kFirst) != 0, (WEXITSTATUS(status) & kSecond) != 0};
}

// The second deaths after this first one. False: one broke an invariant.
bool play_second(const Exhaustive& e, Play& play, Case c, Exhausted& done) {
  std::optional<Hits> hits;
  const auto die = [&](int64_t write, Crash how) {
    c.second = {write, how};
    ++done.second_crashes;
    hits = go_on_in_copy(e, play, c);
    return hits && hits->second;
  };
  Random random(e.seed, text(c));
  // What the kill left is recovered and not yet durable: the worst moment for a power loss.
  if (c.first.how == Crash::kProcess && !die(1, Crash::kPower) && !hits) return false;
  if (!random.chance(0.25)) return true;
  for (int64_t write = random.between(1, kEvery);; write += kEvery)
    if (!die(write, random.chance(0.5) ? Crash::kPower : Crash::kProcess)) return hits.has_value();
}

bool play_first(const Exhaustive& e, Play& play, Case c, Exhausted& done) {
  std::optional<Hits> hits;
  do {
    ++c.first.write;
    hits = go_on_in_copy(e, play, c);
    if (!hits || !play_second(e, play, c, done)) return false;
    ++done.crashes;
    if (hits->first) done.writes = std::max(done.writes, c.first.write);
  } while (hits->first);
  return true;
}

}  // namespace

std::string text(const Case& c) {
  std::string all = c.metadata == Metadata::kStrict ? "strict" : "ordered";
  for (const Blow& blow : {c.first, c.second})
    if (blow.write > 0) all += "," + text(blow);
  return all;
}

std::optional<Case> case_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (const auto part : std::views::split(text, ',')) parts.emplace_back(part.begin(), part.end());
  if (parts.empty() || parts.size() > 3 || (parts[0] != "strict" && parts[0] != "ordered"))
    return std::nullopt;
  Case c;
  c.metadata = parts[0] == "strict" ? Metadata::kStrict : Metadata::kOrdered;
  for (size_t i = 1; i < parts.size(); ++i) {
    const auto blow = blow_of(parts[i]);
    if (!blow) return std::nullopt;
    (i == 1 ? c.first : c.second) = *blow;
  }
  return c;
}

std::vector<std::string> operations() {
  std::vector<std::string> names;
  for (const Operation& operation : all_operations()) names.emplace_back(operation.name);
  return names;
}

bool play(const Exhaustive& exhaustive, const Case& c) {
  try {
    Play play(exhaustive, c.metadata);
    return go_on(exhaustive, play, c).has_value();
  } catch (const Violation& violation) {
    report(exhaustive, c, violation.what());
    return false;
  }
}

Exhausted play_all(const Exhaustive& exhaustive) {
  Exhausted done;
  for (const Metadata metadata : {Metadata::kOrdered, Metadata::kStrict}) {
    done.sound = done.sound && play(exhaustive, {metadata, {}, {}});  // without a crash
    if (!done.sound) break;
    Play play(exhaustive, metadata);
    done.sound = play_first(exhaustive, play, {metadata, {0, Crash::kPower}, {}}, done);
    if (metadata == Metadata::kStrict)  // a kill leaves the same in both models
      done.sound = done.sound && play_first(exhaustive, play, {metadata, {0, Crash::kProcess}, {}}, done);
  }
  return done;
}

}  // namespace wherry::sim

// NO-LEAK, REVOKE-BOUND and COMPLETE on a long random walk: places are opened to users and closed again,
// items move between them, all of it while scans run, within one batch, and while the users are away.
#include <algorithm>
#include <cstdlib>
#include <random>

#include <rapidcheck.h>

#include "base/text.h"
#include "tests/sync/oracle.h"

namespace wherry::testing {
namespace {

constexpr int kChangesPerRest = 250;
constexpr size_t kItems = 30;    // that are there at least, once there were so many
constexpr size_t kNobodies = 3;  // members of a place who have no device

// Grants, revokes and moves.
constexpr int kChanges = 5'000;

int changes_to_make() {
  const char* set = std::getenv("WHERRY_ACCESS_CHANGES");
  return set == nullptr ? kChanges : std::max(std::atoi(set), kChangesPerRest);
}

class AccessWalk : public InBothApps {
 protected:
  AccessWalk() : seed(rc::detail::configuration().testParams.seed), random(seed), oracle(world, app) {
    world.random.seed(static_cast<uint32_t>(seed));
    world.limits.group_commands = 4;
    world.limits.chunk_bytes = 200;
    world.limits.session_queue_bytes = 3'000;
    world.restart_server();
    ann = &world.device("ann", "ann", {"admin"});
    for (const char* name : {"bob", "bob-too", "cyd", "dan"})
      readers.push_back(&world.device(name, std::string(name).substr(0, 3)));
    readers[0]->stutter = true;
    for (auto& [_, device] : world.devices) device->connect();
    world.settle();
    for (Phrase App::* how : {&App::open_place, &App::closed_place, &App::closed_place, &App::closed_place}) {
      const std::string& place = places.emplace_back(oracle.new_id());
      if (app.create_group.name != nullptr) ann->exec(app.create_group(place));
      oracle.give(*ann, how, place, oracle.new_word(place));
    }
    world.settle();
  }

  size_t below(size_t n) { return random() % n; }
  bool chance(int percent) { return below(100) < static_cast<size_t>(percent); }
  template <typename C>
  const auto& any(const C& of) {
    return *std::next(of.begin(), static_cast<std::ptrdiff_t>(below(of.size())));
  }
  // One that is there; empty while they are few.
  std::string item() {
    std::vector<std::string> there;
    for (const auto& [id, item] : oracle.items())
      if (!item.dropped) there.push_back(id);
    return there.size() < kItems ? std::string() : any(there);
  }

  void change_access() {
    const std::string& place = any(places);
    const std::string& user = any(readers)->user();
    const size_t kind = below(10);
    if (kind < 4) {
      change(&App::add, place, user);
    } else if (kind < 6) {
      change(&App::remove, place, user);
    } else if (kind < 8) {
      if (const std::string moved = item(); !moved.empty()) change(&App::move, moved, place);
    } else {  // there and back, or more than that, in one batch
      const size_t parity = below(2);
      for (size_t i = 2 + below(3); i > 0; --i)
        change(i % 2 == parity ? &App::add : &App::remove, place, user);
    }
  }
  void change(Phrase App::* phrase, const std::string& first, const std::string& second) {
    changes += oracle.give(*ann, phrase, first, second);
  }

  void change_rows() {
    const std::string& place = any(places);
    const std::string id = item();
    const size_t kind = below(8);
    if (id.empty() || kind == 0) {
      write(*ann, place);
    } else if (kind == 1) {
      write(*any(readers), place);
    } else if (kind == 2) {
      oracle.give(*ann, &App::rename, place, oracle.new_word(place));
    } else if (kind == 3) {
      change_nobodies(place);
    } else if (kind == 4) {
      const auto& labels = oracle.items().at(id).labels;
      if (labels.empty() || chance(60))
        oracle.give(*ann, &App::label, id, oracle.new_word(id), "ann");
      else
        oracle.give(*ann, &App::unlabel, id, any(labels), "ann");
    } else {
      oracle.give(*ann, &App::edit, id, oracle.new_word(id));
    }
  }
  // When there are enough, one goes for each that comes.
  void write(Device& author, const std::string& place) {
    const std::string id = oracle.new_id();
    oracle.give(author, &App::write, id, place, oracle.new_word(id));
    if (const std::string old = item(); !old.empty()) oracle.give(*ann, &App::drop, old);
  }
  // Only members of a closed place see in both apps who else is one.
  void change_nobodies(const std::string& place) {
    if (oracle.places().at(place).open) return;
    std::vector<std::string> nobodies;
    for (const std::string& member : oracle.places().at(place).members)
      if (member.size() > 3) nobodies.push_back(member);
    if (nobodies.size() < kNobodies)
      oracle.give(*ann, &App::add, place, oracle.new_word(place));
    else
      oracle.give(*ann, &App::remove, place, any(nobodies));
  }

  // The world goes on a little, so that what comes next meets scans, messages and commands half-way.
  void go_on() {
    Device& reader = *any(readers);
    if (chance(4)) reader.connected() ? reader.disconnect() : reader.connect();
    if (chance(1)) reader.restart();
    if (chance(40)) return;  // what follows is of the same batch
    world.hear();
    for (size_t i = below(3); i > 0; --i) world.commit();
    world.deliver(below(12));
    world.now = world.now + Millis{1};
  }

  void rest() {
    for (Device* reader : readers)
      if (!reader->connected()) reader->connect();
    world.settle();
    for (Device* reader : readers) {
      oracle.expect_complete(*reader);
      oracle.expect_no_trace(*reader);
    }
  }

  const uint64_t seed;
  std::mt19937_64 random;
  Oracle oracle;
  Device* ann;
  std::vector<Device*> readers;
  std::vector<std::string> places;
  int changes = 0;
};

TEST_P(AccessWalk, NobodyIsSentOrKeepsWhatHeMayNotRead) {
  SCOPED_TRACE(cat("RC_PARAMS=\"seed=", seed, "\""));
  const int most = changes_to_make();
  while (changes < most && !HasFailure()) {
    const int next_rest = changes + kChangesPerRest;
    while (changes < next_rest && !HasFailure()) {
      chance(70) ? change_access() : change_rows();
      go_on();
    }
    rest();
  }
  // In a short walk that is left to chance.
  if (most >= kChanges) {
    EXPECT_GT(oracle.cut_scans(), most / 100) << "revokes hardly ever met a scan";
  }
}

IN_BOTH_APPS(AccessWalk);

}  // namespace
}  // namespace wherry::testing

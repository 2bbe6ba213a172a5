// A script runs twice: once on a disk that holds, once on one that fails at some write, whose process is then
// killed or whose power is cut, perhaps again while it recovers. What is found afterwards is the state before
// or after the step that failed, and every step before it, which was acknowledged, is there. A workspace then
// finishes the script: each command is in the log once, as if nothing had happened, and stays when the power
// goes once more.
#include <algorithm>

#include "fuzz/check.h"
#include "fuzz/replica_file.h"
#include "fuzz/server.h"
#include "sqlite/database.h"

namespace wherry::fuzz {
namespace {

using Picture = std::vector<std::string>;

struct Fate {
  sim::Metadata metadata;
  sim::Crash crash;
  uint64_t seed;
  uint16_t fuse, fuse_of_recovery;  // of the latter, 0: none
};

Fate any_fate(Input& input) {
  const uint8_t kinds = input.byte();
  return {(kinds & 1) != 0 ? sim::Metadata::kStrict : sim::Metadata::kOrdered,
          (kinds & 2) != 0 ? sim::Crash::kPower : sim::Crash::kProcess, kinds, input.word(),
          (kinds & 4) != 0 ? input.word() : uint16_t{0}};
}

// A fuse that burns within a run of so many calls, or just behind it.
int64_t within(uint16_t fuse, int64_t calls) {
  return 1 + fuse % (calls + 1);
}

void check_file(const sim::Disk& disk, const char* file) {
  const auto db = must(sqlite::Database::open(disk.path(file), sqlite::Access::kReadOnly));
  CHECK(must(db->value("PRAGMA integrity_check")) == Value("ok"));
}

// Opens after the crash; a fuse may burn meanwhile, and then the process dies once more.
template <typename Subject>
void recover(Subject& subject, const Fate& fate) {
  subject.disk.light_fuse(1);  // closing writes nothing any more
  subject.close();
  subject.disk.crash(fate.crash);
  if (fate.fuse_of_recovery > 0) {
    subject.disk.light_fuse(within(fate.fuse_of_recovery, 40));
    (void)subject.open();
    subject.disk.light_fuse(1);
    subject.close();
    subject.disk.crash(fate.crash);
  }
  must(subject.open());
}

void check_state(const Picture& found, const std::vector<Picture>& expected, size_t done) {
  if (found == expected[done]) return;
  CHECK(done + 1 < expected.size() && found == expected[done + 1], "after ", done, " steps\n",
        join(found, "\n"), "\n--- but should be\n", join(expected[done], "\n"), "\n--- or\n",
        join(expected[std::min(done + 1, expected.size() - 1)], "\n"));
}

// --- a workspace
// ------------------------------------------------------------------------------------------------

const Beginning& nothing() {
  static const Beginning made = beginning("fuzz/app");
  return made;
}

using Group = std::vector<DirectCommand>;

std::vector<Group> any_groups(Input& input) {
  static constexpr std::array<const char*, 3> kUsers = {"system", "ann", "eve"};
  std::vector<Group> groups;
  int64_t number = 0;
  while (groups.size() < 4 && !input.empty()) {
    Group& group = groups.emplace_back();
    for (size_t n = 1 + input.below(3); n > 0; --n) {
      DirectCommand& command = group.emplace_back();
      command.user_id = input.pick(kUsers);
      command.id = id_of(++number);
      Call call = any_call(input, *nothing().bundle);
      command.name = std::move(call.name);
      command.data = std::move(call.params);
    }
  }
  return groups;
}

Picture picture(const Server& server) {
  static constexpr std::array kQueries = {
      "SELECT seq, id, user_id, name, data, stamp, outcome, code, delta, scopes FROM wherry_commands ORDER "
      "BY seq",
      "SELECT * FROM wherry_rows ORDER BY tbl, key", "SELECT * FROM wherry_scopes ORDER BY id",
      "SELECT * FROM wherry_scope_index ORDER BY scope, seq, tbl, key",
      "SELECT * FROM wherry_edges ORDER BY to_scope, scope, source, key"};
  Picture lines;
  const auto db = must(sqlite::Database::open(server.disk.path("workspace.db"), sqlite::Access::kReadOnly));
  const auto add = [&](const std::string& query) {
    for (const Row& row : must(db->rows(query))) {
      std::string line = cat(query.substr(0, 30), ":");
      for (const Value& value : row) line += cat(" ", to_sql(value));
      lines.push_back(std::move(line));
    }
  };
  for (const char* query : kQueries) add(query);
  for (const Table& table : server.bundle->tables)
    if (table.kind != TableKind::kDerived) add(cat("SELECT * FROM ", table.name, " ORDER BY 1, 2"));
  return lines;
}

void run_workspace(Input& input) {
  const Fate fate = any_fate(input);
  const std::vector<Group> groups = any_groups(input);
  std::vector<Picture> expected;
  int64_t calls = 0;
  {
    Server whole(nothing(), "whole");
    must(whole.open());
    expected.push_back(picture(whole));
    for (const Group& group : groups) {
      must(whole.workspace->execute_all(group, whole.now));
      expected.push_back(picture(whole));
    }
    calls = whole.disk.calls();
  }
  Server server(nothing(), "server", fate.metadata, fate.seed);
  server.disk.light_fuse(within(fate.fuse, calls));
  size_t done = 0;
  if (server.open())
    while (done < groups.size() && server.workspace->execute_all(groups[done], server.now)) ++done;
  recover(server, fate);
  check_state(picture(server), expected, done);
  for (; done < groups.size(); ++done) must(server.workspace->execute_all(groups[done], server.now));
  CHECK(picture(server) == expected.back());
  recover(server, {fate.metadata, sim::Crash::kPower, 0, 0, 0});
  CHECK(picture(server) == expected.back());
  server.check_log();
  check_file(server.disk, "workspace.db");
}

// --- a replica
// --------------------------------------------------------------------------------------------------

struct Step {
  Call call;
  int64_t number = 0;  // of the command; 0: a batch
  protocol::Batch batch;
};

void run_replica(Input& input) {
  const Fate fate = any_fate(input);
  std::vector<Step> steps;
  std::vector<Picture> expected;
  const auto take = [](ReplicaFile& file, const Step& step) -> Result<> {
    if (step.number == 0) return file.say(step.batch);
    TRY(file.execute(step.call, step.number));
    return {};
  };
  int64_t calls = 0;
  {
    Story story(input);
    ReplicaFile whole("whole");
    must(whole.open());
    must(whole.connect(story.seq));
    calls = whole.disk.calls();
    expected.push_back(whole.picture());
    while (steps.size() < 6 && !input.empty()) {
      Step& step = steps.emplace_back();
      if (input.below(3) == 0) {
        step.batch = story.batch(whole);
      } else {
        step.number = static_cast<int64_t>(steps.size());
        step.call = any_call(input, *nothing().bundle);
        story.pending.push_back(id_of(step.number));
      }
      must(take(whole, step));
      expected.push_back(whole.picture());
    }
    calls = whole.disk.calls() - calls;
  }
  ReplicaFile replica("replica", Rebasing::kFast, fate.metadata, fate.seed);
  must(replica.open());
  must(replica.connect(1));
  replica.disk.light_fuse(within(fate.fuse, calls));
  size_t done = 0;
  while (done < steps.size() && take(replica, steps[done])) ++done;
  recover(replica, fate);
  check_state(replica.picture(), expected, done);
  must(replica.execute({"draft.save", R"({"id":"a","body":"it goes on"})"}, 1000));
  check_file(replica.disk, "replica.db");
}

}  // namespace
}  // namespace wherry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  wherry::fuzz::Input input(data, size);
  if (input.below(2) == 0)
    wherry::fuzz::run_workspace(input);
  else
    wherry::fuzz::run_replica(input);
  return 0;
}

// REBASE: a replica that runs again only what news can affect is at any time what one is that undoes and runs
// again everything: visible and confirmed rows, search, base images, the list of commands. With nothing
// pending, there are no base images.
#include "fuzz/check.h"
#include "fuzz/replica_file.h"

namespace wherry::fuzz {
namespace {

void run(Input input) {
  ReplicaFile fast("fast", Rebasing::kFast), reference("reference", Rebasing::kReference);
  const auto both = [&](const auto& act) {
    must(act(fast));
    must(act(reference));
  };
  const auto connect = [&](int64_t seq) {
    both([](ReplicaFile& file) { return file.open(); });
    both([&](ReplicaFile& file) { return file.connect(seq); });
  };
  const auto check = [&] {
    const auto mine = fast.picture(), others = reference.picture();
    CHECK(mine == others, "\n", join(mine, "\n"), "\n--- but should be\n", join(others, "\n"));
  };
  Story story(input);
  connect(story.seq);
  const Bundle& bundle = *bundle_of("fuzz/app");
  int64_t commands = 0;
  for (int n = 0; n < 12 && !input.empty(); ++n) {
    const size_t kind = input.below(16);
    if (kind < 11) {
      const Call call = any_call(input, bundle);
      const std::string refusal = must(fast.execute(call, ++commands));
      CHECK(must(reference.execute(call, commands)) == refusal, call.name, call.params);
      if (refusal.empty() && bundle.command(call.name)->run != RunsWhere::kLocal)
        story.pending.push_back(id_of(commands));
    } else if (kind < 15) {
      const protocol::Batch batch = story.batch(fast);
      both([&](ReplicaFile& file) { return file.say(batch); });
      const std::string shown = "SELECT * FROM items ORDER BY id";
      CHECK(fast.rows(shown) == reference.rows(shown));
    } else {
      fast.close();
      reference.close();
      connect(story.seq);
    }
  }
  check();
  const protocol::Batch last = story.last();
  both([&](ReplicaFile& file) { return file.say(last); });
  check();
  CHECK(fast.rows("SELECT * FROM wherry_base").empty());
}

}  // namespace
}  // namespace wherry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  wherry::fuzz::run({data, size});
  return 0;
}

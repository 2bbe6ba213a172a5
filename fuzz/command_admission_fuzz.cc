// Commands of any name with any parameters, by anybody. Nothing crashes or fails as a whole, each is
// answered, the log verifies; its deltas fit one upon the other, and their fold is what the tables hold.
#include <algorithm>
#include <map>

#include "engine/delta.h"
#include "engine/dump.h"
#include "fuzz/check.h"
#include "fuzz/server.h"
#include "sqlite/database.h"

namespace wherry::fuzz {
namespace {

constexpr std::array<const char*, 6> kUsers = {"ann",    "bob|admin",          "eve|hr",
                                               "system", "ann|import,auditor", "c"};

const Beginning& begin(size_t which) {
  static const Beginning all[] = {beginning("fuzz/app"), beginning("examples/chat"),
                                  beginning("tests/tracker")};
  return all[which % 3];
}

// The synced rows as a dump would show them, from nothing but the deltas of the log.
std::vector<std::string> fold(const Server& server) {
  std::map<RowRef, Row> rows;
  const auto db = must(sqlite::Database::open(server.disk.path("workspace.db"), sqlite::Access::kReadOnly));
  const auto entries =
      must(db->rows("SELECT seq, delta FROM wherry_commands WHERE delta IS NOT NULL ORDER BY seq"));
  for (const Row& entry : entries) {
    for (const RowChange& change : must(decode_delta(entry[1].blob()->bytes, *server.bundle)).rows) {
      const auto at = rows.find(change.ref);
      const bool fits = change.before ? at != rows.end() && at->second == *change.before : at == rows.end();
      CHECK(fits, "the image before is not what was, at ", *entry[0].integer());
      if (change.after)
        rows[change.ref] = *change.after;
      else
        rows.erase(change.ref);
    }
  }
  std::vector<std::string> lines;
  for (const size_t table : dump_order(*server.bundle))
    for (const auto& [ref, row] : rows)
      if (ref.table == table) lines.push_back(dump_line(server.bundle->tables[table], row));
  std::ranges::sort(lines);
  return lines;
}

void run(Input input) {
  Server server(begin(input.byte()));
  must(server.open());
  for (int n = 0; n < 20 && !input.empty(); ++n) {
    const std::string user = input.pick(kUsers);
    const size_t kind = input.below(8);
    Call call = any_call(input, *server.bundle);
    if (kind == 0) call.name = input.counted();
    if (kind <= 2) call.params = input.counted();
    const Seq head = server.workspace->head();
    const protocol::Answer answer = must(server.execute(user, call));
    CHECK(answer.seq.number == head.number + 1 && server.workspace->head() == answer.seq);
    CHECK((answer.outcome == protocol::Outcome::kRejected) == !answer.code.empty());
    server.now = server.now + Millis{input.byte()};
  }
  server.check_log();
  std::vector<std::string> dump = server.dump();
  std::ranges::sort(dump);
  CHECK(fold(server) == dump);
}

}  // namespace
}  // namespace wherry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  wherry::fuzz::run({data, size});
  return 0;
}

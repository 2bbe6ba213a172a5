// Somebody changes a workspace's log behind its back, with values of any type. Verification finds the first
// entry of which a covered column is another than it was, and passes when none is; reading such a log never
// crashes. Covered are all columns that docs/STORAGE.md puts into the hash, the salt and the hash itself.
#include <set>

#include "fuzz/check.h"
#include "fuzz/server.h"
#include "net/token.h"
#include "sqlite/database.h"

namespace wherry::fuzz {
namespace {

constexpr std::array<const char*, 27> kColumns = {"seq",
                                                  "id",
                                                  "user_id",
                                                  "entity_id",
                                                  "name",
                                                  "data",
                                                  "client_timestamp",
                                                  "server_received_timestamp",
                                                  "server_handled_timestamp",
                                                  "replica_id",
                                                  "replica_seq",
                                                  "base_seq",
                                                  "epoch",
                                                  "schema_version",
                                                  "roles",
                                                  "submitted_by",
                                                  "stamp",
                                                  "outcome",
                                                  "code",
                                                  "message",
                                                  "lost",
                                                  "delta",
                                                  "salt",
                                                  "hash",
                                                  "greatest_stamp",
                                                  "scopes",
                                                  "scopes"};
constexpr size_t kCovered = 24;

const Beginning& chat() {
  static const Beginning made = beginning(
      "examples/chat", {{"ann", {"channel.create", R"({"id":"general","name":"General","private":false})"}},
                        {"ann|admin", {"user.register", R"({"id":"bob","name":"Bob"})"}},
                        {"ann", {"message.post", R"({"id":"b","channel_id":"general","body":"psst"})"}},
                        {"ann", {"message.edit", R"({"id":"b","body":"hello"})"}},
                        {"ann", {"message.react", R"({"id":"b","emoji":"e"})"}},
                        {"ann", {"message.delete", R"({"id":"b"})"}}});
  return made;
}

using Log = std::vector<Row>;

Log read(sqlite::Database& db) {
  static const std::string query = [] {
    std::vector<std::string> columns(kColumns.begin(), kColumns.begin() + kCovered);
    return cat("SELECT ", join(columns, ", "), " FROM wherry_commands ORDER BY seq");
  }();
  return must(db.rows(query));
}

// What docs/STORAGE.md takes for the same: a missing text or blob and an empty one, a missing number and 0.
Value normal(const std::string& column, const Value& value) {
  static const std::set<std::string> kTexts = {"data", "roles", "submitted_by", "code", "message"};
  if (!value.is_null()) return value;
  if (kTexts.contains(column)) return Value("");
  if (column == "lost" || column == "delta") return Value(Blob{});
  return column == "replica_seq" ? Value(int64_t{0}) : value;
}

std::optional<int64_t> first_difference(const Log& before, const Log& now) {
  for (size_t i = 0; i < now.size(); ++i) {
    if (i >= before.size()) return static_cast<int64_t>(i) + 1;
    for (size_t column = 0; column < kCovered; ++column)
      if (normal(kColumns[column], before[i][column]) != normal(kColumns[column], now[i][column]))
        return static_cast<int64_t>(i) + 1;
  }
  return std::nullopt;  // the end may be missing: the chain cannot know how long it was
}

Value any_value(Input& input, const Value& old) {
  switch (input.below(8)) {
    case 0:
      return Value();
    case 1:
      return Value(static_cast<int64_t>(input.word()));
    case 2:
      return Value(input.byte() + 0.5);
    case 3:
      return Value(input.counted());
    case 4:
      return Value(Blob{std::string(input.counted())});
    case 5:  // the same bytes as another type
      if (old.text() != nullptr) return Value(Blob{*old.text()});
      if (old.blob() != nullptr) return Value(old.blob()->bytes);
      if (old.integer() != nullptr) return Value(cat(*old.integer(), input.counted()));
      return Value("");
    case 6:  // one bit
      if (old.integer() != nullptr) return Value(*old.integer() ^ int64_t{1} << input.below(63));
      [[fallthrough]];
    default: {
      std::string bytes = old.text() != nullptr   ? *old.text()
                          : old.blob() != nullptr ? old.blob()->bytes
                                                  : "";
      if (!bytes.empty()) bytes[input.byte() % bytes.size()] ^= static_cast<char>(1 << input.below(8));
      return old.text() != nullptr ? Value(bytes) : Value(Blob{bytes});
    }
  }
}

void tamper(Input& input, sqlite::Database& db) {
  const int64_t seq = 1 + input.byte() % 8;
  const std::string column = input.pick(kColumns);
  const uint8_t kind = input.byte();
  // Constraints refuse some of it.
  if (kind == 255) {
    (void)db.run("DELETE FROM wherry_commands WHERE seq = ?", {Value(seq)});
  } else if (kind >= 250) {  // a copy of the column in another entry
    (void)db.run(cat("UPDATE wherry_commands SET ", column, " = (SELECT ", column,
                     " FROM wherry_commands WHERE seq = ?) WHERE seq = ?"),
                 {Value(int64_t{kind - 249}), Value(seq)});
  } else {
    const auto old =
        must(db.value(cat("SELECT ", column, " FROM wherry_commands WHERE seq = ?"), {Value(seq)}));
    if (old)
      (void)db.run(cat("UPDATE wherry_commands SET ", column, " = ? WHERE seq = ?"),
                   {any_value(input, *old), Value(seq)});
  }
}

void run(Input input) {
  Server server(chat());
  const auto db = must(sqlite::Database::open(server.disk.path("workspace.db"), sqlite::Access::kReadWrite));
  const Log before = read(*db);
  for (int n = 0; n < 3 && !input.empty(); ++n) tamper(input, *db);
  const auto reader = server.reader();
  const auto found = must(reader->verify(net::sha256));
  const auto expected = first_difference(before, read(*db));
  CHECK(found.has_value() == expected.has_value() && (!found || found->number == *expected), "finds ",
        found ? found->number : 0, " and not ", expected.value_or(0));
  must(reader->log(Seq{1}, [](const LogEntry&) -> Result<> { return {}; }));
}

}  // namespace
}  // namespace wherry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  wherry::fuzz::run({data, size});
  return 0;
}

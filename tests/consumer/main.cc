// Opens a replica offline, reads from it and shows that a second engine on the same file is refused.
#include <cstdio>
#include <memory>
#include <utility>

#include "wherry/wherry.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  wherry::DatabaseOptions options;
  options.create = true;
  auto opened = wherry::Database::open(argv[1], options);
  if (!opened) {
    std::fprintf(stderr, "open: %s\n", opened.error().text().c_str());
    return 1;
  }
  const std::unique_ptr<wherry::Database> database = *std::move(opened);

  const auto answer = database->query("SELECT 40 + ?1", {wherry::Value(int64_t{2})});
  if (!answer || answer->rows.size() != 1 || answer->rows[0][0] != wherry::Value(int64_t{42})) {
    std::fprintf(stderr, "query: not the expected result\n");
    return 1;
  }
  if (database->status().connected) return 1;

  const auto second = wherry::Database::open(argv[1], options);
  if (second || second.error().code != wherry::ErrorCode::kBusy) {
    std::fprintf(stderr, "a second engine was not refused\n");
    return 1;
  }
  std::puts("ok");
  return 0;
}

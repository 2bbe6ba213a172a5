// The confirmed state of rows whose visible state is another one: base images of rows that pending commands
// have changed, and rows set aside because another confirmed row holds their place in a UNIQUE index.
// A row's confirmed state is the one set aside, else its base image, else what is visible.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "replica/app.h"

namespace wherry {

class Images {
 public:
  using Image = std::optional<Row>;  // nothing: no such row

  explicit Images(sqlite::Database& db) : db_(db) {}

  // Nothing: no base image, so no pending command has changed the row.
  Result<std::optional<Image>> base(const App& app, const RowRef& ref);
  // Keeps the row's state before its first pending change; a base image that exists stays.
  Result<> keep_base(const App& app, const RowRef& ref, const Image& row);
  Result<> replace_base(const App& app, const RowRef& ref, const Image& row);
  Result<> remove_base(const App& app, const RowRef& ref);
  Result<> remove_all_bases();
  Result<std::vector<std::pair<RowRef, Image>>> bases(const App& app);

  Result<> set_aside(const App& app, const RowRef& ref, const Row& row);
  Result<> remove_aside(const App& app, const RowRef& ref);
  // In the order in which they were set aside.
  Result<std::vector<std::pair<RowRef, Row>>> asides(const App& app);
  Result<bool> any_aside();

  Result<Image> confirmed(App& app, const RowRef& ref);
  // Of a table that is no more.
  Result<> forget_table(int64_t table_id);

 private:
  sqlite::Database& db_;
};

}  // namespace wherry

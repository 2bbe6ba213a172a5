// Watches a running handler through the pre-update hook and sums up what it does to each row.
#pragma once

#include <unordered_map>
#include <vector>

#include "bundle/bundle.h"
#include "engine/delta.h"
#include "engine/preupdate.h"

namespace wherry {

// What a statement is known to do to one table before it runs.
struct WriteIntent {
  size_t table = 0;
  Cells assigns = 0;     // columns in its SET list
  bool inserts = false;  // with `assigns`: an upsert
  bool deletes = false;
};

class Capture {
 public:
  // The bundle must outlive the capture, and the capture what the hook is called for. Column numbers are
  // taken from the tables in `db`.
  static Result<std::unique_ptr<Capture>> watch(sqlite::Database& db, const Bundle& bundle, PreUpdate& hook);

  void begin();
  // What the statement that runs next does; stays until the next call.
  void expect(const std::vector<WriteIntent>* intents) { intents_ = intents; }
  // Stops watching and hands out the sum.
  Delta end();
  bool too_many_rows() const { return too_many_; }
  // A statement changed a primary key, which handlers may not.
  bool key_changed() const { return key_changed_; }

 private:
  struct Watched {
    size_t table = 0;
    std::vector<int> columns;  // SQLite's column number of each Table::columns
  };
  explicit Capture(const Bundle& bundle) : bundle_(bundle) {}
  void changed(const Watched& watched, const PreUpdate::Change& change);
  RowChange& change_of(RowRef ref, std::optional<Row> before);
  RowRef ref_of(size_t table, const Row& row) const;

  const Bundle& bundle_;
  const std::vector<WriteIntent>* intents_ = nullptr;
  Delta delta_;
  std::unordered_map<RowRef, size_t, RowRefHash> index_;
  bool active_ = false, too_many_ = false, key_changed_ = false;
};

}  // namespace wherry

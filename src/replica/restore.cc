#include "replica/restore.h"

#include <map>

#include "base/text.h"
#include "engine/deferred.h"

namespace wherry {

namespace {

bool is_unique_conflict(sqlite::Database& db) {
  return sqlite3_extended_errcode(db.handle()) == SQLITE_CONSTRAINT_UNIQUE;
}

// The statement writes `row` and notes in wherry_evicted what it displaces; recursive triggers see the rows
// that OR REPLACE deletes, whatever kind of index they conflict in.
Result<> evict(sqlite::Database& db, App& app, Images& images, const RowState& state) {
  const Table& table = app.table(state.ref.table);
  std::vector<std::string> names, values, old;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    names.push_back(quote_name(table.columns[i].name));
    values.push_back(cat("?", i + 1));
    old.push_back(cat("OLD.", quote_name(table.columns[i].name)));
  }
  const std::string columns = join(names, ", ");
  // Columns without a type keep every value as it is.
  TRY(db.execute(cat("CREATE TEMP TABLE wherry_evicted(", columns, ");",
                     "CREATE TEMP TRIGGER wherry_evict AFTER DELETE ON main.", quote_name(table.name),
                     " BEGIN INSERT INTO wherry_evicted VALUES(", join(old, ", "), "); END")));
  Result<> written;
  std::vector<Row> evicted;
  {
    TRY_ASSIGN(sqlite::Statement insert, db.prepare(cat("INSERT OR REPLACE INTO ", quote_name(table.name),
                                                        "(", columns, ") VALUES(", join(values, ", "), ")")));
    for (size_t i = 0; i < state.row->size(); ++i) insert.bind(static_cast<int>(i) + 1, (*state.row)[i]);
    written = insert.run();
    if (written) {
      TRY_ASSIGN(sqlite::Statement read, db.prepare("SELECT * FROM wherry_evicted ORDER BY rowid"));
      while (true) {
        TRY_ASSIGN(const bool more, read.step());
        if (!more) break;
        evicted.push_back(read.row());
      }
    }
  }
  TRY(db.execute("DROP TRIGGER wherry_evict; DROP TABLE wherry_evicted"));
  TRY(written);
  for (const Row& row : evicted) {
    const RowRef ref = app.rows().ref_of(state.ref.table, row);
    if (ref != state.ref) TRY(images.set_aside(app, ref, row));
  }
  return {};
}

}  // namespace

Result<bool> restore_rows(sqlite::Database& db, App& app, Images& images, const std::vector<RowState>& rows,
                          OnConflict on_conflict) {
  app.engine().forget_parents();
  for (const RowState& state : rows)
    if (!state.is_new && (!state.row || app.table(state.ref.table).unique_beyond_key))
      TRY(app.rows().remove(state.ref));
  DeferredTriggers& indexes = app.engine().deferred();
  std::map<size_t, std::vector<const Row*>> unindexed;
  for (const RowState& state : rows) {
    if (!state.row) continue;
    if (state.is_new && indexes.may_follow(state.ref.table)) {
      unindexed[state.ref.table].push_back(&*state.row);
      continue;
    }
    const size_t table = state.ref.table;
    const Result<> put = state.is_new                ? app.rows().add(table, *state.row)
                         : indexes.may_follow(table) ? app.rows().change(table, *state.row)
                                                     : app.rows().put(table, *state.row);
    if (put) continue;
    if (!is_unique_conflict(db)) return std::unexpected(put.error());
    if (on_conflict == OnConflict::kStop) return false;
    TRY(evict(db, app, images, state));
  }
  for (const auto& [table, added] : unindexed) TRY(indexes.add_unindexed(table, added));
  return true;
}

Result<> retry_asides(sqlite::Database& db, App& app, Images& images) {
  TRY_ASSIGN(const auto asides, images.asides(app));
  if (!asides.empty()) app.engine().forget_parents();
  for (const auto& [ref, row] : asides) {
    const Result<> put = app.rows().put(ref.table, row);
    if (put) {
      TRY(images.remove_aside(app, ref));
    } else if (!is_unique_conflict(db)) {
      return std::unexpected(put.error());
    }
  }
  return {};
}

}  // namespace wherry

#include "workspace/arbitrate.h"

#include "base/msgpack.h"

namespace wherry::workspace {

namespace {

class Arbiter {
 public:
  Arbiter(const Contender& contender, Engine& engine, Log& log)
      : contender_(contender), rows_(engine.rows()), predicates_(engine.predicates()), log_(log) {}

  // May the contender overwrite what the command at `written` wrote?
  Result<bool> wins(Seq written) {
    if (written == contender_.seq || (contender_.knows_base && written <= contender_.base_seq)) return true;
    TRY_ASSIGN(const Log::Writer other, log_.writer(written));
    return contender_.writer > other;
  }

  Result<> judge(RowChange& change, const Version& version, std::vector<protocol::LostCell>& lost) {
    if (change.is_insert() || change.is_remove()) {
      TRY_ASSIGN(const bool won, wins(version.existence));
      if (won) return {};
      lost.push_back(lost_cell(change, {}));
      TRY(rows_.restore(change.ref, change.before));
      change.after = change.before;
      change.assigned = 0;
      change.existence = false;
      return {};
    }
    if (change.existence) {  // added again, or removed though absent: nothing visible hangs on it
      TRY_ASSIGN(change.existence, wins(version.existence));
    }
    if (change.is_absent()) return {};
    TRY_ASSIGN(const bool was_deleted, predicates_.is_deleted(change.ref.table, *change.before));
    TRY_ASSIGN(const bool deletes, predicates_.is_deleted(change.ref.table, *change.after));
    if (deletes && !was_deleted) return {};
    return judge_cells(change, version, lost);
  }

 private:
  Result<> judge_cells(RowChange& change, const Version& version, std::vector<protocol::LostCell>& lost) {
    const Table& table = rows_.bundle().tables[change.ref.table];
    bool restored = false;
    for (size_t i = 0; i < table.columns.size(); ++i) {
      const Cells bit = Cells{1} << i;
      if ((change.assigned & bit) == 0 || table.columns[i].merge != Merge::kLww) continue;
      TRY_ASSIGN(const bool won, wins(version.cell(i)));
      if (won) continue;
      change.assigned &= ~bit;
      if ((*change.after)[i] == (*change.before)[i]) continue;
      lost.push_back(lost_cell(change, table.columns[i].name));
      (*change.after)[i] = (*change.before)[i];
      restored = true;
    }
    if (restored) TRY(rows_.put(change.ref.table, *change.after));
    return {};
  }

  protocol::LostCell lost_cell(const RowChange& change, std::string column) const {
    const auto key = decode_key(change.ref.key);
    return {rows_.bundle().tables[change.ref.table].id, key ? *key : Row{}, std::move(column)};
  }

  const Contender& contender_;
  Rows& rows_;
  Predicates& predicates_;
  Log& log_;
};

}  // namespace

Result<std::vector<protocol::LostCell>> arbitrate(Delta& delta, const Contender& contender, Engine& engine,
                                                  Versions& versions, Log& log) {
  std::vector<protocol::LostCell> lost;
  Arbiter arbiter(contender, engine, log);
  for (RowChange& change : delta.rows) {
    TRY_ASSIGN(const std::optional<Version> version, versions.read(change.ref));
    if (!version || (contender.knows_base && version->seq <= contender.base_seq)) continue;
    TRY(arbiter.judge(change, *version, lost));
  }
  std::erase_if(delta.rows,
                [](const RowChange& c) { return !c.changes_row() && c.assigned == 0 && !c.existence; });
  return lost;
}

Result<> record_versions(const Delta& delta, const Contender& contender, const Bundle& bundle,
                         Versions& versions) {
  for (const RowChange& change : delta.rows) {
    TRY_ASSIGN(std::optional<Version> version, versions.read(change.ref));
    if (!version) version = Version{contender.seq, false, Seq{}, {}};
    version->seq = contender.seq;
    if (change.existence) {
      // Cells keep their own writer when only existence is confirmed; a row that comes anew has none.
      if (change.before && change.after) {
        const Seq inserted = version->existence;
        for (size_t i = 0; i < bundle.tables[change.ref.table].columns.size(); ++i)
          if (version->cell(i) == inserted) version->set_cell(i, inserted);
      } else {
        version->cells.clear();
      }
      version->existence = contender.seq;
      version->alive = change.after.has_value();
    }
    if (change.before && change.after)
      for (size_t i = 0; i < change.after->size(); ++i)
        if ((change.assigned & Cells{1} << i) != 0) version->set_cell(i, contender.seq);
    versions.write(change.ref, std::move(*version));
  }
  return {};
}

}  // namespace wherry::workspace

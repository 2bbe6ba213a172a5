#include <algorithm>

#include "base/text.h"
#include "bundle/audience.h"
#include "bundle/workbench.h"

namespace wherry {

namespace {

class TriggerCheck {
 public:
  explicit TriggerCheck(const Workbench& bench) : bench_(bench), db_(*bench.schema.db) {}

  void check() {
    for (size_t i = 0; i < bench_.schema.tables.size(); ++i)
      if (!bench_.schema.tables[i].is_virtual) probe(i);
    for (const auto& [view, place] : bench_.schema.views)
      if (!db_.prepare(cat("SELECT * FROM ", quote_name(view))))
        report_sql(bench_.report, bench_.schema, place, {}, cat("the view `", view, "`"));
    for (size_t i = 0; i < bench_.bundle.tables.size(); ++i) {
      Table& t = bench_.bundle.tables[i];
      if (t.kind == TableKind::kDerived && t.sources.empty() && !failed_)
        bench_.report.add(bench_.schema.tables[i].place,
                          cat("no trigger fills the derived table `", t.name, "`"),
                          "Write triggers on the tables it derives from.");
    }
  }

 private:
  // Prepares an insert, an update and a delete of the table and looks at what its triggers do.
  void probe(size_t table) {
    const Table& t = bench_.bundle.tables[table];
    std::vector<std::string> names, marks, sets;
    for (const Column& c : t.columns) {
      names.push_back(quote_name(c.name));
      marks.push_back("?");
      sets.push_back(cat(quote_name(c.name), " = ?"));
    }
    const std::string name = quote_name(t.name);
    for (const std::string& sql :
         {cat("INSERT INTO ", name, "(", join(names, ", "), ") VALUES(", join(marks, ", "), ")"),
          cat("UPDATE ", name, " SET ", join(sets, ", ")), cat("DELETE FROM ", name)}) {
      StatementAccess access;
      if (!bench_.prepare(sql, access)) {
        failed_ = true;
        if (access.refused.empty())
          report_sql(bench_.report, bench_.schema, place_of(table), {}, cat("a trigger of `", t.name, "`"));
        else
          bench_.report.add(place_of(table), cat("a trigger of `", t.name, "`: ", access.refused),
                            "Leave it out.");
        return;
      }
      for (const StatementAccess::TableWrite& write : access.writes)
        if (!write.trigger.empty()) written(table, write);
      for (const StatementAccess::TableRead& read : access.reads)
        if (!read.trigger.empty()) was_read(table, read);
    }
    // A foreign key that names no key of its parent shows only where keys are enforced.
    if (!db_.execute("PRAGMA foreign_keys = ON")) return;
    if (!db_.prepare(cat("UPDATE ", name, " SET ", join(sets, ", "))))
      report_sql(bench_.report, bench_.schema, bench_.schema.tables[table].place, {},
                 cat("a foreign key of `", t.name, "`"));
    (void)db_.execute("PRAGMA foreign_keys = OFF");
  }

  Place place_of(size_t table) const {
    const std::string& name = bench_.schema.tables[table].name;
    const auto trigger = std::ranges::find(bench_.schema.triggers, name, &SchemaTrigger::table);
    return trigger == bench_.schema.triggers.end() ? bench_.schema.tables[table].place : trigger->place;
  }

  Place place_of_trigger(const std::string& trigger, size_t table) const {
    const auto found = std::ranges::find(bench_.schema.triggers, trigger, &SchemaTrigger::name);
    return found == bench_.schema.triggers.end() ? place_of(table) : found->place;
  }

  void written(size_t table, const StatementAccess::TableWrite& write) {
    const SchemaTable* found = bench_.schema.table(write.table);
    if (found == nullptr) return;
    Table& target = bench_.bundle.tables[static_cast<size_t>(found - bench_.schema.tables.data())];
    if (target.kind != TableKind::kDerived)
      return bench_.report.add(
          place_of_trigger(write.trigger, table),
          cat("the trigger `", write.trigger, "` writes `", target.name, "`, which is not derived"),
          "Triggers may only fill derived tables; let the command write the others.");
    if (std::ranges::find(target.sources, table) == target.sources.end()) target.sources.push_back(table);
    std::ranges::sort(target.sources);
  }

  void was_read(size_t table, const StatementAccess::TableRead& read) {
    const SchemaTable* found = bench_.schema.table(read.table);
    if (found == nullptr) return;
    const Table& target = bench_.bundle.tables[static_cast<size_t>(found - bench_.schema.tables.data())];
    if (!is_wherever(target, bench_.bundle.tables[table]))
      bench_.report.add(place_of_trigger(read.trigger, table),
                        cat("the trigger `", read.trigger, "` reads `", target.name,
                            "`, which is not everywhere that `", bench_.bundle.tables[table].name, "` is"),
                        "Triggers run on the server and on devices alike; read only what both have.");
  }

  const Workbench& bench_;
  sqlite::Database& db_;
  bool failed_ = false;  // so that some of what triggers do is not known
};

}  // namespace

void check_triggers(const Workbench& bench) {
  TriggerCheck(bench).check();
}

}  // namespace wherry

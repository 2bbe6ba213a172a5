#include "engine/deferred.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "base/text.h"
#include "bundle/tokens.h"

namespace wherry {

namespace {

// So many entries are gathered at once, at most.
constexpr size_t kSlice = 20'000;

using Tokens = std::vector<Token>;

// CREATE VIRTUAL TABLE name USING fts5 …
std::optional<std::string> fts5_table(const Tokens& tokens) {
  if (tokens.size() < 6 || !tokens[1].is_word("VIRTUAL")) return std::nullopt;
  for (size_t i = 3; i + 2 < tokens.size(); ++i)
    if (tokens[i].is_word("USING") && tokens[i + 1].names("fts5")) return tokens[i - 1].text;
  return std::nullopt;
}

// A trigger's text, taken apart as far as deferring it needs. Nothing that it does not recognise is deferred.
class TriggerParser {
 public:
  TriggerParser(std::string_view sql, const std::set<std::string>& fts5_tables)
      : sql_(sql), tokens_(tokenize(sql)), fts5_tables_(fts5_tables) {}

  struct Parsed {
    std::string name;
    std::string head;  // between its name and ON: AFTER UPDATE OF body
    std::string table;
    std::string condition;  // between the table and BEGIN: WHEN …
    std::string when;       // its expression, or empty
    std::string event;      // INSERT, UPDATE or DELETE
    struct Statement {
      DeferredStatement later;
      std::string values;  // the expressions
      std::string form;    // how the entry is made, the same for one that is added and one that is removed
    };
    std::vector<Statement> statements;
  };

  static bool is_trigger(const Tokens& tokens) {
    return tokens.size() > 2 && tokens[0].is_word("CREATE") && tokens[1].is_word("TRIGGER");
  }

  static size_t place_of_name(const Tokens& trigger) {
    return trigger[2].is_word("IF") ? 5 : 2;
  }  // IF NOT EXISTS

  std::optional<Parsed> parse() {
    size_t i = place_of_name(tokens_);
    Parsed parsed;
    if (i + 1 >= tokens_.size()) return std::nullopt;
    parsed.name = name(i++);
    const size_t head = i;
    if (!at(i, "AFTER")) return std::nullopt;
    while (i < tokens_.size() && !at(i, "ON")) ++i;
    if (i + 1 >= tokens_.size()) return std::nullopt;
    parsed.head = text(head, i);
    parsed.event = tokens_[head + 1].text;
    parsed.table = name(i + 1);
    i += 2;
    const size_t condition = i;
    size_t when = condition;
    for (; i < tokens_.size() && !at(i, "BEGIN"); ++i)
      if (when == condition && at(i, "WHEN")) when = i + 1;
    parsed.condition = text(condition, i);
    if (when > condition) parsed.when = text(when, i);
    if (i == tokens_.size() || reads_tables(condition, i)) return std::nullopt;
    for (++i; i < tokens_.size() && !at(i, "END");) {
      size_t end = i;
      while (end < tokens_.size() && !tokens_[end].is_symbol(';')) ++end;
      auto statement = statement_of(i, end);
      if (!statement || end == tokens_.size()) return std::nullopt;
      parsed.statements.push_back(*std::move(statement));
      i = end + 1;
    }
    if (i + 1 != tokens_.size()) return std::nullopt;
    return parsed;
  }

 private:
  bool at(size_t i, std::string_view word) const { return i < tokens_.size() && tokens_[i].is_word(word); }
  std::string name(size_t i) const {
    const Token& token = tokens_[i];
    return token.kind == Token::Kind::kWord ? std::string(sql_.substr(token.begin, token.end - token.begin))
                                            : token.text;
  }
  std::string text(size_t first, size_t end) const {
    if (first >= end) return {};
    return std::string(sql_.substr(tokens_[first].begin, tokens_[end - 1].end - tokens_[first].begin));
  }
  // By a query, or by `x IN table`.
  bool reads_tables(size_t first, size_t end) const {
    for (size_t i = first; i < end; ++i)
      if (tokens_[i].is_word("SELECT") || tokens_[i].is_word("FROM") ||
          (tokens_[i].is_word("IN") && i + 1 < end && !tokens_[i + 1].is_symbol('(')))
        return true;
    return false;
  }

  std::optional<Parsed::Statement> statement_of(size_t first, size_t end) const {
    if (at(first, "INSERT") && at(first + 1, "INTO")) return insert_of(first + 2, end);
    if (at(first, "DELETE") && at(first + 1, "FROM")) return delete_of(first + 2, end);
    return std::nullopt;
  }

  std::optional<std::string> target_of(size_t i) const {
    if (i >= tokens_.size()) return std::nullopt;
    for (const std::string& table : fts5_tables_)
      if (tokens_[i].names(table)) return table;
    return std::nullopt;
  }

  // target(column, …) VALUES(value, …)
  std::optional<Parsed::Statement> insert_of(size_t i, size_t end) const {
    const auto target = target_of(i++);
    if (!target || i >= end || !tokens_[i].is_symbol('(')) return std::nullopt;
    Parsed::Statement made;
    made.later.target = *target;
    size_t past = behind_parenthesis(tokens_, i);
    std::vector<std::string> quoted;
    for (size_t column = i + 1; column + 1 < past; column += 2) {
      made.later.columns.push_back(name(column));
      quoted.push_back(quote_name(name(column)));
    }
    if (!at(past, "VALUES") || past + 1 >= end || !tokens_[past + 1].is_symbol('(')) return std::nullopt;
    const size_t open = past + 1;
    past = behind_parenthesis(tokens_, open);
    if (past != end || reads_tables(open, past)) return std::nullopt;
    made.values = text(open + 1, past - 1);
    made.later.values = 1;
    for (size_t token = open + 1; token + 1 < past; ++token)
      if (tokens_[token].is_symbol(',') && tokens_[token].depth == tokens_[open].depth + 1)
        ++made.later.values;
    if (made.later.values != quoted.size()) return std::nullopt;
    std::vector<std::string> marks;
    for (size_t value = 1; value <= quoted.size(); ++value) marks.push_back(cat("?", value));
    made.later.sql = cat("INSERT INTO ", quote_name(*target), "(", join(quoted, ", "), ") VALUES(",
                         join(marks, ", "), ")");
    classify(made.later, tokens_[open + 1]);
    if (made.later.effect != DeferredStatement::Effect::kOther)
      made.later.rowid_is = rowid_at(nth_value(open, made.later.rowid), past - 1);
    made.form = form_of(made.later, open, past - 1);
    return made;
  }

  // INSERT INTO t(t, rowid, …) VALUES('delete', …) is FTS5's way to remove an entry.
  static void classify(DeferredStatement& later, const Token& first_value) {
    const bool commands = same_name(later.columns[0], later.target);
    if (commands && (first_value.kind != Token::Kind::kText || first_value.text != "delete")) return;
    const auto rowid =
        std::ranges::find_if(later.columns, [](const std::string& c) { return same_name(c, "rowid"); });
    if (rowid == later.columns.end()) return;
    later.rowid = static_cast<size_t>(rowid - later.columns.begin());
    later.effect = commands ? DeferredStatement::Effect::kRemoves : DeferredStatement::Effect::kAdds;
  }

  // The first token of a value in the list that opens there.
  size_t nth_value(size_t open, size_t n) const {
    size_t i = open + 1;
    for (; n > 0; ++i)
      if (tokens_[i].is_symbol(',') && tokens_[i].depth == tokens_[open].depth + 1) --n;
    return i;
  }
  DeferredStatement::Rowid rowid_at(size_t value, size_t end) const {
    using Rowid = DeferredStatement::Rowid;
    const bool is_rowid = value + 2 < end && tokens_[value + 1].is_symbol('.') &&
                          tokens_[value + 2].names("rowid") &&
                          (value + 3 == end || tokens_[value + 3].is_symbol(','));
    if (!is_rowid) return Rowid::kOther;
    return tokens_[value].names("new")   ? Rowid::kNew
           : tokens_[value].names("old") ? Rowid::kOld
                                         : Rowid::kOther;
  }

  // Columns and values of an entry, with ROW for both NEW and OLD.
  std::string form_of(const DeferredStatement& later, size_t open, size_t end) const {
    std::string form;
    for (const std::string& column : later.entry()) form += cat(quote_name(column), " ");
    const size_t first = later.columns.size() - later.entry().size();
    for (size_t i = nth_value(open, first); i < end; ++i) {
      const bool is_row = i + 1 < end && tokens_[i + 1].is_symbol('.') &&
                          (tokens_[i].names("new") || tokens_[i].names("old"));
      form += is_row ? "ROW " : cat(sql_.substr(tokens_[i].begin, tokens_[i].end - tokens_[i].begin), " ");
    }
    return form;
  }

  // target WHERE rowid = value
  std::optional<Parsed::Statement> delete_of(size_t i, size_t end) const {
    const auto target = target_of(i);
    if (!target || !at(i + 1, "WHERE") || i + 4 >= end || !tokens_[i + 2].names("rowid") ||
        !tokens_[i + 3].is_symbol('=') || reads_tables(i + 4, end))
      return std::nullopt;
    for (size_t token = i + 4; token < end; ++token)
      if (tokens_[token].is_word("AND") || tokens_[token].is_word("OR")) return std::nullopt;
    Parsed::Statement made;
    made.later.target = *target;
    made.later.sql = cat("DELETE FROM ", quote_name(*target), " WHERE rowid = ?1");
    made.later.values = 1;
    made.values = text(i + 4, end);
    return made;
  }

  std::string_view sql_;
  Tokens tokens_;
  const std::set<std::string>& fts5_tables_;
};

// Takes out of `tables` what the text names.
void keep_unnamed(std::set<std::string>& tables, const Tokens& tokens) {
  std::erase_if(tables, [&](const std::string& table) {
    return std::ranges::any_of(tokens, [&](const Token& token) { return token.names(table); });
  });
}

DeferredTrigger temporary(const TriggerParser::Parsed& parsed, std::vector<DeferredStatement>& statements) {
  DeferredTrigger trigger;
  trigger.name = parsed.name;
  std::string body = " BEGIN ";
  for (const auto& statement : parsed.statements) {
    std::vector<std::string> columns = {"statement"};
    for (size_t i = 1; i <= statement.later.values; ++i) columns.push_back(cat("v", i));
    body += cat("INSERT INTO wherry_deferred(", join(columns, ", "), ") VALUES(", statements.size(), ", ",
                statement.values, "); ");
    statements.push_back(statement.later);
  }
  body += "END";
  const std::string head = cat("CREATE TEMP TRIGGER ", quote_name(cat("wherry_deferred_", parsed.name)), " ",
                               parsed.head, " ON main.", quote_name(parsed.table), " ");
  trigger.create = cat(head, parsed.condition, body);
  trigger.muted = parsed.event != "INSERT"
                      ? trigger.create
                      : cat(head, "WHEN NOT EXISTS (SELECT 1 FROM temp.wherry_deferred_off)",
                            parsed.when.empty() ? "" : cat(" AND (", parsed.when, ")"), body);
  return trigger;
}

// One entry for each row: made when it is added and removed with it, whatever is in it; when it changes,
// removed and made anew; always in the same form. So a removal has the values of the addition before it.
// What waits by this rule is in replicas' files: a change of it raises Store::kFormat.
bool is_one_entry_per_row(const std::vector<const TriggerParser::Parsed*>& triggers) {
  using Effect = DeferredStatement::Effect;
  using Rowid = DeferredStatement::Rowid;
  std::set<std::string_view> events;
  for (const TriggerParser::Parsed* trigger : triggers) {
    if (!events.insert(trigger->event).second) return false;
    if (trigger->event != "UPDATE" && !trigger->when.empty()) return false;
    std::vector<Effect> effects;
    for (const auto& [later, values, form] : trigger->statements) {
      if (form != triggers.front()->statements.front().form) return false;
      if (later.rowid_is != (later.effect == Effect::kAdds ? Rowid::kNew : Rowid::kOld)) return false;
      effects.push_back(later.effect);
    }
    if (effects != (trigger->event == "INSERT"   ? std::vector{Effect::kAdds}
                    : trigger->event == "DELETE" ? std::vector{Effect::kRemoves}
                                                 : std::vector{Effect::kRemoves, Effect::kAdds}))
      return false;
  }
  return events.contains("INSERT") && events.contains("DELETE");
}

std::vector<LateIndex> late_indexes(const Bundle& bundle, const std::vector<TriggerParser::Parsed>& parsed,
                                    const std::vector<Tokens>& kept) {
  std::vector<LateIndex> late;
  for (size_t i = 0; i < bundle.tables.size(); ++i) {
    const Table& table = bundle.tables[i];
    std::vector<const TriggerParser::Parsed*> triggers;
    std::set<std::string> targets;
    for (const auto& trigger : parsed) {
      if (!same_name(trigger.table, table.name)) continue;
      triggers.push_back(&trigger);
      for (const auto& statement : trigger.statements) targets.insert(statement.later.target);
    }
    const bool elsewhere = std::ranges::any_of(parsed, [&](const auto& trigger) {
      return !same_name(trigger.table, table.name) &&
             std::ranges::any_of(trigger.statements,
                                 [&](const auto& s) { return targets.contains(s.later.target); });
    });
    const bool other_triggers = std::ranges::any_of(kept, [&](const Tokens& trigger) {
      return std::ranges::any_of(trigger, [&](const Token& token) { return token.names(table.name); });
    });
    const bool own_rowid =
        std::ranges::any_of(table.columns, [](const Column& c) { return same_name(c.name, "rowid"); });
    if (targets.size() != 1 || elsewhere || other_triggers || own_rowid || table.unique_beyond_key ||
        !is_one_entry_per_row(triggers))
      continue;
    const auto adding = std::ranges::find(triggers, "INSERT", &TriggerParser::Parsed::event);
    const auto& [later, values, form] = (*adding)->statements.front();
    std::vector<std::string> columns, marks;
    for (const Column& column : table.columns) {
      columns.push_back(quote_name(column.name));
      marks.push_back(cat("?", columns.size()));
    }
    std::vector<std::string> entry;
    for (const std::string& column : later.columns) entry.push_back(quote_name(column));
    late.push_back({i, later.target,
                    // A conflict is met before anything is written. With OR ABORT, SQLite would keep a copy
                    // of every page that the statement touches, since it has a trigger.
                    cat("INSERT OR FAIL INTO ", quote_name(table.name), "(", join(columns, ", "), ") VALUES(",
                        join(marks, ", "), ")"),
                    cat("INSERT INTO ", quote_name(later.target), "(", join(entry, ", "), ") SELECT ", values,
                        " FROM main.wherry_unindexed AS run CROSS JOIN main.", quote_name(table.name),
                        " AS new WHERE run.tbl = ?1 AND run.first <= ?2"
                        " AND new.rowid BETWEEN run.first AND min(run.last, ?2)")});
  }
  return late;
}

}  // namespace

std::span<const std::string> DeferredStatement::entry() const {
  return std::span(columns).subspan(effect == Effect::kRemoves ? 1 : 0);
}

bool Deferral::is_target(std::string_view table) const {
  return std::ranges::any_of(statements, [&](const DeferredStatement& statement) {
    const std::string& target = statement.target;
    return same_name(table, target) || (table.size() > target.size() && table[target.size()] == '_' &&
                                        same_name(table.substr(0, target.size()), target));
  });
}

Deferral deferral_of(const Bundle& bundle) {
  std::set<std::string> targets;
  std::vector<Tokens> ddl;
  for (const std::string& statement : bundle.ddl) {
    ddl.push_back(tokenize(statement));
    if (const auto table = fts5_table(ddl.back())) targets.insert(*table);
  }
  // A trigger that stays takes the tables that it names from those that are deferred, and so on.
  std::vector<TriggerParser::Parsed> parsed;
  std::vector<Tokens> kept;
  for (size_t before = targets.size() + 1; targets.size() < before;) {
    before = targets.size();
    parsed.clear();
    kept.clear();
    for (size_t i = 0; i < ddl.size(); ++i) {
      if (!TriggerParser::is_trigger(ddl[i])) continue;
      if (auto one = TriggerParser(bundle.ddl[i], targets).parse()) {
        parsed.push_back(*std::move(one));
      } else {
        keep_unnamed(targets, ddl[i]);
        kept.push_back(ddl[i]);
      }
    }
  }
  Deferral deferral;
  for (const TriggerParser::Parsed& one : parsed)
    deferral.triggers.push_back(temporary(one, deferral.statements));
  deferral.late = late_indexes(bundle, parsed, kept);
  return deferral;
}

std::vector<std::string> stored_ddl(const Bundle& bundle) {
  const Deferral deferral = deferral_of(bundle);
  std::vector<std::string> stored;
  for (const std::string& statement : bundle.ddl) {
    const Tokens tokens = tokenize(statement);
    const bool deferred = TriggerParser::is_trigger(tokens) &&
                          std::ranges::any_of(deferral.triggers, [&](const DeferredTrigger& trigger) {
                            return tokens[TriggerParser::place_of_name(tokens)].names(trigger.name);
                          });
    if (!deferred) stored.push_back(statement);
  }
  return stored;
}

Result<std::unique_ptr<DeferredTriggers>> DeferredTriggers::install(sqlite::Database& db,
                                                                    const Bundle& bundle) {
  Deferral deferral = deferral_of(bundle);
  TRY_ASSIGN(const std::vector<Row> earlier,
             db.rows("SELECT type, name FROM sqlite_temp_schema WHERE name GLOB 'wherry_deferred*' "
                     "ORDER BY type = 'table'"));
  for (const Row& row : earlier)
    TRY(db.execute(cat("DROP ", *row[0].text(), " temp.", quote_name(*row[1].text()))));
  // A file that was made when all triggers were stored would fill the index twice.
  for (const DeferredTrigger& trigger : deferral.triggers) {
    TRY_ASSIGN(const auto stored,
               db.value("SELECT 1 FROM main.sqlite_schema WHERE type = 'trigger' AND name = ?",
                        {Value(trigger.name)}));
    if (stored) TRY(db.execute(cat("DROP TRIGGER main.", quote_name(trigger.name))));
  }
  size_t most = 1;
  for (const DeferredStatement& statement : deferral.statements) most = std::max(most, statement.values);
  std::string columns;
  for (size_t i = 1; i <= most; ++i) columns += cat(", v", i);
  TRY(db.execute(cat("CREATE TEMP TABLE wherry_deferred(n INTEGER PRIMARY KEY, statement INTEGER", columns,
                     ");", "CREATE TEMP TABLE wherry_deferred_off(off INTEGER)")));
  TRY_ASSIGN(const auto may_follow,
             db.value("SELECT 1 FROM main.sqlite_schema WHERE name = 'wherry_unindexed'"));
  if (!may_follow) deferral.late.clear();
  std::unique_ptr<DeferredTriggers> made(new DeferredTriggers(db, bundle, std::move(deferral)));
  for (const DeferredTrigger& trigger : made->deferral_.triggers)
    TRY(db.execute(may_follow ? trigger.muted : trigger.create));
  return made;
}

DeferredTriggers::DeferredTriggers(sqlite::Database& db, const Bundle& bundle, Deferral deferral)
    : db_(db),
      bundle_(bundle),
      deferral_(std::move(deferral)),
      waiting_(db, "SELECT * FROM temp.wherry_deferred WHERE n > ?1 ORDER BY n LIMIT ?2"),
      unindexed_(db) {}

const LateIndex* DeferredTriggers::late_of(size_t table) const {
  const auto at = std::ranges::find(deferral_.late, table, &LateIndex::table);
  return at == deferral_.late.end() ? nullptr : &*at;
}

const LateIndex* DeferredTriggers::late_of(const Work& work) const {
  const auto at =
      std::ranges::find(deferral_.late, deferral_.statements[work.statement].target, &LateIndex::target);
  return at == deferral_.late.end() ? nullptr : &*at;
}

Result<> DeferredTriggers::add_unindexed(size_t table, std::span<const Row* const> rows) {
  TRY(run());  // a new row may have the rowid of one that went
  TRY_ASSIGN(sqlite::Statement * add, db_.cached(late_of(table)->add));
  const int64_t id = bundle_.tables[table].id;
  TRY(db_.run("INSERT INTO temp.wherry_deferred_off VALUES(1)"));
  Unindexed::Adding following(unindexed_);
  for (const Row* row : rows) {
    for (size_t i = 0; i < row->size(); ++i) add->lend(static_cast<int>(i) + 1, (*row)[i]);
    TRY(add->run());
    TRY(following.add(id, sqlite3_last_insert_rowid(db_.handle())));
  }
  TRY(following.finish());
  TRY(db_.run("DELETE FROM temp.wherry_deferred_off"));
  return {};
}

Result<bool> DeferredTriggers::lacks_entries(int64_t rows) {
  return deferral_.late.empty() ? false : unindexed_.are_at_least(rows);
}

Result<> DeferredTriggers::index_more(int64_t rows) {
  TRY(run());  // of rows that have changed since they came
  TRY_ASSIGN(const auto next, unindexed_.next(rows));
  if (!next) return {};
  const auto late = std::ranges::find(deferral_.late, next->table,
                                      [&](const LateIndex& l) { return bundle_.tables[l.table].id; });
  // A new schema is not taken before all is written: the table is there.
  if (late != deferral_.late.end()) TRY(db_.run(late->fill, {Value(next->table), Value(next->last)}));
  return unindexed_.done(*next);
}

Result<> DeferredTriggers::complete() {
  TRY(run());
  while (true) {
    TRY_ASSIGN(const bool lacks, lacks_entries(1));
    if (!lacks) return {};
    TRY(index_more(kSlice));
  }
}

// A row without an entry has none to be removed. What is left of its work ends with an addition, and then it
// goes on waiting, or with a removal, and then there is nothing to wait for.
Result<std::vector<DeferredTriggers::Work>> DeferredTriggers::without_unindexed(std::vector<Work> work) {
  TRY_ASSIGN(const bool any, lacks_entries(1));
  if (!any) return work;
  using Place = std::pair<int64_t, int64_t>;  // Table::id, rowid
  const auto place_of = [&](const Work& one) -> std::optional<Place> {
    const LateIndex* late = late_of(one);
    if (late == nullptr) return std::nullopt;
    return Place{bundle_.tables[late->table].id, *rowid_of(one)};
  };
  std::map<Place, DeferredStatement::Effect> last;
  for (const Work& one : work)
    if (const auto place = place_of(one)) last[*place] = deferral_.statements[one.statement].effect;
  std::set<Place> waiting;
  for (const auto& [place, effect] : last) {
    TRY_ASSIGN(const bool waits, unindexed_.has(place.first, place.second));
    if (!waits) continue;
    waiting.insert(place);
    if (effect == DeferredStatement::Effect::kRemoves) TRY(unindexed_.remove(place.first, place.second));
  }
  std::erase_if(work, [&](const Work& one) {
    const auto place = place_of(one);
    return place && waiting.contains(*place);
  });
  return work;
}

// An entry that is added and removed again, or removed and added again as it was, need not be written: a
// replica that runs its pending commands again does little else.
std::vector<DeferredTriggers::Work> DeferredTriggers::without_detours(std::vector<Work> work) const {
  struct Entries {
    std::unordered_map<int64_t, std::vector<size_t>> last;  // by rowid, what is left of its entries
  };
  std::map<std::string_view, Entries> tables;
  std::vector<bool> dropped(work.size());
  bool by_rowid = true;
  for (size_t i = 0; i < work.size(); ++i) {
    Entries& table = tables[deferral_.statements[work[i].statement].target];
    const std::optional<int64_t> rowid = rowid_of(work[i]);
    if (!rowid) {  // may concern any entry
      table.last.clear();
      by_rowid = false;
      continue;
    }
    std::vector<size_t>& last = table.last[*rowid];
    if (!last.empty() && cancel_out(work[last.back()], work[i])) {
      dropped[last.back()] = dropped[i] = true;
      last.pop_back();
    } else {
      last.push_back(i);
    }
  }
  std::vector<size_t> order;
  for (size_t i = 0; i < work.size(); ++i)
    if (!dropped[i]) order.push_back(i);
  // FTS5 writes out what it has gathered whenever a rowid is not above the one before. Entries of different
  // rowids do not depend on each other.
  if (by_rowid)
    std::ranges::sort(order, {}, [&](size_t i) {
      return std::tuple(std::string_view(deferral_.statements[work[i].statement].target), rowid_of(work[i]),
                        i);
    });
  std::vector<Work> left;
  left.reserve(order.size());
  for (const size_t i : order) left.push_back(std::move(work[i]));
  return left;
}

bool DeferredTriggers::cancel_out(const Work& a, const Work& b) const {
  using Effect = DeferredStatement::Effect;
  const DeferredStatement& first = deferral_.statements[a.statement];
  const DeferredStatement& second = deferral_.statements[b.statement];
  return first.effect != second.effect && first.effect != Effect::kOther && second.effect != Effect::kOther &&
         std::ranges::equal(first.entry(), second.entry()) && std::ranges::equal(entry_of(a), entry_of(b));
}

// Of the entry that it adds or removes.
std::optional<int64_t> DeferredTriggers::rowid_of(const Work& work) const {
  const DeferredStatement& statement = deferral_.statements[work.statement];
  if (statement.effect == DeferredStatement::Effect::kOther) return std::nullopt;
  const int64_t* rowid = work.values[statement.rowid].integer();
  return rowid == nullptr ? std::nullopt : std::optional(*rowid);
}

std::span<const Value> DeferredTriggers::entry_of(const Work& work) const {
  const bool commands = deferral_.statements[work.statement].effect == DeferredStatement::Effect::kRemoves;
  return std::span(work.values).subspan(commands ? 1 : 0);
}

Result<> DeferredTriggers::run() {
  if (deferral_.triggers.empty()) return {};
  int64_t last = 0;
  for (size_t gathered = kSlice; gathered == kSlice;) {
    std::vector<Work> work;
    TRY_ASSIGN(sqlite::Statement * s, waiting_.use());
    s->bind(1, last).bind(2, static_cast<int64_t>(kSlice));
    while (true) {
      TRY_ASSIGN(const bool more, s->step());
      if (!more) break;
      last = s->integer(0);
      Work one{static_cast<size_t>(s->integer(1)), {}};
      for (size_t i = 0; i < deferral_.statements[one.statement].values; ++i)
        one.values.push_back(s->value(static_cast<int>(i) + 2));
      work.push_back(std::move(one));
    }
    s->reset();
    gathered = work.size();
    work = without_detours(std::move(work));
    if (!deferral_.late.empty() && !work.empty()) {
      TRY_ASSIGN(work, without_unindexed(std::move(work)));
    }
    Unindexed::Adding following(unindexed_);
    for (const Work& one : work) {
      const DeferredStatement& statement = deferral_.statements[one.statement];
      if (const LateIndex* late = late_of(one); late && statement.effect == DeferredStatement::Effect::kAdds)
        TRY(following.add(bundle_.tables[late->table].id, *rowid_of(one)));
      else
        TRY(db_.run(statement.sql, one.values));
    }
    TRY(following.finish());
  }
  return last == 0 ? Result<>() : db_.run("DELETE FROM temp.wherry_deferred");
}

}  // namespace wherry

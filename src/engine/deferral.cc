#include "engine/deferral.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/text.h"
#include "bundle/tokens.h"
#include "engine/rows.h"

namespace wherry {

namespace {

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
    std::string condition;  // WHEN …, or empty
    std::string event;      // INSERT, UPDATE or DELETE
    struct Statement {
      DeferredStatement later;
      std::string values;  // the expressions
      std::string rowid;   // the one of them that is the entry's rowid: NEW.ROWID, if that simple
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
    while (i < tokens_.size() && !at(i, "WHEN") && !at(i, "BEGIN")) ++i;  // FOR EACH ROW
    const size_t condition = i;
    while (i < tokens_.size() && !at(i, "BEGIN")) ++i;
    parsed.condition = text(condition, i);
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
      made.rowid = words_of(nth_value(open, made.later.rowid), past - 1);
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
  // A value's tokens up to the next comma, words in upper case.
  std::string words_of(size_t value, size_t end) const {
    std::string words;
    for (size_t i = value; i < end && !tokens_[i].is_symbol(','); ++i) words += tokens_[i].text;
    return words;
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
  trigger.head = cat("CREATE TEMP TRIGGER ", quote_name(cat("wherry_deferred_", parsed.name)), " ",
                     parsed.head, " ON main.", quote_name(parsed.table), " ");
  trigger.condition = parsed.condition;
  trigger.body = " BEGIN ";
  for (const auto& statement : parsed.statements) {
    std::vector<std::string> columns = {"statement"};
    for (size_t i = 1; i <= statement.later.values; ++i) columns.push_back(cat("v", i));
    trigger.body += cat("INSERT INTO wherry_deferred(", join(columns, ", "), ") VALUES(", statements.size(),
                        ", ", statement.values, "); ");
    statements.push_back(statement.later);
  }
  trigger.body += "END";
  return trigger;
}

// One entry for each row: made when it is added and removed with it, whatever is in it; when it changes,
// removed and made anew; always in the same form. So a removal has the values of the addition before it.
// What waits by this rule is in replicas' files: a change of it raises Store::kFormat.
bool is_one_entry_per_row(const std::vector<const TriggerParser::Parsed*>& triggers) {
  using Effect = DeferredStatement::Effect;
  std::set<std::string_view> events;
  for (const TriggerParser::Parsed* trigger : triggers) {
    if (!events.insert(trigger->event).second) return false;
    if (trigger->event != "UPDATE" && !trigger->condition.empty()) return false;
    std::vector<Effect> effects;
    for (const auto& [later, values, rowid, form] : trigger->statements) {
      if (form != triggers.front()->statements.front().form) return false;
      if (rowid != (later.effect == Effect::kAdds ? "NEW.ROWID" : "OLD.ROWID")) return false;
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
    const auto& [later, values, rowid, form] = (*adding)->statements.front();
    std::vector<std::string> entry;
    for (const std::string& column : later.columns) entry.push_back(quote_name(column));
    late.push_back({i, later.target, (*adding)->name,
                    // A conflict is met before anything is written. With OR ABORT, SQLite would keep a copy
                    // of every page that the statement touches, since it has a trigger.
                    insert_sql("INSERT OR FAIL INTO ", table),
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

}  // namespace wherry

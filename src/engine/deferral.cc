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

// Whether entries of the table are removed by 'delete': it keeps no content of its own.
bool takes_delete(const Tokens& fts5) {
  bool has_content = true;
  for (size_t i = 0; i + 1 < fts5.size(); ++i) {
    if (!fts5[i + 1].is_symbol('=')) continue;
    if (fts5[i].is_word("CONTENTLESS_DELETE")) return false;
    if (fts5[i].is_word("CONTENT")) has_content = false;
  }
  return !has_content;
}

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
  // `deleting`: those of the tables that know 'delete'; to others it is an error, which is left to happen.
  TriggerParser(std::string_view sql, const std::set<std::string>& fts5_tables,
                const std::set<std::string>& deleting)
      : sql_(sql), tokens_(tokenize(sql)), fts5_tables_(fts5_tables), deleting_(deleting) {}

  struct Parsed {
    std::string name;
    std::string head;  // between its name and ON: AFTER UPDATE OF body
    std::string table;
    std::string condition;  // WHEN …, or empty
    std::string event;      // INSERT, UPDATE or DELETE
    struct Statement {
      DeferredStatement later;
      std::string values;  // the expressions
      // Of an entry that is made of a row's columns as they are, with their names; else nothing.
      std::optional<std::vector<std::string>> plain;
    };
    // The columns that the UPDATE is OF, and those whose change its WHEN asks for: empty, any; nothing: it
    // says something else.
    std::vector<std::string> of;
    std::optional<std::vector<std::string>> when_changed;
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
    for (; i < tokens_.size() && !at(i, "ON"); ++i)
      if (i > head + 2 && !tokens_[i].is_symbol(',')) parsed.of.push_back(name(i));
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
    parsed.when_changed = columns_that_change(condition, i);
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
    if (made.later.effect == DeferredStatement::Effect::kRemoves && !deleting_.contains(*target))
      return std::nullopt;
    if (made.later.effect != DeferredStatement::Effect::kOther)
      made.plain = plain_values(open, past - 1, made.later.effect);
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

  // `NEW.body` at this place, for the row that is named so.
  bool is_column(size_t i, std::string_view row) const {
    return i + 2 < tokens_.size() && tokens_[i].names(row) && tokens_[i + 1].is_symbol('.') &&
           (tokens_[i + 2].kind == Token::Kind::kWord || tokens_[i + 2].kind == Token::Kind::kName);
  }

  // (NEW.rowid, NEW.body, …) of an entry that is added, ('delete', OLD.rowid, OLD.body, …) of one that goes.
  std::optional<std::vector<std::string>> plain_values(size_t open, size_t end,
                                                       DeferredStatement::Effect effect) const {
    const bool adds = effect == DeferredStatement::Effect::kAdds;
    std::vector<std::string> columns;
    for (size_t i = open + (adds ? 1 : 3); i < end; i += 4) {
      const bool ends = i + 3 == end || (i + 3 < end && tokens_[i + 3].is_symbol(','));
      if (!is_column(i, adds ? "new" : "old") || !ends) return std::nullopt;
      columns.push_back(name(i + 2));
    }
    return columns;
  }

  // WHEN OLD.a IS NOT NEW.a OR OLD.b IS NOT NEW.b …
  std::optional<std::vector<std::string>> columns_that_change(size_t first, size_t end) const {
    std::vector<std::string> columns;
    for (size_t i = first; i < end; i += 9) {
      if (!at(i, i == first ? "WHEN" : "OR") || i + 9 > end || !at(i + 4, "IS") || !at(i + 5, "NOT"))
        return std::nullopt;
      const bool both = (is_column(i + 1, "old") && is_column(i + 6, "new")) ||
                        (is_column(i + 1, "new") && is_column(i + 6, "old"));
      if (!both || !same_name(name(i + 3), name(i + 8))) return std::nullopt;
      columns.push_back(name(i + 3));
    }
    return columns;
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
  const std::set<std::string>& deleting_;
};

using Parsed = TriggerParser::Parsed;

// Takes out of `tables` what the text names.
void keep_unnamed(std::set<std::string>& tables, const Tokens& tokens) {
  std::erase_if(tables, [&](const std::string& table) {
    return std::ranges::any_of(tokens, [&](const Token& token) { return token.names(table); });
  });
}

DeferredTrigger temporary(const Parsed& parsed, std::vector<DeferredStatement>& statements) {
  DeferredTrigger trigger{
      parsed.name, cat("CREATE TEMP TRIGGER ", quote_name(cat("wherry_deferred_", parsed.name)), " ",
                       parsed.head, " ON main.", quote_name(parsed.table), " ", parsed.condition, " BEGIN ")};
  for (const auto& statement : parsed.statements) {
    std::vector<std::string> columns = {"statement"};
    for (size_t i = 1; i <= statement.later.values; ++i) columns.push_back(cat("v", i));
    trigger.create += cat("INSERT INTO wherry_deferred(", join(columns, ", "), ") VALUES(", statements.size(),
                          ", ", statement.values, "); ");
    statements.push_back(statement.later);
  }
  trigger.create += "END";
  return trigger;
}

bool is_among(std::string_view column, const std::vector<std::string>& columns) {
  return std::ranges::any_of(columns, [&](const std::string& c) { return same_name(c, column); });
}

// Whether it acts whenever one of these changes. It may act for others too: the entry then stays as it is.
bool acts_on_all(const Parsed& update, const std::vector<std::string>& columns) {
  return update.when_changed && std::ranges::all_of(columns, [&](const std::string& column) {
           return same_name(column, "rowid") ||
                  ((update.of.empty() || is_among(column, update.of)) &&
                   (update.when_changed->empty() || is_among(column, *update.when_changed)));
         });
}

// The entry has the rowid of its row.
bool names_rowid(const Parsed::Statement& statement) {
  const size_t before = statement.later.columns.size() - statement.plain->size();
  return same_name((*statement.plain)[statement.later.rowid - before], "rowid");
}

// One entry for each row: added and removed with it, whatever is in it, and made anew when it changes; always
// of the same columns.
bool is_one_entry_per_row(const std::vector<const Parsed*>& triggers) {
  using Effect = DeferredStatement::Effect;
  std::set<std::string_view> events;
  const Parsed::Statement& first = triggers.front()->statements.front();
  for (const Parsed* trigger : triggers) {
    if (!events.insert(trigger->event).second) return false;
    if (trigger->event != "UPDATE" && !trigger->condition.empty()) return false;
    std::vector<Effect> effects;
    for (const Parsed::Statement& statement : trigger->statements) {
      if (!statement.plain || statement.plain != first.plain || !names_rowid(statement) ||
          !std::ranges::equal(statement.later.entry(), first.later.entry()))
        return false;
      effects.push_back(statement.later.effect);
    }
    if (effects != (trigger->event == "INSERT"   ? std::vector{Effect::kAdds}
                    : trigger->event == "DELETE" ? std::vector{Effect::kRemoves}
                                                 : std::vector{Effect::kRemoves, Effect::kAdds}))
      return false;
    if (trigger->event == "UPDATE" && !acts_on_all(*trigger, *first.plain)) return false;
  }
  return events.size() == 3;
}

// Of triggers that keep one entry per row.
RowIndex row_index(const Table& table, const std::vector<const Parsed*>& triggers) {
  const Parsed::Statement& statement = triggers.front()->statements.front();
  const std::span<const std::string> entry = statement.later.entry();
  const size_t rowid = statement.later.rowid - (statement.later.columns.size() - entry.size());
  RowIndex index;
  index.target = statement.later.target;
  for (const Parsed* trigger : triggers) index.triggers.push_back(trigger->name);
  std::vector<std::string> into = {"rowid"}, from, marks = {"?1"};
  for (size_t i = 0; i < entry.size(); ++i) {
    if (i == rowid) continue;
    into.push_back(quote_name(entry[i]));
    index.columns.push_back((*statement.plain)[i]);
    from.push_back(cat("row.", quote_name(index.columns.back())));
    marks.push_back(cat("?", marks.size() + 1));
  }
  const std::string name = quote_name(table.name), target = quote_name(index.target);
  const std::string columns = join(into, ", "), values = join(marks, ", "), read = join(from, ", ");
  index.read = cat("SELECT ", read, " FROM main.", name, " AS row WHERE row.rowid = ?1");
  index.add = cat("INSERT INTO ", target, "(", columns, ") VALUES(", values, ")");
  index.remove = cat("INSERT INTO ", target, "(", target, ", ", columns, ") VALUES('delete', ", values, ")");
  index.fill = cat("INSERT INTO ", target, "(", columns, ") SELECT row.rowid, ", read,
                   " FROM main.wherry_unindexed AS run CROSS JOIN main.", name,
                   " AS row WHERE run.tbl = ?1 AND run.first <= ?2"
                   " AND row.rowid BETWEEN run.first AND min(run.last, ?2)");
  return index;
}

std::vector<RowIndex> row_indexes(const Bundle& bundle, const std::vector<Parsed>& parsed,
                                  const std::vector<Tokens>& kept) {
  std::vector<RowIndex> indexes;
  for (size_t i = 0; i < bundle.tables.size(); ++i) {
    const Table& table = bundle.tables[i];
    const auto is_column = [&](std::string_view name) {
      return std::ranges::any_of(table.columns, [&](const Column& c) { return same_name(c.name, name); });
    };
    std::vector<const Parsed*> triggers;
    std::set<std::string> targets;
    for (const Parsed& trigger : parsed) {
      if (!same_name(trigger.table, table.name)) continue;
      triggers.push_back(&trigger);
      for (const auto& statement : trigger.statements) targets.insert(statement.later.target);
    }
    const bool elsewhere = std::ranges::any_of(parsed, [&](const Parsed& trigger) {
      return !same_name(trigger.table, table.name) &&
             std::ranges::any_of(trigger.statements,
                                 [&](const auto& s) { return targets.contains(s.later.target); });
    });
    if (targets.size() != 1 || elsewhere || is_column("rowid") || !is_one_entry_per_row(triggers)) continue;
    RowIndex index = row_index(table, triggers);
    // A generated column is not among the table's.
    if (index.columns.empty() || !std::ranges::all_of(index.columns, is_column)) continue;
    index.table = i;
    const bool other_triggers = std::ranges::any_of(kept, [&](const Tokens& trigger) {
      return std::ranges::any_of(trigger, [&](const Token& token) { return token.names(table.name); });
    });
    index.may_follow = !other_triggers && !table.unique_beyond_key;
    indexes.push_back(std::move(index));
  }
  return indexes;
}

}  // namespace

std::span<const std::string> DeferredStatement::entry() const {
  return std::span(columns).subspan(effect == Effect::kRemoves ? 1 : 0);
}

bool Deferral::is_target(std::string_view table) const {
  const auto has = [&](const auto& of) {
    const std::string& target = of.target;
    return same_name(table, target) || (table.size() > target.size() && table[target.size()] == '_' &&
                                        same_name(table.substr(0, target.size()), target));
  };
  return std::ranges::any_of(statements, has) || std::ranges::any_of(indexes, has);
}

bool Deferral::replaces(std::string_view trigger) const {
  return std::ranges::any_of(triggers, [&](const auto& t) { return same_name(t.name, trigger); }) ||
         std::ranges::any_of(indexes,
                             [&](const RowIndex& index) { return is_among(trigger, index.triggers); });
}

Deferral deferral_of(const Bundle& bundle) {
  std::set<std::string> targets, deleting;
  std::vector<Tokens> ddl;
  for (const std::string& statement : bundle.ddl) {
    ddl.push_back(tokenize(statement));
    const auto table = fts5_table(ddl.back());
    if (!table) continue;
    targets.insert(*table);
    if (takes_delete(ddl.back())) deleting.insert(*table);
  }
  // A trigger that stays takes the tables that it names from those that are deferred, and so on.
  std::vector<Parsed> parsed;
  std::vector<Tokens> kept;
  for (size_t before = targets.size() + 1; targets.size() < before;) {
    before = targets.size();
    parsed.clear();
    kept.clear();
    for (size_t i = 0; i < ddl.size(); ++i) {
      if (!TriggerParser::is_trigger(ddl[i])) continue;
      if (auto one = TriggerParser(bundle.ddl[i], targets, deleting).parse()) {
        parsed.push_back(*std::move(one));
      } else {
        keep_unnamed(targets, ddl[i]);
        kept.push_back(ddl[i]);
      }
    }
  }
  Deferral deferral;
  deferral.indexes = row_indexes(bundle, parsed, kept);
  for (const Parsed& one : parsed)
    if (!deferral.replaces(one.name)) deferral.triggers.push_back(temporary(one, deferral.statements));
  return deferral;
}

std::vector<std::string> stored_ddl(const Bundle& bundle) {
  const Deferral deferral = deferral_of(bundle);
  std::vector<std::string> stored;
  for (const std::string& statement : bundle.ddl) {
    const Tokens tokens = tokenize(statement);
    const bool replaced = TriggerParser::is_trigger(tokens) &&
                          deferral.replaces(tokens[TriggerParser::place_of_name(tokens)].text);
    if (!replaced) stored.push_back(statement);
  }
  return stored;
}

}  // namespace wherry

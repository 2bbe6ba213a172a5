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
    struct Statement {
      DeferredStatement later;
      std::string values;  // the expressions
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
    parsed.table = name(i + 1);
    i += 2;
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
  trigger.create = cat("CREATE TEMP TRIGGER ", quote_name(cat("wherry_deferred_", parsed.name)), " ",
                       parsed.head, " ON main.", quote_name(parsed.table), " ", parsed.condition, " BEGIN ");
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
  for (size_t before = targets.size() + 1; targets.size() < before;) {
    before = targets.size();
    parsed.clear();
    for (size_t i = 0; i < ddl.size(); ++i) {
      if (!TriggerParser::is_trigger(ddl[i])) continue;
      if (auto one = TriggerParser(bundle.ddl[i], targets).parse())
        parsed.push_back(*std::move(one));
      else
        keep_unnamed(targets, ddl[i]);
    }
  }
  Deferral deferral;
  for (const TriggerParser::Parsed& one : parsed)
    deferral.triggers.push_back(temporary(one, deferral.statements));
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
  TRY(db.execute(
      cat("CREATE TEMP TABLE wherry_deferred(n INTEGER PRIMARY KEY, statement INTEGER", columns, ")")));
  for (const DeferredTrigger& trigger : deferral.triggers) TRY(db.execute(trigger.create));
  return std::unique_ptr<DeferredTriggers>(new DeferredTriggers(db, std::move(deferral)));
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
    for (const Work& one : without_detours(std::move(work)))
      TRY(db_.run(deferral_.statements[one.statement].sql, one.values));
  }
  return last == 0 ? Result<>() : db_.run("DELETE FROM temp.wherry_deferred");
}

}  // namespace wherry

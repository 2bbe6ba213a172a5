#include "engine/handler.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace wherry {

namespace {

struct Word {
  std::string upper;
  size_t begin = 0, end = 0;
};

// The words and parentheses of the text outside of strings, quoted names and comments.
std::vector<Word> words_of(std::string_view sql) {
  std::vector<Word> words;
  size_t i = 0;
  while (i < sql.size()) {
    const char c = sql[i];
    if (c == '-' && sql.substr(i, 2) == "--") {
      i = std::min(sql.find('\n', i), sql.size());
    } else if (c == '/' && sql.substr(i, 2) == "/*") {
      const size_t end = sql.find("*/", i + 2);
      i = end == std::string_view::npos ? sql.size() : end + 2;
    } else if (c == '\'' || c == '"' || c == '`' || c == '[') {
      const size_t end = sql.find(c == '[' ? ']' : c, i + 1);
      i = end == std::string_view::npos ? sql.size() : end + 1;
    } else if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') {
      const size_t begin = i;
      std::string upper;
      while (i < sql.size() && (std::isalnum(static_cast<unsigned char>(sql[i])) || sql[i] == '_'))
        upper.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(sql[i++]))));
      words.push_back({std::move(upper), begin, i});
    } else {
      if (c == '(' || c == ')') words.push_back({std::string(1, c), i, i + 1});
      ++i;
    }
  }
  return words;
}

Result<std::vector<Binding>> bindings_of(const sqlite::Statement& statement, const Command& command) {
  std::vector<Binding> bindings;
  const int count = sqlite3_bind_parameter_count(statement.handle());
  for (int i = 1; i <= count; ++i) {
    const char* text = sqlite3_bind_parameter_name(statement.handle(), i);
    const std::string_view name = text == nullptr ? "?" : text;
    using enum Binding::Source;
    if (name == "@user_id")
      bindings.push_back({kUser});
    else if (name == "@role")
      bindings.push_back({kRole});
    else if (name == "@command_id")
      bindings.push_back({kCommandId});
    else if (name == "@entity_id")
      bindings.push_back({kEntityId});
    else if (name == "@client_timestamp")
      bindings.push_back({kClientTimestamp});
    else if (name == "@now")
      bindings.push_back({kNow});
    else if (name == "@data")
      bindings.push_back({kData});
    else {
      const auto param = std::ranges::find_if(
          command.params, [&](const Param& p) { return name.starts_with(':') && p.name == name.substr(1); });
      if (param == command.params.end())
        return fail(ErrorCode::kBundle, cat(command.name, ": unknown parameter ", name));
      bindings.push_back({kParam, static_cast<size_t>(param - command.params.begin())});
    }
  }
  return bindings;
}

std::vector<WriteIntent> intents_of(const Bundle& bundle, const StatementAccess& access) {
  std::vector<WriteIntent> intents;
  for (const StatementAccess::TableWrite& write : access.writes) {
    const Table* table = bundle.table(write.table);
    if (table == nullptr || !write.trigger.empty()) continue;
    const auto index = static_cast<size_t>(table - bundle.tables.data());
    auto at = std::ranges::find(intents, index, &WriteIntent::table);
    if (at == intents.end()) at = intents.insert(intents.end(), {index, 0, false, false});
    at->inserts |= write.inserts;
    at->deletes |= write.deletes;
    for (const std::string& column : write.updates)
      for (size_t i = 0; i < table->columns.size(); ++i)
        if (table->columns[i].name == column) at->assigns |= Cells{1} << i;
  }
  return intents;
}

bool is_undoable(const std::vector<HandlerStatement>& statements, const Bundle& bundle) {
  size_t writing = 0;
  for (const HandlerStatement& s : statements) {
    if (!s.intents.empty()) ++writing;
    for (const WriteIntent& intent : s.intents) {
      const Table& table = bundle.tables[intent.table];
      const bool is_captured = table.kind == TableKind::kSynced || table.kind == TableKind::kServerOnly;
      const bool changes_key = std::ranges::any_of(
          table.key, [&](size_t column) { return (intent.assigns & Cells{1} << column) != 0; });
      if (intent.deletes || changes_key || !is_captured || table.unique_beyond_key) return false;
    }
  }
  return writing == 1;
}

}  // namespace

std::string show_ignored_conflict(const std::string& sql, const Bundle& bundle,
                                  const StatementAccess& access) {
  const auto inserts = std::ranges::find_if(access.writes, &StatementAccess::TableWrite::inserts);
  if (inserts == access.writes.end()) return sql;
  const Table* table = bundle.table(inserts->table);
  if (table == nullptr || table->key.empty()) return sql;
  const std::vector<Word> words = words_of(sql);
  for (size_t i = 1; i + 1 < words.size(); ++i) {
    if (words[i].upper != "DO" || words[i + 1].upper != "NOTHING") continue;
    size_t before = i;  // skips the conflict target, if there is one
    std::vector<std::string> target;
    if (words[before - 1].upper == ")") {
      for (--before; before > 0 && words[before - 1].upper != "("; --before)
        target.push_back(words[before - 1].upper);
    }
    std::vector<std::string> key;
    for (const size_t column : table->key) {
      std::string name = table->columns[column].name;
      std::ranges::transform(name, name.begin(),
                             [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      key.push_back(std::move(name));
    }
    std::ranges::sort(target);
    std::ranges::sort(key);
    if (target.empty() ? table->unique_beyond_key : target != key) return sql;
    const std::string name = quote_name(table->columns[table->key[0]].name);
    return cat(std::string_view(sql).substr(0, words[i + 1].begin), "UPDATE SET ", name, " = ", name,
               std::string_view(sql).substr(words[i + 1].end));
  }
  return sql;
}

std::string keep_what_was_done(const std::string& sql) {
  int depth = 0;
  const std::vector<Word> words = words_of(sql);
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i].upper == "(") ++depth;
    if (words[i].upper == ")") --depth;
    if (depth > 0 || (words[i].upper != "INSERT" && words[i].upper != "UPDATE")) continue;
    if (words[i + 1].upper == "OR") return sql;
    return cat(std::string_view(sql).substr(0, words[i].end), " OR FAIL",
               std::string_view(sql).substr(words[i].end));
  }
  return sql;
}

bool Handler::deletes_from(size_t table) const {
  for (const HandlerStatement& s : statements)
    for (const WriteIntent& intent : s.intents)
      if (intent.table == table && intent.deletes) return true;
  return false;
}

Result<std::unique_ptr<Handler>> Handler::prepare(sqlite::Database& db, Authorizer& authorizer,
                                                  const Bundle& bundle, const Command& command,
                                                  const Deferral& deferral, bool with_reads) {
  auto handler = std::make_unique<Handler>();
  for (const std::string& text : command.statements) {
    StatementAccess access;
    authorizer.begin(&access);
    auto first = db.prepare(text);
    authorizer.end();
    if (!access.refused.empty()) return fail(ErrorCode::kBundle, cat(command.name, ": ", access.refused));
    if (!first) return fail(ErrorCode::kBundle, cat(command.name, ": ", first.error().message));
    const std::string shown = show_ignored_conflict(text, bundle, access);
    if (shown != text) {
      TRY_ASSIGN(*first, db.prepare(shown));
    }
    HandlerStatement made{std::move(*first), {}, intents_of(bundle, access), {}, false};
    for (const StatementAccess::TableRead& read : access.reads)
      made.reads_deferred |= deferral.is_target(read.table);
    TRY_ASSIGN(made.bindings, bindings_of(made.statement, command));
    if (with_reads) {
      TRY_ASSIGN(made.reads, analyse_reads(db, bundle, shown));
    }
    handler->statements.push_back(std::move(made));
  }
  handler->undoable = is_undoable(handler->statements, bundle);
  for (HandlerStatement& made : handler->statements) {
    // Other triggers would take FAIL for their own.
    const bool only_late = std::ranges::all_of(made.intents, [&](const WriteIntent& intent) {
      return std::ranges::find(deferral.late, intent.table, &LateIndex::table) != deferral.late.end();
    });
    if (!handler->undoable || made.intents.empty() || !only_late) continue;
    TRY_ASSIGN(made.statement, db.prepare(keep_what_was_done(sqlite3_sql(made.statement.handle()))));
  }
  return handler;
}

}  // namespace wherry

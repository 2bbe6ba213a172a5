#include "engine/predicates.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "bundle/tokens.h"

namespace wherry {

namespace {

std::optional<int64_t> integer_of(const Token& token) {
  if (token.kind != Token::Kind::kNumber) return std::nullopt;
  int64_t number = 0;
  const char* end = token.text.data() + token.text.size();
  const auto [stop, error] = std::from_chars(token.text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace

Predicates::Predicates(sqlite::Database& db, const Bundle& bundle) : db_(db), bundle_(bundle) {
  using enum Condition::Form;
  for (size_t i = 0; i < bundle.tables.size(); ++i) {
    deleted_.push_back(compile(i, bundle.tables[i].deleted, kNever));
    locked_.push_back(compile(i, bundle.tables[i].locked, kNever));
  }
  for (const Grant& grant : bundle.grants) grants_.push_back(compile(grant.from, grant.where, kAlways));
}

// `c IS NULL`, `c IS NOT NULL` and `c = 1` are recognised; everything else is left to SQLite.
Predicates::Condition Predicates::compile(size_t table, const std::string& condition,
                                          Condition::Form when_empty) const {
  using enum Condition::Form;
  Condition made;
  if (condition.empty()) {
    made.form = when_empty;
    return made;
  }
  const std::vector<Column>& columns = bundle_.tables[table].columns;
  const std::vector<Token> tokens = tokenize(condition);
  const auto column = std::ranges::find_if(
      columns, [&](const Column& c) { return !tokens.empty() && tokens[0].names(c.name); });
  if (column != columns.end()) {
    made.column = static_cast<size_t>(column - columns.begin());
    const auto reads = [&](std::initializer_list<std::string_view> words) {
      return tokens.size() == words.size() + 1 &&
             std::equal(words.begin(), words.end(), tokens.begin() + 1,
                        [](std::string_view word, const Token& token) { return token.is_word(word); });
    };
    if (reads({"IS", "NULL"})) made.form = kIsNull;
    if (reads({"IS", "NOT", "NULL"})) made.form = kIsNotNull;
    if (tokens.size() == 3 && tokens[1].is_symbol('='))
      if (const auto number = integer_of(tokens[2])) {
        made.form = kEqualsInteger;
        made.number = *number;
      }
  }
  std::vector<std::string> values;
  for (size_t i = 0; i < columns.size(); ++i)
    values.push_back(cat("?", i + 1, " AS ", quote_name(columns[i].name)));
  made.sql = cat("SELECT (", condition, ") IS TRUE FROM (SELECT ", join(values, ", "), ")");
  return made;
}

Result<bool> Predicates::holds(const Condition& condition, const Row& row) {
  using enum Condition::Form;
  switch (condition.form) {
    case kAlways:
      return true;
    case kNever:
      return false;
    case kIsNull:
      return row[condition.column].is_null();
    case kIsNotNull:
      return !row[condition.column].is_null();
    case kEqualsInteger:
      if (const int64_t* number = row[condition.column].integer()) return *number == condition.number;
      if (row[condition.column].is_null()) return false;
      break;  // SQLite's rules for comparing other types
    case kSql:
      break;
  }
  TRY_ASSIGN(const std::optional<Value> held, db_.value(condition.sql, row));
  return held == Value(int64_t{1});
}

}  // namespace wherry

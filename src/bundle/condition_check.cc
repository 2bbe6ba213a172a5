#include <array>

#include "base/text.h"
#include "bundle/tokens.h"
#include "bundle/workbench.h"

namespace wherry {

namespace {

constexpr std::array<std::string_view, 6> kOfTheCall = {"REQUIRE",      "REJECT",   "UUID",
                                                        "RANK_BETWEEN", "HAS_ROLE", "WHERRY_USER"};

// What makes the condition depend on more than the row; empty when nothing does.
std::string foreign_part(const std::vector<Token>& tokens) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const Token& t = tokens[i];
    if (t.is_word("SELECT")) return "a subquery";
    if (t.kind == Token::Kind::kParameter) return cat("the parameter ", t.text);
    if (t.is_symbol(';')) return "a semicolon";
    for (const std::string_view name : kOfTheCall)
      if (t.is_word(name) && i + 1 < tokens.size() && tokens[i + 1].is_symbol('(')) return cat(name, "()");
  }
  return {};
}

}  // namespace

void check_condition(const Workbench& bench, const Table& table, const Entry& condition,
                     const std::string& what) {
  const std::vector<Token> tokens = tokenize(condition.text);
  if (tokens.empty()) return bench.report.add(condition.place, cat(what, " is empty"), "Leave it out.");
  if (const std::string part = foreign_part(tokens); !part.empty())
    return bench.report.add(condition.place, cat(what, " is not row-local: it has ", part),
                            cat("Use only the columns of `", table.name, "`."));
  std::vector<std::string> columns;
  for (size_t i = 0; i < table.columns.size(); ++i)
    columns.push_back(cat("?", i + 1, " AS ", quote_name(table.columns[i].name)));
  StatementAccess access;
  const std::string sql =
      cat("SELECT (", condition.text, ") IS TRUE FROM (SELECT ", join(columns, ", "), ")");
  const auto statement = bench.prepare(sql, access);
  for (const StatementAccess::TableRead& read : access.reads)
    if (bench.schema.table(read.table) != nullptr)
      return bench.report.add(condition.place, cat(what, " is not row-local: it reads `", read.table, "`"),
                              cat("Use only the columns of `", table.name, "`."));
  if (statement) return;
  if (!access.refused.empty())
    return bench.report.add(condition.place, cat(what, ": ", access.refused),
                            "Use columns that commands fill with @now.");
  const std::string message = sqlite3_errmsg(bench.schema.db->handle());
  constexpr std::string_view kUnknown = "no such column: ";
  if (!message.starts_with(kUnknown))
    return bench.report.add(condition.place, cat(what, ": ", message), "Correct the SQL.");
  const std::string name = message.substr(kUnknown.size());
  bench.report.add(
      condition.place, cat(what, ": `", table.name, "` has no column `", name, "`"),
      did_you_mean(name, column_names(table), cat("Use only the columns of `", table.name, "`.")));
}

}  // namespace wherry

#include "bundle/refusal_check.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "bundle/functions.h"

namespace wherry {

namespace {

constexpr std::array<std::string_view, 12> kAggregates = {"COUNT",
                                                          "SUM",
                                                          "TOTAL",
                                                          "AVG",
                                                          "MIN",
                                                          "MAX",
                                                          "GROUP_CONCAT",
                                                          "STRING_AGG",
                                                          "JSON_GROUP_ARRAY",
                                                          "JSON_GROUP_OBJECT",
                                                          "JSONB_GROUP_ARRAY",
                                                          "JSONB_GROUP_OBJECT"};
constexpr std::array<std::string_view, 5> kMain = {"SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE"};
constexpr std::array<std::string_view, 10> kAfterColumns = {"FROM",  "WHERE", "GROUP", "HAVING",    "WINDOW",
                                                            "ORDER", "LIMIT", "UNION", "INTERSECT", "EXCEPT"};

template <size_t n>
bool one_of(const Token& token, const std::array<std::string_view, n>& words) {
  return token.kind == Token::Kind::kWord && std::ranges::find(words, token.text) != words.end();
}

class RefusalCheck {
 public:
  RefusalCheck(const SqlStatement& statement, const std::string& file, Report& report)
      : statement_(statement), file_(file), report_(report), tokens_(tokenize(statement.text)) {
    while (main_ < tokens_.size() && !(tokens_[main_].depth == 0 && one_of(tokens_[main_], kMain))) ++main_;
    columns_end_ = main_ + 1;
    while (columns_end_ < tokens_.size() &&
           !(tokens_[columns_end_].depth == 0 && one_of(tokens_[columns_end_], kAfterColumns)))
      ++columns_end_;
  }

  bool check() {
    bool any = false;
    for (size_t i = 0; i + 1 < tokens_.size(); ++i) {
      const bool require = tokens_[i].names("require");
      if ((!require && !tokens_[i].names("reject")) || !tokens_[i + 1].is_symbol('(')) continue;
      any = true;
      call(i, require);
    }
    return any;
  }

 private:
  void add(size_t token, std::string problem, std::string cure) {
    report_.add({file_, line_at(statement_.text, tokens_[token].begin, statement_.line)}, std::move(problem),
                std::move(cure));
  }
  bool has(std::string_view word) const {
    return std::ranges::any_of(tokens_, [word](const Token& t) { return t.depth == 0 && t.is_word(word); });
  }

  bool stands_alone(size_t i) const {
    if (main_ >= tokens_.size() || !tokens_[main_].is_word("SELECT") || tokens_[i].depth != 0) return false;
    if (i <= main_ || i >= columns_end_) return false;
    const Token& before = tokens_[i - 1];
    if (i - 1 != main_ && !before.is_symbol(',') && !before.is_word("DISTINCT") && !before.is_word("ALL"))
      return false;
    const size_t after = behind_parenthesis(tokens_, i + 1);
    return after >= columns_end_ || tokens_[after].is_symbol(',') || tokens_[after].is_word("AS");
  }

  void call(size_t i, bool require) {
    const std::string name = require ? "require" : "reject";
    if (!stands_alone(i))
      return add(i, cat("`", name, "` is not a result column of its own of the statement's SELECT"),
                 require ? "Write SELECT require(…, 'code'); as a statement."
                         : "Write SELECT reject('code') FROM … WHERE …; as a statement.");
    if (has("UNION") || has("INTERSECT") || has("EXCEPT"))
      add(i, cat("`", name, "` in a compound SELECT"), "Write each part as a statement of its own.");
    if (require && has("FROM"))
      add(i, "`require` in a SELECT with FROM, which checks nothing when there is no row",
          "Write SELECT require(EXISTS (SELECT … FROM …), 'code');");
    if (!require && has_aggregate() && !has("HAVING"))
      add(i, "`reject` beside an aggregate without HAVING, which always has a row",
          "Say with HAVING when to refuse.");
    check_code(i, require ? 1 : 0);
  }

  // The argument, if it is a literal, must be a code that an app may use.
  void check_code(size_t i, int argument) {
    const int depth = tokens_[i].depth + 1;
    const size_t end = behind_parenthesis(tokens_, i + 1) - 1;
    size_t at = i + 2;
    for (; at < end && argument > 0; ++at)
      if (tokens_[at].depth == depth && tokens_[at].is_symbol(',')) --argument;
    if (at >= end || tokens_[at].kind != Token::Kind::kText) return;
    if (at + 1 < end && !tokens_[at + 1].is_symbol(',')) return;
    if (!is_app_code(tokens_[at].text))
      add(at, cat("'", tokens_[at].text, "' is no code of an app"),
          "Use small letters, digits and _; entity_ constraint_ command_ param_ limit_ handler_ begin "
          "Wherry's own codes.");
  }

  bool has_aggregate() const {
    for (size_t i = main_; i + 1 < tokens_.size(); ++i) {
      if (tokens_[i].is_symbol('(') && (tokens_[i + 1].is_word("SELECT") || tokens_[i + 1].is_word("WITH"))) {
        i = behind_parenthesis(tokens_, i) - 1;
        continue;
      }
      if (!one_of(tokens_[i], kAggregates) || !tokens_[i + 1].is_symbol('(')) continue;
      const size_t end = behind_parenthesis(tokens_, i + 1);
      const bool windowed = end < tokens_.size() && tokens_[end].is_word("OVER");
      if (!windowed && !is_scalar_min_max(i, end)) return true;
    }
    return false;
  }

  // min and max of several arguments are plain functions.
  bool is_scalar_min_max(size_t i, size_t end) const {
    if (!tokens_[i].is_word("MIN") && !tokens_[i].is_word("MAX")) return false;
    for (size_t k = i + 2; k < end; ++k)
      if (tokens_[k].is_symbol(',') && tokens_[k].depth == tokens_[i].depth + 1) return true;
    return false;
  }

  const SqlStatement& statement_;
  const std::string& file_;
  Report& report_;
  std::vector<Token> tokens_;
  size_t main_ = 0;         // the keyword of the statement proper, behind any WITH
  size_t columns_end_ = 0;  // behind the result columns, if it is a SELECT
};

}  // namespace

bool check_refusals(const SqlStatement& statement, const std::string& file, Report& report) {
  return RefusalCheck(statement, file, report).check();
}

}  // namespace wherry

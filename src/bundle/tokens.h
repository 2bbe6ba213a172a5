// SQL text as tokens: enough to split statements and to recognise clauses, without a grammar.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wherry {

struct Token {
  enum class Kind {
    kWord,  // a keyword or a bare name
    kName,  // a name in double quotes, brackets or backquotes
    kText,  // a string literal; blobs too
    kNumber,
    kParameter,  // ?, ?1, :x, @x, $x
    kSymbol,     // one character of punctuation
  };
  Kind kind = Kind::kSymbol;
  std::string text;  // words in upper case, names and strings without their quotes, all else as written
  size_t begin = 0;  // bytes in the source
  size_t end = 0;
  int depth = 0;  // parentheses around it; of a parenthesis itself: those around the pair

  bool is_word(std::string_view upper) const { return kind == Kind::kWord && text == upper; }
  bool is_symbol(char c) const { return kind == Kind::kSymbol && text[0] == c; }
  // A word or quoted name that spells `name`, whatever the case.
  bool names(std::string_view name) const;
};

// Comments are left out. Unterminated quotes reach to the end.
std::vector<Token> tokenize(std::string_view sql);

// The line of a place in the text, counted from `first`.
int line_at(std::string_view text, size_t offset, int first = 1);

struct SqlStatement {
  std::string text;  // trimmed, without the semicolon and the comments around it
  int line = 0;
};

// Splits at the semicolons outside of CREATE TRIGGER bodies. `first_line` is the line of the text's first.
std::vector<SqlStatement> split_statements(std::string_view sql, int first_line);

// The index behind the parenthesis that closes the one at `open`; tokens.size() when none does.
size_t behind_parenthesis(const std::vector<Token>& tokens, size_t open);

bool same_name(std::string_view a, std::string_view b);

}  // namespace wherry

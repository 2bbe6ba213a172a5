#include "bundle/tokens.h"

#include <algorithm>
#include <cctype>

namespace wherry {

namespace {

bool is_word_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
char upper(char c) {
  return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
}

class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  std::vector<Token> scan() {
    while (at_ < sql_.size()) {
      if (std::isspace(static_cast<unsigned char>(sql_[at_])))
        ++at_;
      else if (sql_.substr(at_, 2) == "--")
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      else if (sql_.substr(at_, 2) == "/*")
        skip_to("*/");
      else
        token();
    }
    return std::move(tokens_);
  }

 private:
  void skip_to(std::string_view end) {
    const size_t found = sql_.find(end, at_ + 2);
    at_ = found == std::string_view::npos ? sql_.size() : found + end.size();
  }

  void add(Token::Kind kind, size_t begin, std::string text) {
    if (kind == Token::Kind::kSymbol && text == ")") depth_ = std::max(0, depth_ - 1);
    tokens_.push_back({kind, std::move(text), begin, at_, depth_});
    if (kind == Token::Kind::kSymbol && tokens_.back().text == "(") ++depth_;
  }

  void token() {
    const size_t begin = at_;
    const char c = sql_[at_];
    const char next = at_ + 1 < sql_.size() ? sql_[at_ + 1] : '\0';
    if (c == '\'' || c == '"' || c == '`' || c == '[') return quoted(c, begin);
    if ((c == 'x' || c == 'X') && next == '\'') {
      ++at_;
      return quoted('\'', begin);
    }
    if (is_digit(c) || (c == '.' && is_digit(next))) return number();
    if (c == '?' || ((c == ':' || c == '@' || c == '$') && is_word_char(next))) {
      ++at_;
      while (at_ < sql_.size() && is_word_char(sql_[at_])) ++at_;
      return add(Token::Kind::kParameter, begin, std::string(sql_.substr(begin, at_ - begin)));
    }
    if (is_word_char(c)) {
      while (at_ < sql_.size() && (is_word_char(sql_[at_]) || sql_[at_] == '$')) ++at_;
      std::string text(sql_.substr(begin, at_ - begin));
      std::ranges::transform(text, text.begin(), upper);
      return add(Token::Kind::kWord, begin, std::move(text));
    }
    ++at_;
    add(Token::Kind::kSymbol, begin, std::string(1, c));
  }

  void quoted(char open, size_t begin) {
    ++at_;
    const char close = open == '[' ? ']' : open;
    std::string text;
    while (at_ < sql_.size()) {
      const char c = sql_[at_++];
      if (c == close) {
        if (close == ']' || at_ == sql_.size() || sql_[at_] != close) break;
        ++at_;
      }
      text.push_back(c);
    }
    add(open == '\'' ? Token::Kind::kText : Token::Kind::kName, begin, std::move(text));
  }

  void number() {
    const size_t begin = at_;
    while (at_ < sql_.size() && (is_word_char(sql_[at_]) || sql_[at_] == '.' ||
                                 ((sql_[at_] == '+' || sql_[at_] == '-') && upper(sql_[at_ - 1]) == 'E' &&
                                  upper(sql_[begin + 1]) != 'X')))
      ++at_;
    add(Token::Kind::kNumber, begin, std::string(sql_.substr(begin, at_ - begin)));
  }

  std::string_view sql_;
  size_t at_ = 0;
  int depth_ = 0;
  std::vector<Token> tokens_;
};

bool is_trigger(const std::vector<Token>& tokens, size_t first) {
  for (size_t i = first; i < std::min(first + 3, tokens.size()); ++i)
    if (tokens[i].is_word("TRIGGER")) return tokens[first].is_word("CREATE");
  return false;
}

// The index of the semicolon that ends the statement, or tokens.size(). Within a trigger it is the one after
// the END that closes its BEGIN; CASE … END pairs stand between.
size_t end_of_statement(const std::vector<Token>& tokens, size_t first) {
  const bool trigger = is_trigger(tokens, first);
  int open = 0;
  bool began = false;
  for (size_t i = first; i < tokens.size(); ++i) {
    if (trigger && (tokens[i].is_word("BEGIN") || tokens[i].is_word("CASE"))) {
      ++open;
      began = began || tokens[i].text == "BEGIN";
    } else if (trigger && tokens[i].is_word("END")) {
      --open;
    } else if (tokens[i].is_symbol(';') && (!trigger || (began && open <= 0))) {
      return i;
    }
  }
  return tokens.size();
}

}  // namespace

bool Token::names(std::string_view name) const {
  return (kind == Kind::kWord || kind == Kind::kName) && same_name(text, name);
}

std::vector<Token> tokenize(std::string_view sql) {
  return Scanner(sql).scan();
}

int line_at(std::string_view text, size_t offset, int first) {
  return first + static_cast<int>(std::ranges::count(text.substr(0, offset), '\n'));
}

std::vector<SqlStatement> split_statements(std::string_view sql, int first_line) {
  const std::vector<Token> tokens = tokenize(sql);
  std::vector<SqlStatement> statements;
  for (size_t first = 0; first < tokens.size();) {
    const size_t end = end_of_statement(tokens, first);
    if (end > first) {
      const size_t begin = tokens[first].begin;
      statements.push_back(
          {std::string(sql.substr(begin, tokens[end - 1].end - begin)), line_at(sql, begin, first_line)});
    }
    first = end + 1;
  }
  return statements;
}

size_t behind_parenthesis(const std::vector<Token>& tokens, size_t open) {
  for (size_t i = open + 1; i < tokens.size(); ++i)
    if (tokens[i].is_symbol(')') && tokens[i].depth == tokens[open].depth) return i + 1;
  return tokens.size();
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::ranges::equal(a, b, {}, upper, upper);
}

}  // namespace wherry

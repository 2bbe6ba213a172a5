#include "cli/rejection_codes.h"

#include "bundle/tokens.h"

namespace wherry::cli {

namespace {

// The argument that begins at `first`, in the call that ends before `end`.
void add_argument(const std::vector<Token>& tokens, size_t first, size_t end, RejectionCodes& codes) {
  const bool alone = first + 1 == end || (first + 1 < end && tokens[first + 1].is_symbol(','));
  if (first < end && tokens[first].kind == Token::Kind::kText && alone)
    codes.known.insert(tokens[first].text);
  else
    codes.others = true;
}

void add_codes(const std::vector<Token>& tokens, RejectionCodes& codes) {
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    const bool require = tokens[i].names("require");
    if ((!require && !tokens[i].names("reject")) || !tokens[i + 1].is_symbol('(')) continue;
    const size_t end = behind_parenthesis(tokens, i + 1) - 1;
    size_t first = i + 2;
    // The code of `require` stands behind the comma that ends its condition.
    const auto ends_condition = [&](const Token& t) {
      return t.is_symbol(',') && t.depth == tokens[i].depth + 1;
    };
    if (require) {
      while (first < end && !ends_condition(tokens[first])) ++first;
      ++first;
    }
    add_argument(tokens, first, end, codes);
  }
}

}  // namespace

RejectionCodes rejection_codes(const Command& command) {
  RejectionCodes codes;
  for (const std::string& statement : command.statements) add_codes(tokenize(statement), codes);
  return codes;
}

}  // namespace wherry::cli

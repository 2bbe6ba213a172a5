// The small pieces of which a TypeScript module is written.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace wherry::cli::typescript {

// A text as a literal in single quotes.
std::string literal(std::string_view text);
// The type of "NAME(…)" with any text in the parentheses.
std::string literal_with_argument(std::string_view name);

// The name of a property, in quotes where it is no identifier.
std::string property(std::string_view name);

// "/** … */" and a line break, on several lines if the text has them; nothing for an empty text.
std::string comment(std::string_view text, std::string_view indent);

// `start`, then the members of a union, then a semicolon and a line break: on one line if it is short enough.
std::string declaration(std::string_view start, const std::vector<std::string>& members);

// Gives each thing a name of its own in the module.
class TypeNames {
 public:
  // "message.post" and "Params" make MessagePostParams, or MessagePostParams2 if that is taken.
  std::string make(std::string_view name, std::string_view suffix);

 private:
  std::set<std::string> taken_;
};

}  // namespace wherry::cli::typescript

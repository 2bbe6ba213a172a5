// What toml++ 3.3 takes for granted instead of checking it, with undefined behaviour where it is not so.
#pragma once

#include <optional>
#include <string_view>

namespace wherry {

struct TomlTrap {
  int line;
  const char *problem, *cure;
};

// The first of them: a header in which no name follows the bracket; a letter beyond ASCII where the parser
// looks for white space, which is everywhere but in comments and strings, and in long strings behind a
// backslash. What else is wrong with the text, the parser finds. Requires of a sound text that no value is a
// list of lists: a line that begins with a bracket is taken for a header.
std::optional<TomlTrap> find_toml_trap(std::string_view text);

}  // namespace wherry

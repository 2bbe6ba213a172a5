#include "cli/typescript_text.h"

#include <algorithm>

#include "base/text.h"

namespace wherry::cli::typescript {

namespace {

constexpr size_t kLineColumns = 100;

// ASCII alone: what else SQL allows in a name goes in quotes.
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

std::string pascal_case(std::string_view name) {
  std::string made;
  bool begins_word = true;
  for (const char c : name) {
    const bool stays = is_letter(c) || is_digit(c);
    if (stays && made.empty() && is_digit(c)) made.push_back('_');
    if (stays) made.push_back(begins_word ? upper(c) : c);
    begins_word = !stays;
  }
  return made;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(trim(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// `marks` would end the literal or mean something in it.
std::string escaped(std::string_view text, std::string_view marks) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string made;
  for (const char c : text) {
    if (marks.find(c) != marks.npos) made.push_back('\\');
    if (static_cast<unsigned char>(c) >= ' ')
      made.push_back(c);
    else
      made.append("\\x").append({kHex[static_cast<size_t>(c >> 4)], kHex[static_cast<size_t>(c & 15)]});
  }
  return made;
}

// A comment ends where the text does, not before.
std::string without_end(std::string_view line) {
  std::string made(line);
  for (size_t at = 0; (at = made.find("*/", at)) != std::string::npos;) made.replace(at, 2, "*\\/");
  return made;
}

}  // namespace

std::string literal(std::string_view text) {
  return cat("'", escaped(text, "'\\"), "'");
}

std::string literal_with_argument(std::string_view name) {
  return cat("`", escaped(name, "`$\\"), "(${string})`");
}

std::string property(std::string_view name) {
  const bool plain = !name.empty() && !is_digit(name[0]) && std::ranges::all_of(name, [](char c) {
    return is_letter(c) || is_digit(c) || c == '_';
  });
  return plain ? std::string(name) : literal(name);
}

std::string comment(std::string_view text, std::string_view indent) {
  const std::vector<std::string_view> lines = lines_of(trim(text));
  if (lines.empty()) return {};
  if (lines.size() == 1) return cat(indent, "/** ", without_end(lines[0]), " */\n");
  std::string made = cat(indent, "/**\n");
  for (const std::string_view line : lines)
    made.append(cat(indent, line.empty() ? " *" : " * ", without_end(line), "\n"));
  return cat(made, indent, " */\n");
}

std::string declaration(std::string_view start, const std::vector<std::string>& members) {
  const std::string line = cat(start, " ", join(members, " | "), ";\n");
  if (line.size() <= kLineColumns || members.size() == 1) return line;
  const std::string indent(start.find_first_not_of(' ') + 2, ' ');
  std::string made(start);
  for (const std::string& member : members) made.append(cat("\n", indent, "| ", member));
  return made + ";\n";
}

std::string TypeNames::make(std::string_view name, std::string_view suffix) {
  const std::string base = cat(pascal_case(name), suffix);
  std::string made = base;
  for (int next = 2; !taken_.insert(made).second; ++next) made = cat(base, next);
  return made;
}

}  // namespace wherry::cli::typescript

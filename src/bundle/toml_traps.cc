#include "bundle/toml_traps.h"

#include <algorithm>
#include <string>

namespace wherry {

namespace {

class TrapFinder {
 public:
  explicit TrapFinder(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }

  std::optional<TomlTrap> find() {
    bool line_begins = true;
    while (at_ < text_.size() && !trap_) {
      const char c = text_[at_];
      if (c == '\n') {
        line_begins = true;
        next();
        continue;
      }
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
        continue;
      }
      if (c == '"' || c == '\'') {
        string(c);
      } else if (c == '[' && line_begins) {
        header();
      } else {
        if (is_beyond_ascii(c)) beyond_ascii();
        next();
      }
      line_begins = line_begins && (c == ' ' || c == '\t');
    }
    return trap_;
  }

 private:
  static bool is_beyond_ascii(char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  static bool begins_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '"' || c == '\'';
  }

  void next() {
    if (text_[at_] == '\n') ++line_;
    ++at_;
  }
  void beyond_ascii() {
    trap_ = {line_, "a letter that is not ASCII stands outside of quotes, or behind a backslash",
             "Put what has such letters between quotes, on one line."};
  }

  void header() {
    at_ += text_.substr(at_).starts_with("[[") ? size_t{2} : size_t{1};
    at_ = std::min(text_.find_first_not_of(" \t", at_), text_.size());
    if (at_ == text_.size() || !begins_name(text_[at_]))
      trap_ = {line_, "no name follows the bracket",
               "Write [tables.messages] or [[grants]]: letters, digits, - and _."};
  }

  void string(char quote) {
    const std::string thrice(3, quote);
    const bool is_long = text_.substr(at_).starts_with(thrice);
    at_ += is_long ? thrice.size() : 1;
    bool behind_backslash = false;
    while (at_ < text_.size() && !trap_) {
      const char c = text_[at_];
      if (is_long ? text_.substr(at_).starts_with(thrice) : c == quote) {
        at_ += is_long ? thrice.size() : 1;
        return;
      }
      if (c == '\n' && !is_long) return;  // not closed
      if (c == '\\' && quote == '"') {
        behind_backslash = is_long;
        next();
        if (at_ < text_.size() && !is_blank(text_[at_]) && !is_beyond_ascii(text_[at_])) {
          behind_backslash = false;
          next();
        }
        continue;
      }
      if (behind_backslash && is_beyond_ascii(c)) beyond_ascii();
      behind_backslash = behind_backslash && is_blank(c);
      next();
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
  std::optional<TomlTrap> trap_;
};

}  // namespace

std::optional<TomlTrap> find_toml_trap(std::string_view text) {
  return TrapFinder(text).find();
}

}  // namespace wherry

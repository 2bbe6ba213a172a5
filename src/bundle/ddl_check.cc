#include "bundle/ddl_check.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace wherry {

namespace {

constexpr std::array<std::string_view, 9> kClocks = {
    "DATE", "TIME", "DATETIME", "JULIANDAY", "UNIXEPOCH", "STRFTIME", "TIMEDIFF", "RANDOM", "RANDOMBLOB"};
constexpr std::array<std::string_view, 3> kCurrent = {"CURRENT_TIME", "CURRENT_DATE", "CURRENT_TIMESTAMP"};
constexpr std::array<std::string_view, 6> kOfTheCall = {"REQUIRE",      "REJECT",   "UUID",
                                                        "RANK_BETWEEN", "HAS_ROLE", "WHERRY_USER"};
constexpr std::array<std::string_view, 5> kBeforeTableName = {"ON", "REFERENCES", "TABLE", "INTO", "EXISTS"};

template <size_t n>
bool one_of(const Token& token, const std::array<std::string_view, n>& words) {
  return token.kind == Token::Kind::kWord && std::ranges::find(words, token.text) != words.end();
}

class DdlCheck {
 public:
  DdlCheck(const SqlStatement& statement, const std::string& file, Report& report)
      : statement_(statement), file_(file), report_(report), tokens_(tokenize(statement.text)) {}

  void check() {
    if (!word(0, "CREATE") && !word(0, "ALTER") && !word(0, "DROP"))
      return add(0, "a migration may only CREATE, ALTER and DROP",
                 "Put rows that every workspace begins with in initial.jsonl, as commands.");
    if (word(1, "TEMP") || word(1, "TEMPORARY"))
      add(1, "temporary tables, views and triggers are not part of a schema", "Leave out TEMP.");
    const auto made = std::ranges::find_if(tokens_, [](const Token& t) {
      return t.is_word("TABLE") || t.is_word("TRIGGER") || t.is_word("VIEW") || t.is_word("INDEX");
    });
    what_ = made == tokens_.end() ? "" : made->text;
    if (word(1, "VIRTUAL")) return reserved_name(static_cast<size_t>(made - tokens_.begin()));
    if (made != tokens_.end()) reserved_name(static_cast<size_t>(made - tokens_.begin()));
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (what_ == "TABLE") constraint(i);
      if (what_ == "TRIGGER") trigger(i);
      if (what_ != "VIEW") function(i);
    }
  }

 private:
  bool word(size_t i, std::string_view upper) const {
    return i < tokens_.size() && tokens_[i].is_word(upper);
  }
  bool symbol(size_t i, char c) const { return i < tokens_.size() && tokens_[i].is_symbol(c); }
  void add(size_t token, std::string problem, std::string cure) {
    const size_t at = token < tokens_.size() ? tokens_[token].begin : 0;
    report_.add({file_, line_at(statement_.text, at, statement_.line)}, std::move(problem), std::move(cure));
  }

  void reserved_name(size_t at) {
    ++at;
    while (word(at, "IF") || word(at, "NOT") || word(at, "EXISTS")) ++at;
    if (at >= tokens_.size()) return;
    std::string name = tokens_[at].text;
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (name.starts_with("wherry_") || name.starts_with("sqlite_"))
      add(at, cat("the name `", name, "` is reserved"),
          "Names that begin with wherry_ or sqlite_ are not the app's.");
  }

  void constraint(size_t i) {
    if (word(i, "AUTOINCREMENT"))
      add(i, "AUTOINCREMENT gives the same number on two devices",
          "Use a TEXT key: the app makes a UUID, or a command uses uuid(n).");
    if (word(i, "ON") && (word(i + 1, "DELETE") || word(i + 1, "UPDATE")) && !word(i + 2, "NO"))
      add(i,
          cat("a foreign key with ON ", tokens_[i + 1].text, " ",
              i + 2 < tokens_.size() ? tokens_[i + 2].text : ""),
          "Leave it out, and let the command change the other rows itself.");
    if (word(i, "DEFERRABLE") && !word(i - 1, "NOT"))
      add(i, "a deferrable foreign key fails at the commit, for all commands in it", "Leave out DEFERRABLE.");
    if (word(i, "ON") && word(i + 1, "CONFLICT") && !word(i + 2, "ABORT"))
      add(i, cat("the conflict clause ON CONFLICT ", i + 2 < tokens_.size() ? tokens_[i + 2].text : ""),
          "Leave it out; a command may say INSERT … ON CONFLICT (key) DO UPDATE.");
  }

  void trigger(size_t i) {
    if (word(i, "RAISE") && symbol(i + 1, '('))
      add(i, "a trigger that uses RAISE",
          "Refuse in the command, with require or reject, or by a CHECK constraint.");
    if (word(i, "INSTEAD") && word(i + 1, "OF"))
      add(i, "an INSTEAD OF trigger writes synced tables", "Let the command write the table itself.");
    const bool write = word(i, "INSERT") || word(i, "UPDATE");
    if (write && word(i + 1, "OR") && !word(i + 2, "ABORT") && !word(i + 2, "IGNORE"))
      add(i + 1, cat("the conflict clause OR ", i + 2 < tokens_.size() ? tokens_[i + 2].text : ""),
          "Use ON CONFLICT (key) DO UPDATE.");
    if (word(i, "REPLACE") && word(i + 1, "INTO"))
      add(i, "REPLACE INTO removes rows unseen", "Use INSERT … ON CONFLICT (key) DO UPDATE.");
  }

  void function(size_t i) {
    const std::string where = what_ == "TRIGGER" ? "a trigger" : what_ == "INDEX" ? "an index" : "a table";
    if (one_of(tokens_[i], kCurrent))
      return add(i, cat(where, " reads the clock: ", tokens_[i].text), "Let the command write @now.");
    if (!symbol(i + 1, '(') || (i > 0 && one_of(tokens_[i - 1], kBeforeTableName))) return;
    if (one_of(tokens_[i], kClocks))
      add(i, cat(where, " calls ", tokens_[i].text, "(), a clock or random"),
          "Let the command write @now or uuid(n).");
    if (one_of(tokens_[i], kOfTheCall))
      add(i, cat(where, " calls ", tokens_[i].text, "(), which hangs on who runs a command"),
          "Call it in a command.");
  }

  const SqlStatement& statement_;
  const std::string& file_;
  Report& report_;
  std::vector<Token> tokens_;
  std::string what_;
};

}  // namespace

void check_ddl(const SqlStatement& statement, const std::string& file, Report& report) {
  DdlCheck(statement, file, report).check();
}

}  // namespace wherry

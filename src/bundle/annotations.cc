#include "bundle/annotations.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "bundle/param_types.h"
#include "bundle/params.h"

namespace wherry {

namespace {

const std::vector<std::string> kAnnotations = {"command", "entity", "param", "allow", "merge", "run"};

// A comment line: `-- KEY: rest` with a key of small letters, or plain text with an empty key.
struct Comment {
  int line = 0;
  std::string key;
  std::string text;
};

Comment read_comment(std::string_view line, int number) {
  const std::string_view text = trim(trim(line).substr(2));
  const size_t colon = text.find(':');
  if (colon != std::string_view::npos && is_plain_name(trim(text.substr(0, colon))))
    return {number, std::string(trim(text.substr(0, colon))), std::string(trim(text.substr(colon + 1)))};
  return {number, {}, std::string(text)};
}

// Comments that stand together, with the bytes of the SQL that follows them.
struct Group {
  std::vector<Comment> comments;
  size_t sql_begin = 0;
  size_t sql_end = 0;

  bool names_command() const {
    return std::ranges::any_of(comments, [](const Comment& c) { return c.key == "command"; });
  }
};

std::vector<Group> groups_of(std::string_view text) {
  const std::vector<Token> tokens = tokenize(text);
  std::vector<Group> groups(1);
  size_t token = 0;
  int number = 1;
  for (size_t begin = 0; begin < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    while (token < tokens.size() && tokens[token].end <= begin) ++token;
    const bool has_sql = token < tokens.size() && tokens[token].begin < end;
    if (has_sql) {
      groups.back().sql_end = end;
    } else if (trim(text.substr(begin, end - begin)).starts_with("--")) {
      if (groups.back().sql_end > groups.back().sql_begin) groups.emplace_back();
      groups.back().comments.push_back(read_comment(text.substr(begin, end - begin), number));
      groups.back().sql_begin = groups.back().sql_end = std::min(end + 1, text.size());
    }
    begin = end + 1;
  }
  return groups;
}

class CommandParser {
 public:
  CommandParser(const std::string& file, Report& report) : file_(file), report_(report) {}

  CommandSource parse(const Group& group) {
    for (const Comment& comment : group.comments) annotation(comment);
    while (!source_.command.documentation.empty() && source_.command.documentation.back() == '\n')
      source_.command.documentation.pop_back();
    return std::move(source_);
  }

 private:
  void annotation(const Comment& c) {
    place_ = {file_, c.line};
    if (std::ranges::find(kAnnotations, c.key) == kAnnotations.end()) return documentation(c);
    if (c.key != "param" && !seen_.insert(c.key).second) {
      report_.add(place_, cat("`-- ", c.key, ":` stands twice before one command"),
                  c.key == "command" ? "Each command needs SQL of its own before the next begins."
                                     : "Put everything in one line.");
      return;
    }
    if (c.key == "command") name(c.text);
    if (c.key == "entity") entity(c.text);
    if (c.key == "param") param(c.text);
    if (c.key == "allow") allow(c.text);
    if (c.key == "merge") merge(c.text);
    if (c.key == "run") run(c.text);
  }

  void documentation(const Comment& c) {
    if (!c.key.empty()) {
      const std::string near = did_you_mean(c.key, kAnnotations, {});
      if (!near.empty()) {
        report_.add(place_, cat("unknown annotation `", c.key, "`"), near);
        return;
      }
      source_.command.documentation.append(cat(c.key, ": "));
    }
    source_.command.documentation.append(c.text).push_back('\n');
  }

  void name(const std::string& text) {
    source_.place = place_;
    source_.command.name = text;
    if (!is_plain_name(text, true))
      report_.add(place_, cat("`", text, "` is no name for a command"),
                  "Use small letters, digits and _, in parts joined by dots: message.post");
    else if (text.starts_with("wherry"))
      report_.add(place_, cat("the name `", text, "` is reserved"),
                  "Names that begin with wherry are Wherry's own.");
  }

  void entity(const std::string& text) {
    EntitySource made{place_, {}, {}, EntityRule::kMustExist};
    const std::vector<Token> tokens = tokenize(text);
    size_t i = 0;
    bool good = tokens.size() >= 4 &&
                (tokens[0].kind == Token::Kind::kWord || tokens[0].kind == Token::Kind::kName) &&
                tokens[1].is_symbol('(');
    if (good) made.table = text.substr(tokens[0].begin, tokens[0].end - tokens[0].begin);
    if (good && tokens[0].kind == Token::Kind::kName) made.table = tokens[0].text;
    for (i = 2; good && i < tokens.size(); i += 2) {
      good = tokens[i].kind == Token::Kind::kParameter && tokens[i].text[0] == ':' && i + 1 < tokens.size();
      if (!good) break;
      made.params.push_back(tokens[i].text.substr(1));
      if (tokens[i + 1].is_symbol(')')) break;
      good = tokens[i + 1].is_symbol(',');
    }
    i += 2;
    if (good && i < tokens.size()) {
      good = i + 1 == tokens.size() && (tokens[i].is_word("NEW") || tokens[i].is_word("ANY"));
      if (good) made.rule = tokens[i].is_word("NEW") ? EntityRule::kMustBeNew : EntityRule::kAny;
    }
    if (!good || made.params.empty())
      report_.add(place_, cat("`", text, "` is no entity"),
                  "Write TABLE(:param, …), then nothing, `new` or `any`: messages(:id) new");
    else
      source_.entity = std::move(made);
  }

  void param(const std::string& line) {
    std::string_view text = line;
    const size_t space = text.find_first_of(" \t");
    const std::string name(text.substr(0, space));
    if (!is_plain_name(name) || space == std::string_view::npos) {
      report_.add(place_, cat("`", line, "` is no parameter"), "Write NAME TYPE: body text(1..1000)");
      return;
    }
    text = trim(text.substr(space));
    auto type = parse_param_type(text);
    if (!type) {
      report_.add(place_, cat("parameter `", name, "`: ", type.error().problem), type.error().cure);
      // Known by name all the same, so that its uses are no mistakes of their own.
      type = ParamType{};
      text = {};
    }
    Param made{name, *std::move(type), false, std::nullopt};
    text = trim(text);
    if (text.starts_with('?')) {
      made.nullable = true;
      text = trim(text.substr(1));
    }
    if (text.starts_with('=')) {
      made.default_json = std::string(trim(text.substr(1)));
      text = {};
    }
    if (!text.empty())
      report_.add(place_, cat("parameter `", name, "`: what does `", text, "` mean"),
                  "After the type may come `?` and `= JSON`.");
    if (std::ranges::find(source_.command.params, name, &Param::name) != source_.command.params.end()) {
      report_.add(place_, cat("parameter `", name, "` is declared twice"), "Remove one.");
      return;
    }
    check_default(made);
    source_.command.params.push_back(std::move(made));
    source_.param_places.push_back(place_);
  }

  void check_default(const Param& param) {
    if (!param.default_json) return;
    Command probe;
    probe.params = {param};
    if (const auto bound =
            bind_params(probe, cat("{", json_quote(param.name), ":", *param.default_json, "}"));
        !bound)
      report_.add(place_, cat("the default of `", param.name, "` is not ", type_text(param.type)),
                  "Write it as JSON: texts in double quotes.");
  }

  void allow(const std::string& text) {
    for (size_t begin = 0; begin <= text.size();) {
      const size_t end = std::min(text.find(',', begin), text.size());
      const std::string word(trim(std::string_view(text).substr(begin, end - begin)));
      bool* flag = word == "locked"    ? &source_.command.allow_locked
                   : word == "deleted" ? &source_.command.allow_deleted
                   : word == "unseen"  ? &source_.command.allow_unseen
                                       : nullptr;
      if (flag == nullptr)
        report_.add(place_, cat("`", word, "` is no restriction"),
                    did_you_mean(word, {"locked", "deleted", "unseen"},
                                 "Write locked, deleted, unseen or several of them."));
      else if (std::exchange(*flag, true))
        report_.add(place_, cat("`", word, "` stands twice"), "Remove one.");
      begin = end + 1;
    }
  }

  void merge(const std::string& text) {
    source_.says_merge = true;
    source_.command.merge_whole = text == "whole";
    if (text != "whole" && text != "cells")
      report_.add(place_, cat("`", text, "` is no way to merge"),
                  did_you_mean(text, {"cells", "whole"}, "Write cells or whole."));
  }

  void run(const std::string& text) {
    if (text == "server")
      source_.command.run = RunsWhere::kServer;
    else if (text == "local")
      source_.command.run = RunsWhere::kLocal;
    else if (text != "both")
      report_.add(place_, cat("`", text, "` is no place to run"),
                  did_you_mean(text, {"both", "server", "local"}, "Write both, server or local."));
  }

  const std::string& file_;
  Report& report_;
  Place place_;
  CommandSource source_;
  std::set<std::string> seen_;
};

}  // namespace

std::vector<CommandSource> parse_commands(const BundleFile& file, Report& report) {
  std::vector<CommandSource> commands;
  const std::string_view text = file.text;
  const std::vector<Group> groups = groups_of(text);
  for (size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].names_command()) {
      CommandSource source = CommandParser(file.name, report).parse(groups[i]);
      size_t last = i;
      while (last + 1 < groups.size() && !groups[last + 1].names_command()) ++last;
      const size_t begin = groups[i].sql_begin, end = std::max(begin, groups[last].sql_end);
      source.statements = split_statements(text.substr(begin, end - begin), line_at(text, begin));
      if (source.statements.empty())
        report.add(source.place, cat("command `", source.command.name, "` has no SQL"),
                   "Write its statements below its annotations.");
      commands.push_back(std::move(source));
      continue;
    }
    for (const Comment& c : groups[i].comments)
      if (std::ranges::find(kAnnotations, c.key) != kAnnotations.end())
        report.add({file.name, c.line}, cat("`-- ", c.key, ":` belongs to no command"),
                   "Put it directly beside the command's `-- command:`, before its SQL.");
    if (commands.empty() && groups[i].sql_end > groups[i].sql_begin)
      report.add({file.name, line_at(text, groups[i].sql_begin)}, "SQL without a command",
                 "Write `-- command: NAME` above it.");
  }
  if (commands.empty() && trim(text).empty())
    report.add({file.name, 0}, "the file holds no command", "Remove it, or write `-- command: NAME`.");
  return commands;
}

}  // namespace wherry

#include "bundle/param_types.h"

#include <cctype>
#include <charconv>
#include <limits>

#include "base/limits.h"
#include "base/real.h"
#include "base/text.h"
#include "bundle/report.h"
#include "bundle/wire_format.h"

namespace wherry {

namespace {

using Kind = ParamType::Kind;
using Parsed = std::expected<ParamType, TypeMistake>;

const std::vector<std::string> kNames = {"int",  "real", "bool", "text", "uuid",  "id",
                                         "enum", "blob", "json", "list", "scalar"};

std::unexpected<TypeMistake> mistake(std::string problem, std::string cure) {
  return std::unexpected(TypeMistake{std::move(problem), std::move(cure)});
}

// Reads the number that the text begins with: the characters it takes, 0 when there is none.
size_t parse_number(std::string_view text, int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() ? static_cast<size_t>(end - text.data()) : 0;
}

size_t parse_number(std::string_view text, double& out) {
  const size_t length = decimal_prefix(text);
  const auto real = parse_decimal(text.substr(0, length));
  if (length == 0 || !real) return 0;
  out = *real;
  return length;
}

class TypeParser {
 public:
  explicit TypeParser(std::string_view& text) : text_(text) {}

  Parsed type(int depth) {
    skip_space();
    size_t length = 0;
    while (length < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[length])) || text_[length] == '_'))
      ++length;
    const std::string name(text_.substr(0, length));
    size_t kind = 0;
    while (kind < kNames.size() && kNames[kind] != name) ++kind;
    if (kind == kNames.size())
      return mistake(cat("unknown type `", name, "`"),
                     did_you_mean(name, kNames, cat("Types are ", join(kNames, ", "), ".")));
    text_.remove_prefix(length);
    ParamType made;
    made.kind = static_cast<Kind>(kind);
    switch (made.kind) {
      case Kind::kBool:
      case Kind::kUuid:
        return made;
      case Kind::kId:
        made.least = 1;
        made.most = kIdMost;
        return made;
      case Kind::kEnum:
        return choices(std::move(made));
      case Kind::kList:
        return list(std::move(made), depth);
      case Kind::kReal:
        return real(std::move(made));
      default:
        return sized(std::move(made), name);
    }
  }

 private:
  void skip_space() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t"), text_.size())); }
  bool take(std::string_view symbol) {
    skip_space();
    if (!text_.starts_with(symbol)) return false;
    text_.remove_prefix(symbol.size());
    return true;
  }

  template <typename Number>
  bool number(Number& out) {
    skip_space();
    // `1..5`: a real's digits end before the two dots.
    const std::string_view digits = text_.substr(0, std::min(text_.find(".."), text_.find_first_of(",)")));
    const size_t length = parse_number(digits, out);
    text_.remove_prefix(length);
    return length > 0;
  }

  // `a..b`; the parenthesis is open already.
  template <typename Number>
  bool range(Number& least, Number& most) {
    return number(least) && take("..") && number(most) && least <= most;
  }

  Parsed sized(ParamType made, const std::string& name) {
    const bool is_int = made.kind == Kind::kInt;
    const std::string cure = is_int ? "Write int(1..100)." : cat("Write ", name, "(0..1000).");
    if (!take("(")) {
      if (made.kind == Kind::kBlob || made.kind == Kind::kJson)
        return mistake(cat("the size of `", name, "` is unbounded"), cure);
      made.least = is_int ? std::numeric_limits<int64_t>::min() : 0;
      made.most = is_int ? std::numeric_limits<int64_t>::max() : kDefaultTextMost;
      return made;
    }
    if (!range(made.least, made.most) || !take(")"))
      return mistake(cat("the bounds of `", name, "` are not `(least..most)`"), cure);
    if (!is_int && (made.least < 0 || made.most > static_cast<int64_t>(limits::kCommandBytes)))
      return mistake(cat("the bounds of `", name, "` are not within 0 and ", limits::kCommandBytes),
                     "A command's parameters are no larger than that.");
    return made;
  }

  Parsed real(ParamType made) {
    made.real_least = std::numeric_limits<double>::lowest();
    made.real_most = std::numeric_limits<double>::max();
    if (!take("(")) return made;
    if (!range(made.real_least, made.real_most) || !take(")"))
      return mistake("the bounds of `real` are not `(least..most)`", "Write real(0..1.5).");
    return made;
  }

  Parsed choices(ParamType made) {
    const auto wrong = [] {
      return mistake("the choices of `enum` are not quoted texts", "Write enum('open', 'closed').");
    };
    if (!take("(")) return wrong();
    do {
      if (!take("'")) return wrong();
      std::string choice;
      while (true) {
        const size_t end = text_.find('\'');
        if (end == std::string_view::npos) return wrong();
        choice.append(text_.substr(0, end));
        text_.remove_prefix(end + 1);
        if (!text_.starts_with('\'')) break;
        choice.push_back('\'');
        text_.remove_prefix(1);
      }
      for (const std::string& other : made.choices)
        if (other == choice) return mistake(cat("the choice '", choice, "' stands twice"), "Remove one.");
      made.choices.push_back(std::move(choice));
    } while (take(","));
    if (!take(")")) return wrong();
    return made;
  }

  Parsed list(ParamType made, int depth) {
    const char* cure = "Write list(uuid, 1..100).";
    if (depth >= kTypeDepth) return mistake("lists nest too deep", "Use json(a..b) for such a structure.");
    if (!take("(")) return mistake("a list does not say of what", cure);
    auto item = type(depth + 1);
    if (!item) return item;
    made.item.push_back(*std::move(item));
    if (!take(",")) return mistake("the length of a list is unbounded", cure);
    if (!range(made.least, made.most) || !take(")") || made.least < 0 ||
        made.most > static_cast<int64_t>(limits::kCommandBytes))
      return mistake("the bounds of `list` are not `(TYPE, least..most)`", cure);
    return made;
  }

  std::string_view& text_;
};

}  // namespace

std::expected<ParamType, TypeMistake> parse_param_type(std::string_view& text) {
  return TypeParser(text).type(1);
}

std::string type_text(const ParamType& type) {
  const std::string& name = kNames[static_cast<size_t>(type.kind)];
  switch (type.kind) {
    case Kind::kBool:
    case Kind::kUuid:
    case Kind::kId:
      return name;
    case Kind::kReal:
      return cat(name, "(", to_json(Value(type.real_least)), "..", to_json(Value(type.real_most)), ")");
    case Kind::kEnum: {
      std::vector<std::string> choices;
      for (const std::string& choice : type.choices) choices.push_back(quote_text(choice));
      return cat(name, "(", join(choices, ", "), ")");
    }
    case Kind::kList:
      return cat(name, "(", type_text(type.item[0]), ", ", type.least, "..", type.most, ")");
    default:
      return cat(name, "(", type.least, "..", type.most, ")");
  }
}

}  // namespace wherry

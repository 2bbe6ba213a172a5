#include "bundle/params.h"

#include <optional>

#include "base/id.h"
#include "base/limits.h"
#include "base/msgpack.h"
#include "base/text.h"
#include "bundle/json.h"

namespace wherry {

namespace {

using json::Element;
using Kind = ParamType::Kind;

// A checked value, or what was expected instead.
using Checked = std::expected<Value, std::string>;

std::unexpected<std::string> expected(std::string what) {
  return std::unexpected(std::move(what));
}

std::string bounds(const ParamType& type) {
  return cat(type.least, " to ", type.most);
}

bool within(const ParamType& type, size_t size) {
  return type.least <= static_cast<int64_t>(size) && static_cast<int64_t>(size) <= type.most;
}

Checked check(const ParamType& type, Element e);

Checked check_int(const ParamType& type, Element e) {
  const auto number = e.integer();
  if (!number || *number < type.least || *number > type.most)
    return expected(cat("an integer from ", bounds(type)));
  return Value(*number);
}

Checked check_real(const ParamType& type, Element e) {
  const auto number = e.number();
  if (!number || *number < type.real_least || *number > type.real_most)
    return expected(
        cat("a number from ", to_json(Value(type.real_least)), " to ", to_json(Value(type.real_most))));
  return Value(*number == 0 ? 0.0 : *number);  // SQLite does not keep the sign of zero
}

Checked check_bool(Element e) {
  if (const auto flag = e.boolean()) return Value(int64_t{*flag});
  const auto number = e.integer();
  if (number != 0 && number != 1) return expected("true or false");
  return Value(*number);
}

std::optional<std::string_view> text_of(Element e) {
  const auto text = e.text();
  return text && json::is_clean_text(*text) ? text : std::nullopt;
}

Checked check_text(const ParamType& type, Element e) {
  const auto text = text_of(e);
  if (!text || !within(type, count_code_points(*text)))
    return expected(cat("a text of ", bounds(type), " characters, without NUL"));
  return Value(*text);
}

Checked check_uuid(Element e) {
  const auto text = text_of(e);
  if (!text) return expected("a UUID");
  std::string lower(*text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  if (!Uuid::parse(lower)) return expected("a UUID");
  return Value(std::move(lower));
}

Checked check_enum(const ParamType& type, Element e) {
  const auto text = text_of(e);
  if (text)
    for (const std::string& choice : type.choices)
      if (choice == *text) return Value(choice);
  return expected(cat("one of ", join(type.choices, ", ")));
}

Checked check_blob(const ParamType& type, Element e) {
  const auto text = text_of(e);
  Blob blob;
  if (!text || !from_base64(*text, blob.bytes) || !within(type, blob.bytes.size()))
    return expected(cat("base64 of ", bounds(type), " bytes"));
  return Value(std::move(blob));
}

Checked check_json(const ParamType& type, Element e) {
  std::string text;
  if (!json::write(e, text) || !within(type, text.size()))
    return expected(cat("JSON of ", bounds(type), " bytes"));
  return Value(std::move(text));
}

// An item as it stands in the JSON text that a list is bound as.
std::string item_json(Element item, const Value& checked, Kind kind) {
  std::string text;
  if (kind == Kind::kUuid) return to_json(checked);
  if (kind == Kind::kJson || kind == Kind::kList) return *checked.text();
  json::write(item, text);
  return text;
}

Checked check_list(const ParamType& type, Element e) {
  const auto items = e.items();
  if (!items) return expected(cat("a list of ", bounds(type), " items"));
  std::vector<std::string> texts;
  for (const Element item : *items) {
    auto checked = check(type.item[0], item);
    if (!checked) return expected(cat("a list whose items are ", checked.error()));
    texts.push_back(item_json(item, *checked, type.item[0].kind));
  }
  if (!within(type, texts.size())) return expected(cat("a list of ", bounds(type), " items"));
  return Value(cat("[", join(texts, ","), "]"));
}

Checked check_scalar(const ParamType& type, Element e) {
  auto value = json::scalar(e);
  if (e.text()) return check_text(type, e);
  if (!value || value->is_null()) return expected("a text, a number, true or false");
  return *std::move(value);
}

Checked check(const ParamType& type, Element e) {
  switch (type.kind) {
    case Kind::kInt:
      return check_int(type, e);
    case Kind::kReal:
      return check_real(type, e);
    case Kind::kBool:
      return check_bool(e);
    case Kind::kText:
    case Kind::kId:
      return check_text(type, e);
    case Kind::kUuid:
      return check_uuid(e);
    case Kind::kEnum:
      return check_enum(type, e);
    case Kind::kBlob:
      return check_blob(type, e);
    case Kind::kJson:
      return check_json(type, e);
    case Kind::kList:
      return check_list(type, e);
    case Kind::kScalar:
      return check_scalar(type, e);
  }
  return expected("something else");
}

std::unexpected<Refusal> refuse(const char* code, std::string message) {
  return std::unexpected(Refusal{code, std::move(message)});
}

std::expected<Value, Refusal> default_of(const Param& param) {
  if (!param.default_json) return Value();
  const auto parsed = json::parse(*param.default_json);
  if (!parsed || parsed->is_null()) return Value();
  auto checked = check(param.type, *parsed);
  if (!checked)
    return refuse("param_invalid", cat("the default of `", param.name, "` is not ", checked.error()));
  return *std::move(checked);
}

}  // namespace

std::expected<BoundParams, Refusal> bind_params(const Command& command, std::string_view text) {
  if (text.size() > limits::kCommandBytes)
    return refuse("limit_size", cat("the parameters are ", text.size(), " bytes long; the limit is ",
                                    limits::kCommandBytes));
  const auto parsed = json::parse(text);
  const auto members = parsed ? parsed->members() : std::nullopt;
  if (!members) return refuse("param_invalid", "the parameters must be a JSON object");

  std::vector<std::optional<Element>> sent(command.params.size());
  for (const json::Member member : *members) {
    size_t at = 0;
    while (at < command.params.size() && command.params[at].name != member.key) ++at;
    if (at == command.params.size()) {
      const std::string name = json::is_clean_text(member.key) ? std::string(member.key.substr(0, 100)) : "?";
      return refuse("param_unknown",
                    cat(command.name, " has no parameter `", is_valid_utf8(name) ? name : "?", "`"));
    }
    if (sent[at])
      return refuse("param_invalid", cat("the parameter `", command.params[at].name, "` is given twice"));
    sent[at] = member.value;
  }

  BoundParams bound;
  bound.values.resize(command.params.size());
  bound.json.reserve(text.size() + 2);
  bound.json = "{";
  for (size_t i = 0; i < command.params.size(); ++i) {
    const Param& param = command.params[i];
    if (!sent[i]) {
      if (!param.nullable && !param.default_json)
        return refuse("param_missing", cat("the parameter `", param.name, "` is missing"));
      continue;
    }
    if (bound.json.size() > 1) bound.json.push_back(',');
    bound.json.append(json_quote(param.name));
    bound.json.push_back(':');
    if (!json::write(*sent[i], bound.json))
      return refuse("param_invalid",
                    cat("the parameter `", param.name, "` nests too deep or holds NUL in a text"));
    if (sent[i]->is_null() && param.nullable) continue;
    auto checked = check(param.type, *sent[i]);
    if (!checked)
      return refuse("param_invalid", cat("the parameter `", param.name, "` must be ", checked.error()));
    bound.values[i] = *std::move(checked);
  }
  bound.json.push_back('}');
  if (bound.json.size() > limits::kCommandBytes)
    return refuse("limit_size", cat("the parameters are ", bound.json.size(), " bytes long; the limit is ",
                                    limits::kCommandBytes));
  // Last, since reading a default reuses the parser that holds what was sent.
  for (size_t i = 0; i < command.params.size(); ++i) {
    if (sent[i] || !command.params[i].default_json) continue;
    auto value = default_of(command.params[i]);
    if (!value) return std::unexpected(std::move(value).error());
    bound.values[i] = *std::move(value);
  }
  return bound;
}

}  // namespace wherry

#include "bundle/json.h"

#include "base/limits.h"
#include "base/msgpack.h"

namespace wherry::json {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

bool write_at(element e, std::string& out, size_t depth) {
  switch (e.type()) {
    case element_type::NULL_VALUE:
      out.append("null");
      return true;
    case element_type::BOOL:
      out.append(e.get_bool().value_unsafe() ? "true" : "false");
      return true;
    case element_type::INT64:
      out.append(std::to_string(e.get_int64().value_unsafe()));
      return true;
    case element_type::UINT64:
      out.append(std::to_string(e.get_uint64().value_unsafe()));
      return true;
    case element_type::DOUBLE:
      out.append(to_json(Value(e.get_double().value_unsafe())));
      return true;
    case element_type::STRING: {
      const std::string_view text = e.get_string().value_unsafe();
      out.append(json_quote(text));
      return is_clean_text(text);
    }
    case element_type::ARRAY: {
      if (depth == limits::kJsonDepth) return false;
      char separator = '[';
      // Bound first: the result of get_array() dies before a loop over what is in it begins.
      const simdjson::dom::array items = e.get_array().value_unsafe();
      for (const element item : items) {
        out.push_back(separator);
        if (!write_at(item, out, depth + 1)) return false;
        separator = ',';
      }
      out.append(separator == '[' ? "[]" : "]");
      return true;
    }
    case element_type::OBJECT: {
      if (depth == limits::kJsonDepth) return false;
      char separator = '{';
      const simdjson::dom::object members = e.get_object().value_unsafe();
      for (const auto member : members) {
        out.push_back(separator);
        out.append(json_quote(member.key));
        out.push_back(':');
        if (!is_clean_text(member.key) || !write_at(member.value, out, depth + 1)) return false;
        separator = ',';
      }
      out.append(separator == '{' ? "{}" : "}");
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<element> parse(std::string_view text) {
  thread_local simdjson::dom::parser parser;
  element parsed;
  if (parser.parse(text.data(), text.size()).get(parsed) != simdjson::SUCCESS) return std::nullopt;
  return parsed;
}

bool write(element e, std::string& out) {
  return write_at(e, out, 0);
}

std::optional<Value> scalar(element e) {
  switch (e.type()) {
    case element_type::NULL_VALUE:
      return Value();
    case element_type::BOOL:
      return Value(int64_t{e.get_bool().value_unsafe()});
    case element_type::INT64:
      return Value(e.get_int64().value_unsafe());
    case element_type::DOUBLE:
      return Value(e.get_double().value_unsafe());
    case element_type::STRING:
      return Value(e.get_string().value_unsafe());
    default:
      return std::nullopt;
  }
}

bool is_clean_text(std::string_view text) {
  return text.find('\0') == std::string_view::npos && is_valid_utf8(text);
}

}  // namespace wherry::json

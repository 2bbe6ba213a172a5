#include "bundle/json.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/limits.h"
#include "base/msgpack.h"
#include "base/real.h"
#include "base/text.h"

namespace wherry::json {

namespace {

constexpr size_t kDeepest = 1024;

void append_utf8(uint32_t point, std::string& out) {
  const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto follow = [&](int shift) { put(0x80 | (point >> shift & 0x3F)); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xC0 | point >> 6);
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    follow(6);
  } else {
    put(0xF0 | point >> 18);
    follow(12);
    follow(6);
  }
  follow(0);
}

// Reads one text into nodes. What a function finds begins at at_; it returns false for what is no JSON.
class Reader {
 public:
  std::optional<Element> read(std::string_view text) {
    text_ = text;
    at_ = 0;
    nodes_.clear();
    strings_.clear();
    strings_.reserve(text.size());  // no string is longer than in the text, so none moves
    if (!is_valid_utf8(text) || !value(0) || at_ != text.size()) return std::nullopt;
    return Element(nodes_.data());
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\n\r", at_), text_.size()); }

  // With the space around it.
  bool value(size_t depth) {
    skip_space();
    const bool read = bare_value(depth);
    skip_space();
    return read;
  }

  bool bare_value(size_t depth) {
    switch (peek()) {
      case '[':
        return holder(Type::kList, ']', depth);
      case '{':
        return holder(Type::kObject, '}', depth);
      case '"':
        return string();
      case 'n':
        return take("null") && add({Type::kNull});
      case 't':
        return take("true") && add({.type = Type::kBool, .integer = 1});
      case 'f':
        return take("false") && add({Type::kBool});
      default:
        return number();
    }
  }

  bool add(const Node& node) {
    nodes_.push_back(node);
    return true;
  }

  bool holder(Type type, char close, size_t depth) {
    if (depth == kDeepest) return false;
    const size_t self = nodes_.size();
    add({type});
    ++at_;
    skip_space();
    if (!take(close)) {
      do {
        if (type == Type::kObject && !key()) return false;
        if (!value(depth + 1)) return false;
      } while (take(','));
      if (!take(close)) return false;
    }
    nodes_[self].count = static_cast<uint32_t>(nodes_.size() - self);
    return true;
  }

  bool key() {
    skip_space();
    if (!string()) return false;
    skip_space();
    return take(':');
  }

  bool string() {
    if (!take('"')) return false;
    const size_t begin = strings_.size();
    for (;;) {
      const size_t end = json_clean_end(text_, at_);
      strings_.append(text_, at_, end - at_);
      at_ = end;
      if (take('"')) break;
      if (!take('\\') || !escape()) return false;
    }
    return add({.type = Type::kText, .text = std::string_view(strings_).substr(begin)});
  }

  bool escape() {
    constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    if (take('u')) return unicode_escape();
    const size_t which = kNames.find(peek());
    if (which == std::string_view::npos) return false;
    strings_.push_back(kMeanings[which]);
    ++at_;
    return true;
  }

  // A code point, or the two surrogates that stand for one beyond 16 bits.
  bool unicode_escape() {
    uint32_t point = 0;
    if (!four_hex(point)) return false;
    if (0xD800 <= point && point < 0xE000) {
      uint32_t low = 0;
      if (point >= 0xDC00 || !take("\\u") || !four_hex(low) || low < 0xDC00 || low >= 0xE000) return false;
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(point, strings_);
    return true;
  }

  bool four_hex(uint32_t& out) {
    const std::string_view digits = text_.substr(at_, 4);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out, 16);
    at_ += 4;
    return digits.size() == 4 && error == std::errc() && end == digits.data() + 4;
  }

  bool number() {
    const std::string_view digits = text_.substr(at_, decimal_prefix(text_.substr(at_)));
    const size_t first = digits.starts_with('-');
    if (digits.empty()) return false;
    if (digits[first] == '0' && digits.find_first_of("0123456789", first + 1) == first + 1) return false;
    at_ += digits.size();
    if (digits.find_first_of(".eE") != std::string_view::npos) {
      const auto real = parse_decimal(digits);
      return real && add({.type = Type::kReal, .real = *real});
    }
    int64_t integer = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), integer).ec == std::errc())
      return add({.type = Type::kInteger, .integer = integer});
    uint64_t big = 0;
    return std::from_chars(digits.data(), digits.data() + digits.size(), big).ec == std::errc() &&
           add({.type = Type::kBigInteger, .integer = static_cast<int64_t>(big)});
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<Node> nodes_;
  std::string strings_;
};

bool write_at(Element e, std::string& out, size_t depth) {
  const Node& node = e.node();
  switch (e.type()) {
    case Type::kNull:
      out.append("null");
      return true;
    case Type::kBool:
      out.append(node.integer ? "true" : "false");
      return true;
    case Type::kInteger:
      out.append(std::to_string(node.integer));
      return true;
    case Type::kBigInteger:
      out.append(std::to_string(static_cast<uint64_t>(node.integer)));
      return true;
    case Type::kReal:
      out.append(to_json(Value(node.real)));
      return true;
    case Type::kText:
      out.append(json_quote(node.text));
      return is_clean_text(node.text);
    case Type::kList: {
      if (depth == limits::kJsonDepth) return false;
      char separator = '[';
      for (const Element item : Range<Element>(&node)) {
        out.push_back(separator);
        if (!write_at(item, out, depth + 1)) return false;
        separator = ',';
      }
      out.append(separator == '[' ? "[]" : "]");
      return true;
    }
    case Type::kObject: {
      if (depth == limits::kJsonDepth) return false;
      char separator = '{';
      for (const Member member : Range<Member>(&node)) {
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

std::optional<bool> Element::boolean() const {
  return type() == Type::kBool ? std::optional(node_->integer != 0) : std::nullopt;
}

std::optional<int64_t> Element::integer() const {
  return type() == Type::kInteger ? std::optional(node_->integer) : std::nullopt;
}

std::optional<double> Element::number() const {
  switch (type()) {
    case Type::kInteger:
      return static_cast<double>(node_->integer);
    case Type::kBigInteger:
      return static_cast<double>(static_cast<uint64_t>(node_->integer));
    case Type::kReal:
      return node_->real;
    default:
      return std::nullopt;
  }
}

std::optional<std::string_view> Element::text() const {
  return type() == Type::kText ? std::optional(node_->text) : std::nullopt;
}

std::optional<Range<Element>> Element::items() const {
  return type() == Type::kList ? std::optional<Range<Element>>(node_) : std::nullopt;
}

std::optional<Range<Member>> Element::members() const {
  return type() == Type::kObject ? std::optional<Range<Member>>(node_) : std::nullopt;
}

std::optional<Element> parse(std::string_view text) {
  thread_local Reader reader;
  return reader.read(text);
}

bool write(Element e, std::string& out) {
  return write_at(e, out, 0);
}

std::optional<Value> scalar(Element e) {
  const Node& node = e.node();
  switch (e.type()) {
    case Type::kNull:
      return Value();
    case Type::kBool:
    case Type::kInteger:
      return Value(node.integer);
    case Type::kReal:
      return Value(node.real);
    case Type::kText:
      return Value(node.text);
    default:
      return std::nullopt;
  }
}

bool is_clean_text(std::string_view text) {
  return text.find('\0') == std::string_view::npos && is_valid_utf8(text);
}

}  // namespace wherry::json

// Reading JSON that comes from outside, and writing it again in one canonical form. Source: RFC 8259.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/value.h"

namespace wherry::json {

enum class Type : uint8_t { kNull, kBool, kInteger, kBigInteger, kReal, kText, kList, kObject };

// A value; those that it holds stand behind it, of an object each after a node of its key.
struct Node {
  Type type;
  uint32_t count = 1;   // of nodes, with those that it holds
  int64_t integer = 0;  // a bool, too, and the bits of an integer beyond int64_t
  double real = 0;
  std::string_view text = {};
};

// What a list or an object holds, in order.
template <typename Held>
class Range {
 public:
  class Iterator {
   public:
    explicit Iterator(const Node* at) : at_(at) {}
    Held operator*() const { return Held(at_); }
    Iterator& operator++() {
      at_ += Held::count(at_);
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const Node* at_;
  };

  explicit Range(const Node* holder) : holder_(holder) {}
  Iterator begin() const { return Iterator(holder_ + 1); }
  Iterator end() const { return Iterator(holder_ + holder_->count); }

 private:
  const Node* holder_;
};

struct Member;

// A value of the text that this thread has parsed last.
class Element {
 public:
  explicit Element(const Node* node) : node_(node) {}
  static uint32_t count(const Node* node) { return node->count; }

  Type type() const { return node_->type; }
  bool is_null() const { return type() == Type::kNull; }
  const Node& node() const { return *node_; }

  // Nothing when the value is of another type.
  std::optional<bool> boolean() const;
  std::optional<int64_t> integer() const;  // nothing beyond 64 bits with a sign, too
  std::optional<double> number() const;    // integers as the nearest real
  std::optional<std::string_view> text() const;
  std::optional<Range<Element>> items() const;
  std::optional<Range<Member>> members() const;

 private:
  const Node* node_;
};

struct Member {
  explicit Member(const Node* node) : key(node->text), value(node + 1) {}
  static uint32_t count(const Node* key) { return 1 + key[1].count; }

  std::string_view key;
  Element value;
};

// Nothing when the text is not valid JSON in UTF-8, nests deeper than 1024, or holds a number beyond the
// greatest real or an integer beyond 64 bits. The element lives until the next call on this thread.
std::optional<Element> parse(std::string_view text);

// Appends the element minified: members in their order, integers in decimal, reals with every bit, strings
// with the fewest escapes. False when it nests deeper than limits::kJsonDepth or a text holds NUL.
bool write(Element element, std::string& out);

// A scalar as SQL sees it: text, integer, real, true and false as 1 and 0, null as NULL.
// Nothing for arrays, objects and integers beyond 64 bits with a sign.
std::optional<Value> scalar(Element element);

bool is_clean_text(std::string_view text);

}  // namespace wherry::json

// SQLite's five kinds of value, and rows of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace wherry {

struct Null {
  bool operator==(const Null&) const = default;
};

struct Blob {
  std::string bytes;
  bool operator==(const Blob&) const = default;
};

// Equality is that of stored values: 1 and 1.0 differ, two NULLs are equal, NaN does not occur (SQLite
// stores it as NULL).
class Value {
 public:
  Value() = default;
  Value(Null) {}
  Value(int64_t integer) : data_(integer) {}
  Value(double real) : data_(real) {}
  Value(std::string text) : data_(std::move(text)) {}
  Value(std::string_view text) : data_(std::string(text)) {}
  Value(const char* text) : data_(std::string(text)) {}
  Value(Blob blob) : data_(std::move(blob)) {}

  bool is_null() const { return std::holds_alternative<Null>(data_); }
  const int64_t* integer() const { return std::get_if<int64_t>(&data_); }
  const double* real() const { return std::get_if<double>(&data_); }
  const std::string* text() const { return std::get_if<std::string>(&data_); }
  const Blob* blob() const { return std::get_if<Blob>(&data_); }

  bool operator==(const Value& other) const;

 private:
  std::variant<Null, int64_t, double, std::string, Blob> data_;
};

using Row = std::vector<Value>;

// As an SQL literal: NULL, 1, 1.5, 'text', x'00ff'. Reals keep every bit ("%!.17g" precision).
std::string to_sql(const Value& value);

// As JSON; a blob becomes base64 text.
std::string to_json(const Value& value);
std::string json_quote(std::string_view text);

}  // namespace wherry

// Writing and reading MessagePack, streaming, without a document in between. Used for the wire, for deltas
// in the log and for row keys. Source: the MessagePack specification; extension type 1 is a UUID in its
// canonical text form, sent as its 16 bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/value.h"

namespace wherry::msgpack {

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void nil();
  void boolean(bool value);
  void integer(int64_t value);
  void real(double value);
  void text(std::string_view value);  // plain str
  void blob(std::string_view value);
  void uuid_raw(std::string_view sixteen_bytes);  // extension type 1
  void array(size_t count);
  void map(size_t pairs);
  void value(const Value& value);  // text that is a canonical UUID becomes extension type 1
  void row(const Row& row);        // an array of values
  void raw(std::string_view encoded) { out_.append(encoded); }

 private:
  void head(uint8_t tag, uint64_t number, int bytes);
  std::string& out_;
};

// Reads one item after another; every function fails with kProtocol on malformed or unexpected input and
// never reads beyond the end. Text must be valid UTF-8. Views point into the input.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}

  bool at_end() const { return at_ == in_.size(); }
  size_t position() const { return at_; }
  bool next_is_nil() const;
  // The next byte, not consumed; nothing at the end.
  std::optional<uint8_t> peek() const;
  Result<> nil();
  Result<bool> boolean();
  Result<int64_t> integer();
  Result<double> real();
  Result<std::string_view> text();
  Result<std::string_view> blob();
  Result<std::string_view> uuid_raw();
  // The count of items that follow; never more than `most`, nor than could fit into what is left.
  Result<size_t> array(size_t most);
  Result<size_t> map(size_t most);
  Result<Value> value();
  Result<Row> row(size_t most);
  // Bytes that are no MessagePack.
  Result<std::string_view> raw(size_t count);
  // Passes over one item with all it contains; nesting is limited.
  Result<> skip();
  // The bytes from `from` to the present position.
  std::string_view since(size_t from) const { return in_.substr(from, at_ - from); }
  Result<> expect_end() const;

 private:
  Result<uint8_t> tag();
  Result<uint64_t> number(int bytes);
  Result<size_t> counted(size_t most, uint8_t fix, uint8_t fix_mask, uint8_t tag16, const char* what);
  Result<size_t> text_size(uint8_t tag);
  Result<size_t> blob_size(uint8_t tag);

  std::string_view in_;
  size_t at_ = 0;
};

}  // namespace wherry::msgpack

namespace wherry {

// The bytes that name a row within its table: its key values, one after another, in MessagePack.
std::string encode_key(const Row& key);
Result<Row> decode_key(std::string_view bytes);

bool is_valid_utf8(std::string_view text);

}  // namespace wherry

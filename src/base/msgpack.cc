#include "base/msgpack.h"

#include <bit>
#include <cstring>

#include "base/eight.h"
#include "base/id.h"
#include "base/text.h"

namespace wherry::msgpack {

namespace {

constexpr uint8_t kNil = 0xC0, kFalse = 0xC2, kTrue = 0xC3, kBin8 = 0xC4, kBin16 = 0xC5, kBin32 = 0xC6;
constexpr uint8_t kFloat64 = 0xCB, kUint8 = 0xCC, kInt8 = 0xD0, kFixExt16 = 0xD8;
constexpr uint8_t kStr8 = 0xD9, kStr16 = 0xDA, kStr32 = 0xDB, kArray16 = 0xDC, kMap16 = 0xDE;
constexpr uint8_t kUuidType = 1;
constexpr int kDepthMost = 32;

std::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorCode::kProtocol, cat("malformed message: ", what));
}

}  // namespace

void Writer::head(uint8_t tag, uint64_t number, int bytes) {
  char head[9] = {static_cast<char>(tag)};
  for (int i = 1; i <= bytes; ++i) head[i] = static_cast<char>(number >> 8 * (bytes - i));
  out_.append(head, static_cast<size_t>(bytes) + 1);
}

void Writer::nil() {
  head(kNil, 0, 0);
}
void Writer::boolean(bool value) {
  head(value ? kTrue : kFalse, 0, 0);
}

void Writer::integer(int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  if (value >= 0) {
    if (value < 0x80)
      head(static_cast<uint8_t>(value), 0, 0);
    else if (value <= 0xFF)
      head(kUint8, bits, 1);
    else if (value <= 0xFFFF)
      head(kUint8 + 1, bits, 2);
    else if (value <= 0xFFFFFFFF)
      head(kUint8 + 2, bits, 4);
    else
      head(kUint8 + 3, bits, 8);
  } else if (value >= -32) {
    head(static_cast<uint8_t>(value), 0, 0);
  } else if (value >= INT8_MIN) {
    head(kInt8, bits, 1);
  } else if (value >= INT16_MIN) {
    head(kInt8 + 1, bits, 2);
  } else if (value >= INT32_MIN) {
    head(kInt8 + 2, bits, 4);
  } else {
    head(kInt8 + 3, bits, 8);
  }
}

void Writer::real(double value) {
  head(kFloat64, std::bit_cast<uint64_t>(value), 8);
}

void Writer::text(std::string_view value) {
  if (value.size() < 32)
    head(static_cast<uint8_t>(0xA0 | value.size()), 0, 0);
  else if (value.size() <= 0xFF)
    head(kStr8, value.size(), 1);
  else if (value.size() <= 0xFFFF)
    head(kStr16, value.size(), 2);
  else
    head(kStr32, value.size(), 4);
  out_.append(value);
}

void Writer::blob(std::string_view value) {
  if (value.size() <= 0xFF)
    head(kBin8, value.size(), 1);
  else if (value.size() <= 0xFFFF)
    head(kBin16, value.size(), 2);
  else
    head(kBin32, value.size(), 4);
  out_.append(value);
}

void Writer::uuid_raw(std::string_view sixteen_bytes) {
  head(kFixExt16, kUuidType, 1);
  out_.append(sixteen_bytes);
}

void Writer::array(size_t count) {
  if (count < 16)
    head(static_cast<uint8_t>(0x90 | count), 0, 0);
  else if (count <= 0xFFFF)
    head(kArray16, count, 2);
  else
    head(kArray16 + 1, count, 4);
}

void Writer::map(size_t pairs) {
  if (pairs < 16)
    head(static_cast<uint8_t>(0x80 | pairs), 0, 0);
  else if (pairs <= 0xFFFF)
    head(kMap16, pairs, 2);
  else
    head(kMap16 + 1, pairs, 4);
}

void Writer::value(const Value& value) {
  if (const int64_t* i = value.integer()) return integer(*i);
  if (const double* r = value.real()) return real(*r);
  if (const Blob* b = value.blob()) return blob(b->bytes);
  if (const std::string* t = value.text()) {
    if (t->size() == 36)
      if (const auto uuid = Uuid::parse(*t)) return uuid_raw(uuid->raw());
    return text(*t);
  }
  nil();
}

void Writer::row(const Row& row) {
  array(row.size());
  for (const Value& v : row) value(v);
}

Result<uint8_t> Reader::tag() {
  if (at_end()) return malformed("it ends too early");
  return static_cast<uint8_t>(in_[at_++]);
}

Result<uint64_t> Reader::number(int bytes) {
  TRY_ASSIGN(const std::string_view piece, raw(static_cast<size_t>(bytes)));
  uint64_t number = 0;
  for (char c : piece) number = number << 8 | static_cast<uint8_t>(c);
  return number;
}

Result<std::string_view> Reader::raw(size_t count) {
  if (in_.size() - at_ < count) return malformed("it ends too early");
  at_ += count;
  return in_.substr(at_ - count, count);
}

std::optional<uint8_t> Reader::peek() const {
  return at_end() ? std::nullopt : std::optional(static_cast<uint8_t>(in_[at_]));
}

bool Reader::next_is_nil() const {
  return peek() == kNil;
}

Result<> Reader::nil() {
  TRY_ASSIGN(const uint8_t t, tag());
  if (t != kNil) return malformed("nil expected");
  return {};
}

Result<bool> Reader::boolean() {
  TRY_ASSIGN(const uint8_t t, tag());
  if (t != kTrue && t != kFalse) return malformed("boolean expected");
  return t == kTrue;
}

Result<int64_t> Reader::integer() {
  TRY_ASSIGN(const uint8_t t, tag());
  if (t < 0x80) return t;
  if (t >= 0xE0) return static_cast<int8_t>(t);
  if (t >= kUint8 && t <= kUint8 + 3) {
    TRY_ASSIGN(const uint64_t n, number(1 << (t - kUint8)));
    if (n > INT64_MAX) return malformed("integer too large");
    return static_cast<int64_t>(n);
  }
  if (t >= kInt8 && t <= kInt8 + 3) {
    const int bytes = 1 << (t - kInt8);
    TRY_ASSIGN(const uint64_t n, number(bytes));
    const int shift = 64 - 8 * bytes;
    return static_cast<int64_t>(n << shift) >> shift;
  }
  return malformed("integer expected");
}

Result<double> Reader::real() {
  TRY_ASSIGN(const uint8_t t, tag());
  if (t != kFloat64) return malformed("real expected");
  TRY_ASSIGN(const uint64_t n, number(8));
  return std::bit_cast<double>(n);
}

Result<size_t> Reader::text_size(uint8_t t) {
  if ((t & 0xE0) == 0xA0) return t & 0x1F;
  if (t >= kStr8 && t <= kStr32) return number(1 << (t - kStr8));
  return malformed("text expected");
}

Result<size_t> Reader::blob_size(uint8_t t) {
  if (t >= kBin8 && t <= kBin32) return number(1 << (t - kBin8));
  return malformed("blob expected");
}

Result<std::string_view> Reader::text() {
  TRY_ASSIGN(const uint8_t t, tag());
  TRY_ASSIGN(const size_t size, text_size(t));
  TRY_ASSIGN(const std::string_view text, raw(size));
  if (!is_valid_utf8(text)) return malformed("text is not UTF-8");
  return text;
}

Result<std::string_view> Reader::blob() {
  TRY_ASSIGN(const uint8_t t, tag());
  TRY_ASSIGN(const size_t size, blob_size(t));
  return raw(size);
}

Result<std::string_view> Reader::uuid_raw() {
  TRY_ASSIGN(const uint8_t t, tag());
  if (t != kFixExt16) return malformed("UUID expected");
  TRY_ASSIGN(const uint8_t type, tag());
  if (type != kUuidType) return malformed("UUID expected");
  return raw(16);
}

Result<size_t> Reader::counted(size_t most, uint8_t fix, uint8_t fix_mask, uint8_t tag16, const char* what) {
  TRY_ASSIGN(const uint8_t t, tag());
  size_t count = 0;
  if ((t & static_cast<uint8_t>(~fix_mask)) == fix) {
    count = t & fix_mask;
  } else if (t == tag16 || t == tag16 + 1) {
    TRY_ASSIGN(const uint64_t given, number(t == tag16 ? 2 : 4));
    count = static_cast<size_t>(given);
  } else {
    return malformed(what);
  }
  if (count > most || count > in_.size() - at_) return malformed("more items than allowed");
  return count;
}

Result<size_t> Reader::array(size_t most) {
  return counted(most, 0x90, 0x0F, kArray16, "array expected");
}
Result<size_t> Reader::map(size_t most) {
  return counted(most, 0x80, 0x0F, kMap16, "map expected");
}

Result<Value> Reader::value() {
  if (at_end()) return malformed("it ends too early");
  const auto t = static_cast<uint8_t>(in_[at_]);
  if (t == kNil) {
    ++at_;
    return Value();
  }
  if (t == kFloat64) {
    TRY_ASSIGN(const double r, real());
    if (r != r) return malformed("NaN is no SQLite value");
    return Value(r);
  }
  if (t == kFixExt16) {
    TRY_ASSIGN(const std::string_view raw, uuid_raw());
    return Value(Uuid::from_raw(raw).text());
  }
  if ((t & 0xE0) == 0xA0 || (t >= kStr8 && t <= kStr32)) {
    TRY_ASSIGN(const std::string_view s, text());
    return Value(s);
  }
  if (t >= kBin8 && t <= kBin32) {
    TRY_ASSIGN(const std::string_view b, blob());
    return Value(Blob{std::string(b)});
  }
  TRY_ASSIGN(const int64_t i, integer());
  return Value(i);
}

Result<Row> Reader::row(size_t most) {
  TRY_ASSIGN(const size_t count, array(most));
  Row row;
  row.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(Value v, value());
    row.push_back(std::move(v));
  }
  return row;
}

Result<> Reader::skip() {
  // Iterative: `left[d]` items remain at depth d.
  size_t left[kDepthMost] = {1};
  int depth = 0;
  while (depth >= 0) {
    if (left[depth] == 0) {
      --depth;
      continue;
    }
    --left[depth];
    if (at_end()) return malformed("it ends too early");
    const auto t = static_cast<uint8_t>(in_[at_]);
    const bool is_array = (t & 0xF0) == 0x90 || t == kArray16 || t == kArray16 + 1;
    const bool is_map = (t & 0xF0) == 0x80 || t == kMap16 || t == kMap16 + 1;
    if (is_array || is_map) {
      TRY_ASSIGN(const size_t count, is_array ? array(in_.size()) : map(in_.size()));
      if (++depth == kDepthMost) return malformed("nested too deeply");
      left[depth] = is_map ? 2 * count : count;
    } else if (t == kTrue || t == kFalse) {
      ++at_;
    } else {
      TRY(value());
    }
  }
  return {};
}

Result<> Reader::expect_end() const {
  if (!at_end()) return malformed("bytes after its end");
  return {};
}

}  // namespace wherry::msgpack

namespace wherry {

std::string encode_key(const Row& key) {
  std::string bytes;
  bytes.reserve(20 * key.size());
  msgpack::Writer writer(bytes);
  for (const Value& v : key) writer.value(v);
  return bytes;
}

Result<Row> decode_key(std::string_view bytes) {
  msgpack::Reader reader(bytes);
  Row key;
  while (!reader.at_end()) {
    TRY_ASSIGN(Value v, reader.value());
    key.push_back(std::move(v));
  }
  return key;
}

bool is_valid_utf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<uint8_t>(text[i]);
    if (lead < 0x80) {
      // Eight at once: most text is ASCII.
      while (text.size() - i >= 8 && (eight_at(text, i) & eight_of(0x80)) == 0) i += 8;
      while (i < text.size() && static_cast<uint8_t>(text[i]) < 0x80) ++i;
      continue;
    }
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() - i < length) return false;
    uint32_t point = lead & (0xFFu >> (length + 1));
    for (size_t j = 1; j < length; ++j) {
      const auto next = static_cast<uint8_t>(text[i + j]);
      if ((next & 0xC0) != 0x80) return false;
      point = point << 6 | (next & 0x3Fu);
    }
    if (length == 3 && (point < 0x800 || (point >= 0xD800 && point <= 0xDFFF))) return false;
    if (length == 4 && (point < 0x10000 || point > 0x10FFFF)) return false;
    i += length;
  }
  return true;
}

}  // namespace wherry

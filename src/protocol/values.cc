#include "protocol/values.h"

#include "base/id.h"
#include "protocol/varint.h"

namespace wherry::protocol {

namespace {

constexpr uint8_t kArgument = 0x80;  // a text: the argument of the scope
constexpr uint8_t kTime = 0x81;      // an integer from kTimeLeast on: a step of time
constexpr uint8_t kUuid7 = 0x82;     // a UUID of version 7: a step of time, and its last ten bytes
constexpr uint8_t kEmptySet = 0x83;  // the text of a set without elements
constexpr std::string_view kEmptySetText = "[]";
// Milliseconds since 1970 of 48 bits, as such UUIDs hold them. Smaller integers are short as they are.
constexpr uint64_t kTimeLeast = uint64_t{1} << 32, kTimeEnd = uint64_t{1} << 48;
constexpr size_t kTimeBytes = 6, kRestBytes = 10;

bool is_version_7(const Uuid& uuid) {
  return uuid.bytes[kTimeBytes] >> 4 == 7;
}

}  // namespace

// Steps back are told as well: 0, -1, 1, -2, … are 0, 1, 2, 3, …
void ValueWriter::time_step(uint8_t code, uint64_t time) {
  out_.push_back(static_cast<char>(code));
  write_varint(out_, time >= time_ ? 2 * (time - time_) : 2 * (time_ - time) - 1);
  time_ = time;
}

// Whether the text has a form of its own.
bool ValueWriter::text(std::string_view text) {
  if (!argument_.empty() && text == argument_) {
    out_.push_back(static_cast<char>(kArgument));
    return true;
  }
  if (text == kEmptySetText) {
    out_.push_back(static_cast<char>(kEmptySet));
    return true;
  }
  if (text.size() != 36) return false;
  const auto uuid = Uuid::parse(text);
  if (!uuid) return false;
  if (!is_version_7(*uuid)) {
    plain_.uuid_raw(uuid->raw());
    return true;
  }
  uint64_t time = 0;
  for (size_t i = 0; i < kTimeBytes; ++i) time = time << 8 | uuid->bytes[i];
  time_step(kUuid7, time);
  out_.append(uuid->raw().substr(kTimeBytes));
  return true;
}

void ValueWriter::value(const Value& value) {
  const int64_t* number = value.integer();
  const auto time = number != nullptr ? static_cast<uint64_t>(*number) : 0;
  if (time >= kTimeLeast && time < kTimeEnd) return time_step(kTime, time);
  if (value.text() != nullptr && text(*value.text())) return;
  plain_.value(value);
}

void ValueWriter::row(const Row& row) {
  plain_.array(row.size());
  for (const Value& each : row) value(each);
}

Result<uint64_t> ValueReader::time_step() {
  TRY_ASSIGN(const uint64_t step, read_varint(plain_));
  const uint64_t distance = step / 2 + step % 2;
  const uint64_t time = step % 2 == 0 ? time_ + distance : time_ - distance;
  if (time >= kTimeEnd) return fail(ErrorCode::kProtocol, "malformed row item: its time is out of range");
  return time_ = time;
}

Result<Value> ValueReader::uuid() {
  TRY_ASSIGN(const uint64_t time, time_step());
  TRY_ASSIGN(const std::string_view rest, plain_.raw(kRestBytes));
  std::string raw(kTimeBytes, '\0');
  for (size_t i = 0; i < kTimeBytes; ++i) raw[i] = static_cast<char>(time >> 8 * (kTimeBytes - 1 - i));
  return Value(Uuid::from_raw(raw.append(rest)).text());
}

Result<Value> ValueReader::value() {
  const auto code = plain_.peek();
  if (code < kArgument || code > kEmptySet) return plain_.value();
  TRY(plain_.raw(1));
  if (code == kEmptySet) return Value(kEmptySetText);
  if (code == kUuid7) return uuid();
  if (code == kTime) {
    TRY_ASSIGN(const uint64_t time, time_step());
    return Value(static_cast<int64_t>(time));
  }
  if (argument_.empty())
    return fail(ErrorCode::kProtocol, "malformed row item: its scope has no argument to repeat");
  return Value(argument_);
}

Result<Row> ValueReader::row(size_t most) {
  TRY_ASSIGN(const size_t count, plain_.array(most));
  Row row;
  row.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(Value each, value());
    row.push_back(std::move(each));
  }
  return row;
}

}  // namespace wherry::protocol

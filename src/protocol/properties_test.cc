// Whatever is encoded is given back, for messages and items made at random.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/id.h"
#include "base/limits.h"
#include "protocol/codec.h"
#include "protocol/samples_for_test.h"

namespace wherry::protocol {
namespace {

using rc::gen::inRange;

int64_t any_count() {
  return *rc::gen::oneOf(inRange<int64_t>(0, 200), inRange<int64_t>(0, INT64_MAX));
}
Seq any_seq() {
  return {any_count()};
}
Millis any_time() {
  return {*inRange<int64_t>(-limits::kTimeMost, limits::kTimeMost)};
}
std::string any_bytes(size_t most = 40) {
  return *rc::gen::resize(static_cast<int>(most),
                          rc::gen::container<std::string>(rc::gen::arbitrary<char>()));
}
std::string any_text() {
  static const std::vector<std::string> kPieces = {"a",  "the ", "message", "ü",        "→",
                                                   "😀", "\0",   "\"",      "018bcfe5-"};
  std::string out;
  for (int i = *inRange(0, 12); i > 0; --i) out += *rc::gen::elementOf(kPieces);
  return out;
}
std::string any_uuid() {
  Uuid uuid;
  for (uint8_t& byte : uuid.bytes) byte = *rc::gen::arbitrary<uint8_t>();
  return uuid.text();
}
bool any_bool() {
  return *rc::gen::arbitrary<bool>();
}
Value any_value() {
  switch (*inRange(0, 8)) {
    case 0:
      return *rc::gen::arbitrary<int64_t>();
    case 6:
      return any_time().count;
    case 7:
      return *rc::gen::element<std::string>("general", "[]", kIdForTest);
    case 1:
      return *rc::gen::suchThat<double>([](double d) { return d == d; });
    case 2:
      return any_text();
    case 3:
      return Blob{any_bytes()};
    case 4:
      return any_uuid();
    default:
      return Null();
  }
}
template <typename F>
auto any_list(int most, F make) {
  std::vector<decltype(make())> list;
  for (int i = *inRange(0, most); i > 0; --i) list.push_back(make());
  return list;
}
Row any_row() {
  Row row = any_list(5, any_value);
  row.push_back(any_value());
  return row;
}
template <typename F>
std::optional<std::string> maybe(F make) {
  if (any_bool()) return make();
  return std::nullopt;
}

RowItem any_item() {
  RowItem item{static_cast<RowItem::Kind>(*inRange(0, 3)),
               *inRange<int64_t>(0, int64_t{limits::kTables}),
               any_seq(),
               any_row(),
               {}};
  if (item.kind == RowItem::Kind::kSet) {
    for (int64_t column = *inRange<int64_t>(0, 64); column >= 0; column -= *inRange<int64_t>(1, 30))
      item.cells.emplace_back(column, any_value());
  }
  return item;
}
Compression any_compression() {
  return static_cast<Compression>(*inRange(0, 3));
}
std::string any_body() {
  return encode_items(any_list(4, any_item), kBodyForTest, any_compression());
}
Segment any_segment() {
  return {any_count(), any_body()};
}
LostCell any_lost() {
  return {*inRange<int64_t>(0, int64_t{limits::kTables}), any_row(), any_text()};
}
Answer any_answer() {
  return {any_uuid(), any_count(),          any_seq(), static_cast<Outcome>(*inRange(0, 3)), any_text(),
          any_text(), any_list(3, any_lost)};
}
Scopes any_scopes() {
  return {any_bool(), any_bool(),
          any_list(4, [] { return GrantedScope{any_count(), any_text(), any_bool(), any_bool()}; }),
          any_list(4, any_count)};
}
PushedCommand any_command() {
  return {any_uuid(), any_count(), any_text(), any_text(), any_time(), any_seq(), maybe(any_text)};
}

Message any_message() {
  switch (*inRange(0, 10)) {
    case 0:
      return Hello{kVersion,
                   any_text(),
                   maybe(any_uuid),
                   any_bytes(),
                   any_time(),
                   "0123456789abcdef",
                   any_bool() ? any_uuid() : "",
                   any_seq(),
                   any_seq(),
                   any_bytes(),
                   any_count(),
                   any_list(4, any_compression)};
    case 1:
      return Push{any_list(6, any_command)};
    case 2:
      return Pull{any_list(4, [] { return Pull::Scope{any_count(), any_seq(), any_bytes()}; }),
                  any_list(4, any_count), *inRange<int64_t>(0, limits::kPullCredits + 1)};
    case 3:
      return Welcome{kVersion,          {any_count(), any_count(), any_count(), any_count()},
                     any_time(),        any_text(),
                     any_text(),        any_list(4, any_text),
                     any_uuid(),        any_seq(),
                     any_seq(),         any_bytes(),
                     any_uuid(),        any_bool(),
                     any_bytes(),       any_count(),
                     any_compression(), "0123456789abcdef"};
    case 4:
      return Schema{"0123456789abcdef", any_bytes(400)};
    case 5:
      return any_scopes();
    case 6: {
      Batch batch{any_seq(),
                  any_bytes(),
                  any_list(4, any_answer),
                  {},
                  any_list(4, any_count),
                  any_list(4, any_segment)};
      if (any_bool()) batch.scopes = any_scopes();
      return batch;
    }
    case 7:
      return RowsChunk{any_count(),
                       any_seq(),
                       any_bytes(),
                       any_bool(),
                       any_bool(),
                       any_list(3, any_answer),
                       any_list(3, any_segment),
                       any_body()};
    case 8:
      return ErrorMessage{any_text(), any_text()};
    default:
      return Bye{any_text(), any_text(), any_time()};
  }
}

TEST(Properties, MessagesAreGivenBack) {
  EXPECT_TRUE(rc::check([] {
    const Message message = any_message();
    const auto decoded = decode(encode(message, any_compression()));
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == message);
  }));
}

TEST(Properties, ItemsAreGivenBack) {
  EXPECT_TRUE(rc::check([] {
    const auto items = any_list(20, any_item);
    const std::string scope = *rc::gen::element<std::string>("workspace", "channel(general)", "user()");
    const BodyOf of{any_seq(), scope};
    const auto decoded = decode_items(encode_items(items, of, any_compression()), of);
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == items);
  }));
}

TEST(Properties, AnyBytesEndInAnErrorOrAMessage) {
  EXPECT_TRUE(rc::check([] {
    std::string bytes = any_bytes(200);
    if (!bytes.empty() && any_bool()) bytes[0] = static_cast<char>(*inRange(0, 8));
    const auto message = decode(bytes);
    if (message) RC_ASSERT(decode(encode(*message, Compression::kPlain)).has_value());
    (void)decode_items(bytes, kBodyForTest);
  }));
}

}  // namespace
}  // namespace wherry::protocol

#include "base/msgpack.h"

#include <gtest/gtest.h>

namespace wherry {
namespace {

Row sample() {
  return {Value(),
          Value(int64_t{0}),
          Value(int64_t{-1}),
          Value(int64_t{-33}),
          Value(int64_t{INT64_MIN}),
          Value(int64_t{INT64_MAX}),
          Value(int64_t{200}),
          Value(int64_t{70000}),
          Value(1.0),
          Value(-0.0),
          Value(""),
          Value("hé"),
          Value(std::string(40, 'x')),
          Value(std::string(70000, 'y')),
          Value("018f3b5c-7a1e-7cc2-9c31-0123456789ab"),
          Value(Blob{std::string("\0\xff", 2)}),
          Value(Blob{std::string(300, 'b')})};
}

TEST(Msgpack, ValuesSurviveExactly) {
  std::string bytes;
  msgpack::Writer(bytes).row(sample());
  msgpack::Reader reader(bytes);
  auto row = reader.row(100);
  ASSERT_TRUE(row);
  EXPECT_EQ(*row, sample());
  EXPECT_TRUE(reader.expect_end());
  msgpack::Reader skipping(bytes);
  EXPECT_TRUE(skipping.skip());
  EXPECT_TRUE(skipping.at_end());
}

TEST(Msgpack, EveryCutIsAnErrorNeverACrash) {
  std::string bytes;
  Row row = sample();
  row.erase(row.begin() + 13);
  msgpack::Writer(bytes).row(row);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    msgpack::Reader reader(std::string_view(bytes).substr(0, cut));
    EXPECT_FALSE(reader.row(100));
  }
}

TEST(Msgpack, RefusesWhatSqliteCannotHoldAndWhatLies) {
  using namespace std::literals;
  EXPECT_FALSE(msgpack::Reader("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"sv).value());  // above INT64_MAX
  EXPECT_FALSE(msgpack::Reader("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"sv).value());  // NaN
  EXPECT_FALSE(msgpack::Reader("\xa2\xc3\x28"sv).value());                          // not UTF-8
  EXPECT_FALSE(msgpack::Reader("\xdd\xff\xff\xff\xff"sv).array(1000));              // a lying count
  EXPECT_FALSE(msgpack::Reader(std::string(100, '\x91')).skip());                   // nested too deeply
}

TEST(Key, DecodesToWhatWasEncoded) {
  const Row key = {Value("general"), Value(int64_t{7})};
  EXPECT_EQ(*decode_key(encode_key(key)), key);
}

}  // namespace
}  // namespace wherry

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/text.h"
#include "protocol/codec.h"
#include "protocol/samples_for_test.h"

namespace wherry::protocol {
namespace {

Result<std::vector<RowItem>> decoded(std::string_view body) {
  return decode_items(body, kBodyForTest);
}

constexpr Compression kAll[] = {Compression::kPlain, Compression::kZstd, Compression::kZstdDictionary};

TEST(Items, AreGivenBack) {
  for (const Compression compression : kAll)
    EXPECT_EQ(decoded(encode_items(sample_items(), kBodyForTest, compression)), sample_items());
  EXPECT_EQ(encode_items({}, kBodyForTest, Compression::kZstd), "");
  EXPECT_EQ(decoded(""), std::vector<RowItem>());
  EXPECT_EQ(decoded(std::string(1, '\0')), std::vector<RowItem>());
}

TEST(Items, CutAtEachByteAreRefusedOrFewer) {
  for (const Compression compression : kAll) {
    const std::string body = encode_items(sample_items(), kBodyForTest, compression);
    for (size_t size = 0; size < body.size(); ++size) {
      const auto items = decoded(std::string_view(body).substr(0, size));
      if (items) {
        EXPECT_LT(items->size(), sample_items().size());
      }
    }
  }
}

TEST(Items, SurviveEveryFlippedBit) {
  for (const Compression compression : kAll) {
    std::string body = encode_items(sample_items(), kBodyForTest, compression);
    for (size_t bit = 0; bit < 8 * body.size(); ++bit) {
      body[bit / 8] = static_cast<char>(body[bit / 8] ^ 1 << bit % 8);
      const auto items = decoded(body);
      if (items) {
        EXPECT_EQ(decoded(encode_items(*items, kBodyForTest, Compression::kPlain)), *items);
      } else {
        EXPECT_FALSE(items.error().message.empty());
      }
      body[bit / 8] = static_cast<char>(body[bit / 8] ^ 1 << bit % 8);
    }
  }
}

TEST(Items, OutOfRangeAreRefused) {
  using Kind = RowItem::Kind;
  const RowItem bad[] = {
      {Kind::kPut, int64_t{limits::kTables}, {1}, {"k"}, {}},
      {Kind::kPut, 1, {-1}, {"k"}, {}},
      {Kind::kPut, 1, {1}, {}, {}},
      {Kind::kPut, 1, {1}, Row(limits::kTableColumns + 1), {}},
      {Kind::kSet, 1, {1}, {"k"}, {}},
      {Kind::kSet, 1, {1}, {"k"}, {{int64_t{limits::kTableColumns}, "v"}}},
      {Kind::kSet, 1, {1}, {"k"}, {{-1, "v"}}},
      {Kind::kSet, 1, {1}, {"k"}, {{3, "v"}, {3, "w"}}},
      {Kind::kPut, 1, {1}, {"\xC3\x28"}, {}},
  };
  for (const RowItem& item : bad) {
    const auto items = decoded(encode_items({item}, kBodyForTest, Compression::kPlain));
    ASSERT_FALSE(items);
    EXPECT_EQ(items.error().code, ErrorCode::kProtocol);
  }
  // Kind 3 does not exist; a seq may not run over.
  EXPECT_FALSE(decoded(std::string("\0\x03\x01\x91\xC0", 5)));
  EXPECT_FALSE(
      decoded(std::string("\0\x04\xD3\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x91\xC0\x04\x01\x91\xC0", 17)));
}

// The bytes of a plain body of one row of these values, behind the item's head, seq and count.
std::string values(const Row& row, std::string_view scope = "channel(general)") {
  const BodyOf of{{300}, scope};
  const std::string body = encode_items({{RowItem::Kind::kPut, 1, {300}, row, {}}}, of, Compression::kPlain);
  const auto items = decode_items(body, of);
  EXPECT_TRUE(items && items->at(0).row == row) << to_hex(body);
  return body.substr(4);
}

std::string bytes(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}

TEST(Items, CountSeqsFromTheBoundaryOfTheirMessage) {
  const std::vector<RowItem> items = {{RowItem::Kind::kGone, 1, {300}, {"k"}, {}},
                                      {RowItem::Kind::kGone, 1, {302}, {"k"}, {}}};
  const std::string body = encode_items(items, {{302}, "workspace"}, Compression::kPlain);
  EXPECT_EQ(to_hex(body), "0006fe91a16b060291a16b");
  EXPECT_EQ(decode_items(body, {{302}, "workspace"}), items);
  EXPECT_EQ(decode_items(body, {{1}, "workspace"}).error().code, ErrorCode::kProtocol) << "below 0";
}

TEST(Items, LeaveOutWhatTheScopeSays) {
  EXPECT_EQ(to_hex(values({"general"})), "80");
  EXPECT_EQ(to_hex(values({"General"})), "a747656e6572616c");
  EXPECT_EQ(to_hex(values({kRandomIdForTest}, cat("channel(", kRandomIdForTest, ")"))), "80");
  EXPECT_EQ(to_hex(values({"a(b)c"}, "channel[hr](a(b)c)")), "80");
  EXPECT_EQ(to_hex(values({int64_t{7}}, "channel(7)")), "07") << "the argument is a text";
  EXPECT_EQ(to_hex(values({"", "workspace"}, "workspace")), "a0a9776f726b7370616365");
  EXPECT_EQ(to_hex(values({""}, "channel()")), "a0");
}

TEST(Items, OfAScopeWithoutArgumentCannotRepeatIt) {
  for (const std::string_view scope : {"workspace", "channel()", "channel(", "channel(xy", ""}) {
    const auto items = decode_items(bytes("0004009180"), {{300}, scope});
    ASSERT_FALSE(items) << scope;
    EXPECT_EQ(items.error().code, ErrorCode::kProtocol);
  }
}

TEST(Items, TellTimesAsSteps) {
  // 1700000000123 is 0x18bcfe5687b; twice that in groups of seven bits.
  const std::string first = "81f6a1abfef962";
  EXPECT_EQ(to_hex(values({int64_t{1'700'000'000'123}})), first);
  EXPECT_EQ(
      to_hex(values({int64_t{1'700'000'000'123}, int64_t{1'700'000'000'124}, int64_t{1'700'000'000'120}})),
      first + "8102" + "8107");
  EXPECT_EQ(to_hex(values({kIdForTest, int64_t{1'700'000'000'123}})),
            "82" + first.substr(2) + "700080000123456789ab" + "8100");
  // Numbers that are no such times are as MessagePack has them, and so are other UUIDs.
  EXPECT_EQ(to_hex(values({(int64_t{1} << 32) - 1})), "ceffffffff");
  EXPECT_EQ(to_hex(values({int64_t{1} << 48})), "cf0001000000000000");
  EXPECT_EQ(to_hex(values({int64_t{-1'700'000'000'123}})), "d3fffffe74301a9785");
  EXPECT_EQ(to_hex(values({kRandomIdForTest})), "d8018d1f0c0e3b524d6a9c0b0123456789ab");
}

TEST(Items, GiveBackTimesAtTheirEnds) {
  const int64_t least = int64_t{1} << 32, most = (int64_t{1} << 48) - 1;
  (void)values({least, most, least, "ffffffff-ffff-7fff-bfff-ffffffffffff", least,
                "00000000-0000-7000-8000-000000000000", most});
}

TEST(Items, RefuseTimesOutOfRange) {
  for (const char* value : {
           "8101",                    // before 1970
           "818080808080808001",      // 2^48
           "81ffffffffffffffff7f",    // far beyond
           "81ffffffffffffffffff01",  // of more than 63 bits
           "81ff",                    // cut
           "8201700080000123456789ab",
           "8200700080000123456789",  // a UUID without its last byte
       }) {
    const auto items = decoded(bytes(cat("00040091", value)));
    ASSERT_FALSE(items) << value;
    EXPECT_EQ(items.error().code, ErrorCode::kProtocol);
  }
}

TEST(Items, HaveACodeForAnEmptySet) {
  EXPECT_EQ(to_hex(values({"[]", "[ ]"})), "83a35b205d");
}

TEST(Items, HaveNoMapsAndOtherCodes) {
  for (const char* value : {"84", "8f", "90", "c1", "c2"})
    EXPECT_FALSE(decoded(bytes(cat("00040091", value))));
}

TEST(Items, CostFewBytesWhenManyTravelTogether) {
  // Sets of one small cell: besides the id of the row, which nothing can shorten much, a handful of bytes
  // each.
  std::vector<RowItem> sets;
  for (int64_t i = 0; i < 16; ++i) {
    const std::string id =
        cat("018bcfe5-687b-7000-8000-0123456789", to_hex(std::string(1, static_cast<char>(40 * i + 7))));
    sets.push_back({RowItem::Kind::kSet, 2, {300'000 + i}, {id}, {{9, i % 5}}});
  }
  EXPECT_LE(encode_items(sets, kBodyForTest, Compression::kPlain).size(), 20 * sets.size());
  EXPECT_LE(encode_items(sets, kBodyForTest, Compression::kZstdDictionary).size(), 15 * sets.size());
}

}  // namespace
}  // namespace wherry::protocol

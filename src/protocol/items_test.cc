#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/text.h"
#include "protocol/codec.h"
#include "protocol/samples_for_test.h"

namespace wherry::protocol {
namespace {

constexpr Compression kAll[] = {Compression::kPlain, Compression::kZstd, Compression::kZstdDictionary};

TEST(Items, AreGivenBack) {
  for (const Compression compression : kAll)
    EXPECT_EQ(decode_items(encode_items(sample_items(), compression)), sample_items());
  EXPECT_EQ(encode_items({}, Compression::kZstd), "");
  EXPECT_EQ(decode_items(""), std::vector<RowItem>());
  EXPECT_EQ(decode_items(std::string(1, '\0')), std::vector<RowItem>());
}

TEST(Items, CutAtEachByteAreRefusedOrFewer) {
  for (const Compression compression : kAll) {
    const std::string body = encode_items(sample_items(), compression);
    for (size_t size = 0; size < body.size(); ++size) {
      const auto items = decode_items(std::string_view(body).substr(0, size));
      if (items) {
        EXPECT_LT(items->size(), sample_items().size());
      }
    }
  }
}

TEST(Items, SurviveEveryFlippedBit) {
  for (const Compression compression : kAll) {
    std::string body = encode_items(sample_items(), compression);
    for (size_t bit = 0; bit < 8 * body.size(); ++bit) {
      body[bit / 8] = static_cast<char>(body[bit / 8] ^ 1 << bit % 8);
      const auto items = decode_items(body);
      if (items) {
        EXPECT_EQ(decode_items(encode_items(*items, Compression::kPlain)), *items);
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
    const auto items = decode_items(encode_items({item}, Compression::kPlain));
    ASSERT_FALSE(items);
    EXPECT_EQ(items.error().code, ErrorCode::kProtocol);
  }
  // Kind 3 does not exist; a seq may not run over.
  EXPECT_FALSE(decode_items(std::string("\0\x03\x01\x91\xC0", 5)));
  EXPECT_FALSE(
      decode_items(std::string("\0\x04\xD3\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x91\xC0\x04\x01\x91\xC0", 17)));
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
  EXPECT_LE(encode_items(sets, Compression::kPlain).size(), 30 * sets.size());
  EXPECT_LE(encode_items(sets, Compression::kZstdDictionary).size(), 15 * sets.size());
}

}  // namespace
}  // namespace wherry::protocol

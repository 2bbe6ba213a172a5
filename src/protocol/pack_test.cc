#include "protocol/pack.h"

#include <gtest/gtest.h>
#include <xxhash.h>
#include <zstd.h>

#include <fstream>
#include <iterator>

#include "base/limits.h"
#include "base/text.h"
#include "protocol/codec.h"

namespace wherry::protocol {
namespace {

constexpr Compression kZstdWays[] = {Compression::kZstd, Compression::kZstdDictionary};

std::string packed(std::string_view plain, Compression compression) {
  std::string out;
  Packer().pack(plain, compression, out);
  return out;
}

TEST(Pack, LeavesPlainWhatWouldGrow) {
  for (const Compression way : kZstdWays)
    EXPECT_EQ(packed("\x01\xFE\x80", way), std::string("\0\x01\xFE\x80", 4));
}

TEST(Pack, GivesBackAllSizes) {
  Packer packer;
  for (const Compression way : kZstdWays)
    for (const size_t size : {size_t{0}, size_t{1}, size_t{70'000}, limits::kMessageBytes}) {
      std::string plain(size, 'a');
      for (size_t i = 0; i < size; i += 97) plain[i] = static_cast<char>(i / 97);
      std::string out;
      packer.pack(plain, way, out);
      EXPECT_EQ(packer.unpack(out), plain) << size;
    }
}

TEST(Pack, WritesFramesThatAnyZstdReadsOnceTheMagicIsBack) {
  std::string plain;
  while (plain.size() <= 1024) plain += "the same words, ";
  for (const Compression way : kZstdWays) {
    const std::string frame = "\x28\xB5\x2F\xFD" + packed(plain, way).substr(1);
    std::string out(plain.size(), '\0');
    ZSTD_DCtx* context = ZSTD_createDCtx();
    const std::string_view words = way == Compression::kZstd ? std::string_view() : dictionary();
    const size_t size = ZSTD_decompress_usingDict(context, out.data(), out.size(), frame.data(), frame.size(),
                                                  words.data(), words.size());
    ZSTD_freeDCtx(context);
    ASSERT_FALSE(ZSTD_isError(size)) << ZSTD_getErrorName(size);
    EXPECT_EQ(out, plain);
  }
}

TEST(Pack, WritesSmallFramesOfTheDictionaryWithoutTheirHeaders) {
  const std::string plain =
      "could you take a look at the meeting, please review the new version of the document";
  const std::string block = packed(plain, Compression::kZstdDictionary);
  EXPECT_EQ(block[0], 3);
  EXPECT_LT(block.size(), plain.size() * 2 / 3);
  EXPECT_EQ(Packer().unpack(block), plain);
  // A frame whose window is 1 KiB and whose header says no more; the last block, compressed, of so many
  // bytes.
  const size_t header = (block.size() - 1) << 3 | 5;
  const std::string frame = std::string("\x02\0\0", 3) + static_cast<char>(header) +
                            static_cast<char>(header >> 8) + '\0' + block.substr(1);
  EXPECT_EQ(Packer().unpack(frame), plain);
  EXPECT_EQ(packed(plain, Compression::kZstd)[0], 1) << "only with the dictionary";
}

TEST(Pack, RefusesBrokenSmallBlocks) {
  const std::string block =
      packed("could you take a look at the meeting tomorrow", Compression::kZstdDictionary);
  ASSERT_EQ(block[0], 3);
  EXPECT_EQ(Packer().unpack("\x03").error().code, ErrorCode::kProtocol);
  EXPECT_EQ(Packer().unpack(block.substr(0, 4)).error().code, ErrorCode::kProtocol);
  EXPECT_EQ(Packer().unpack(block + std::string(2000, 'x')).error().code, ErrorCode::kProtocol);
  // More than a block header can count.
  EXPECT_EQ(Packer().unpack("\x03" + std::string(3 << 20, 'x')).error().code, ErrorCode::kProtocol);
}

TEST(Pack, GivesBackSizesAroundThoseOfASmallBlock) {
  for (size_t size = 1000; size < 1050; ++size) {
    const std::string plain(size, 'a');
    EXPECT_EQ(Packer().unpack(packed(plain, Compression::kZstdDictionary)), plain) << size;
  }
}

std::string frame_of(const std::string& plain, int window_log) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  ZSTD_inBuffer input{plain.data(), plain.size(), 0};
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  // In two steps, so that the compressor cannot shrink the window to what it knows will come.
  ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush);
  ZSTD_compressStream2(context, &output, &input, ZSTD_e_end);
  ZSTD_freeCCtx(context);
  out.resize(output.pos);
  return "\x01" + out.substr(4);
}

TEST(Pack, StopsBombsWhileInflating) {
  const std::string bomb = frame_of(std::string(64 << 20, '\0'), 20);
  EXPECT_LT(bomb.size(), size_t{16 << 10});
  EXPECT_EQ(Packer().unpack(bomb).error().code, ErrorCode::kLimit);
  const std::string one_too_many = frame_of(std::string(limits::kMessageBytes + 1, 'x'), 20);
  EXPECT_EQ(Packer().unpack(one_too_many).error().code, ErrorCode::kLimit);
  EXPECT_TRUE(Packer().unpack(frame_of(std::string(limits::kMessageBytes, 'x'), 20)));
}

TEST(Pack, RefusesWindowsLargerThanAMessage) {
  EXPECT_EQ(Packer().unpack(frame_of("words", 27)).error().code, ErrorCode::kProtocol);
}

TEST(Pack, RefusesPlainBeyondTheLimitAndUnknownWays) {
  EXPECT_EQ(Packer().unpack(std::string(limits::kMessageBytes + 2, '\0')).error().code, ErrorCode::kLimit);
  EXPECT_EQ(Packer().unpack("\x04words").error().code, ErrorCode::kProtocol);
  EXPECT_EQ(Packer().unpack("").error().code, ErrorCode::kProtocol);
}

TEST(Pack, RefusesSecondFramesAndBrokenOnes) {
  const std::string good = packed(std::string(1000, 'x'), Compression::kZstd);
  EXPECT_EQ(Packer().unpack(good + "\x28\xB5\x2F\xFD" + good.substr(1)).error().code, ErrorCode::kProtocol);
  EXPECT_EQ(Packer().unpack(good.substr(0, good.size() - 1)).error().code, ErrorCode::kProtocol);
  EXPECT_EQ(Packer().unpack("\x01").error().code, ErrorCode::kProtocol);
}

TEST(Pack, RecoversAfterABrokenFrame) {
  Packer packer;
  const std::string good = packed(std::string(1000, 'x'), Compression::kZstdDictionary);
  EXPECT_FALSE(packer.unpack(good.substr(0, good.size() - 2)));
  EXPECT_EQ(packer.unpack(good), std::string(1000, 'x'));
}

TEST(Pack, DictionaryIsTheCommittedFileAndNeverChanges) {
  std::ifstream file(WHERRY_SOURCE_DIR "/protocol/dictionary_1.bin", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(dictionary(), bytes);
  EXPECT_EQ(XXH64(bytes.data(), bytes.size(), 0), kDictionaryHash);
}

}  // namespace
}  // namespace wherry::protocol

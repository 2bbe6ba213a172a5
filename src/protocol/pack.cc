#include "protocol/pack.h"

#include <zstd.h>

#include <algorithm>
#include <optional>

#include "base/limits.h"
#include "base/text.h"
#include "protocol/codec.h"
#include "protocol/compress.h"

namespace wherry::protocol {

namespace {

constexpr std::string_view kMagic = "\x28\xB5\x2F\xFD";
// The first byte of a frame of one small block, of which only the block's content follows.
constexpr uint8_t kSmallBlock = 3;
// How such a frame goes on after its magic number: its header names that window, and nothing else.
constexpr std::string_view kSmallHeader("\0\0", 2);
constexpr size_t kBlockHeaderBytes = 3;
// A sender never needs to look back further than a whole message.
constexpr int kWindowLogMost = 22;
static_assert(limits::kMessageBytes == size_t{1} << kWindowLogMost);
// What one step of inflating may add: about what a message needs, and not too much of it at once.
constexpr size_t kStepBytes = 64 << 10;
constexpr size_t kLikelyRatio = 8;

struct FreeDCtx {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
using DCtx = std::unique_ptr<ZSTD_DCtx, FreeDCtx>;

// Before the content of a compressed block of so many bytes that is the last one.
std::string block_header(size_t bytes) {
  const size_t bits = bytes << 3 | 0b101;
  std::string header;
  for (size_t i = 0; i < kBlockHeaderBytes; ++i) header.push_back(static_cast<char>(bits >> 8 * i));
  return header;
}

// The content of the one block that the frame has; nothing if it is of another form.
std::optional<std::string_view> small_block(std::string_view frame) {
  constexpr size_t kHeaders = kSmallHeader.size() + kBlockHeaderBytes;
  if (frame.size() < kHeaders || !frame.starts_with(kSmallHeader)) return std::nullopt;
  const std::string_view content = frame.substr(kHeaders);
  if (frame.substr(kSmallHeader.size(), kBlockHeaderBytes) != block_header(content.size()))
    return std::nullopt;
  return content;
}

DCtx make_decompressor(Compression compression) {
  DCtx context(ZSTD_createDCtx());
  if (!context) return nullptr;
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kWindowLogMost);
  if (compression == Compression::kZstdDictionary &&
      ZSTD_isError(ZSTD_DCtx_loadDictionary(context.get(), dictionary().data(), dictionary().size())))
    return nullptr;
  return context;
}

// Feeds `in` to the running frame; true when the frame ended exactly with the end of `in`.
Result<bool> inflate(ZSTD_DCtx& context, std::string_view in, std::string& out) {
  ZSTD_inBuffer input{in.data(), in.size(), 0};
  for (;;) {
    const size_t before = out.size();
    const size_t likely = kLikelyRatio * (in.size() - input.pos) + 64;
    const size_t room = std::min({kStepBytes, likely, limits::kMessageBytes + 1 - before});
    out.resize(before + room);
    ZSTD_outBuffer output{out.data() + before, room, 0};
    const size_t left = ZSTD_decompressStream(&context, &output, &input);
    out.resize(before + output.pos);
    if (ZSTD_isError(left))
      return fail(ErrorCode::kProtocol, cat("broken compression: ", ZSTD_getErrorName(left)));
    if (out.size() > limits::kMessageBytes)
      return fail(ErrorCode::kLimit,
                  cat("a message inflates to more than ", limits::kMessageBytes, " bytes"));
    if (left == 0) {
      if (input.pos < input.size)
        return fail(ErrorCode::kProtocol, "broken compression: bytes after the end");
      return true;
    }
    if (input.pos == input.size && output.pos < room) return false;
  }
}

// Appends what stands for a frame of `plain_size` bytes, if that is smaller.
bool put_frame(Compression compression, std::string_view frame, size_t plain_size, std::string& out) {
  frame.remove_prefix(kMagic.size());
  auto first = static_cast<uint8_t>(compression);
  if (const auto block = small_block(frame); block && compression == Compression::kZstdDictionary) {
    first = kSmallBlock;
    frame = *block;
  }
  if (frame.size() >= plain_size) return false;
  out.push_back(static_cast<char>(first));
  out.append(frame);
  return true;
}

}  // namespace

struct Packer::Contexts {
  Compressor compressor;
  DCtx decompressors[3];
};

Packer::Packer() : contexts_(std::make_unique<Contexts>()) {}
Packer::~Packer() = default;

Packer& Packer::mine() {
  thread_local Packer packer;
  return packer;
}

void Packer::pack(std::string_view plain, Compression compression, std::string& out) {
  if (compression != Compression::kPlain) {
    const std::string frame = contexts_->compressor.frame(plain, compression);
    if (!frame.empty() && put_frame(compression, frame, plain.size(), out)) return;
  }
  out.push_back(static_cast<char>(Compression::kPlain));
  out.append(plain);
}

Result<std::string> Packer::unpack(std::string_view packed) {
  if (packed.empty()) return fail(ErrorCode::kProtocol, "malformed message: it is empty");
  if (packed.size() > limits::kMessageBytes + 1)
    return fail(ErrorCode::kLimit, cat("a message has more than ", limits::kMessageBytes, " bytes"));
  const auto kind = static_cast<uint8_t>(packed[0]);
  packed.remove_prefix(1);
  if (kind == static_cast<uint8_t>(Compression::kPlain)) return std::string(packed);
  if (kind > kSmallBlock) return fail(ErrorCode::kProtocol, cat("malformed message: unknown packing ", kind));

  const auto compression =
      kind == kSmallBlock ? Compression::kZstdDictionary : static_cast<Compression>(kind);
  DCtx& context = contexts_->decompressors[static_cast<size_t>(compression)];
  if (!context) context = make_decompressor(compression);
  if (!context) return fail(ErrorCode::kUnavailable, "no memory for decompression");
  ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_only);
  std::string out;
  TRY(inflate(*context, kMagic, out));
  if (kind == kSmallBlock) TRY(inflate(*context, cat(kSmallHeader, block_header(packed.size())), out));
  TRY_ASSIGN(const bool ended, inflate(*context, packed, out));
  if (!ended) return fail(ErrorCode::kProtocol, "broken compression: it ends too early");
  return out;
}

}  // namespace wherry::protocol

#include "protocol/pack.h"

#include <zstd.h>

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "protocol/codec.h"

namespace wherry::protocol {

namespace {

constexpr int kLevel = 3;
constexpr std::string_view kMagic = "\x28\xB5\x2F\xFD";
// A sender never needs to look back further than a whole message.
constexpr int kWindowLogMost = 22;
static_assert(limits::kMessageBytes == size_t{1} << kWindowLogMost);
// What one step of inflating may add: about what a message needs, and not too much of it at once.
constexpr size_t kStepBytes = 64 << 10;
constexpr size_t kLikelyRatio = 8;

struct FreeCCtx {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDCtx {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
using CCtx = std::unique_ptr<ZSTD_CCtx, FreeCCtx>;
using DCtx = std::unique_ptr<ZSTD_DCtx, FreeDCtx>;

CCtx make_compressor(Compression compression) {
  CCtx context(ZSTD_createCCtx());
  if (!context) return nullptr;
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 0);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_dictIDFlag, 0);
  if (compression == Compression::kZstdDictionary &&
      ZSTD_isError(ZSTD_CCtx_loadDictionary(context.get(), dictionary().data(), dictionary().size())))
    return nullptr;
  return context;
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

}  // namespace

struct Packer::Contexts {
  CCtx compressors[3];
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
    CCtx& context = contexts_->compressors[static_cast<size_t>(compression)];
    if (!context) context = make_compressor(compression);
    if (context) {
      const size_t bound = ZSTD_compressBound(plain.size());
      std::string frame(bound, '\0');
      const size_t size = ZSTD_compress2(context.get(), frame.data(), bound, plain.data(), plain.size());
      if (!ZSTD_isError(size) && size - kMagic.size() < plain.size()) {
        out.push_back(static_cast<char>(compression));
        out.append(frame, kMagic.size(), size - kMagic.size());
        return;
      }
    }
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
  if (kind > static_cast<uint8_t>(Compression::kZstdDictionary))
    return fail(ErrorCode::kProtocol, cat("malformed message: unknown packing ", kind));

  DCtx& context = contexts_->decompressors[kind];
  if (!context) context = make_decompressor(static_cast<Compression>(kind));
  if (!context) return fail(ErrorCode::kUnavailable, "no memory for decompression");
  ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_only);
  std::string out;
  TRY(inflate(*context, kMagic, out));
  TRY_ASSIGN(const bool ended, inflate(*context, packed, out));
  if (!ended) return fail(ErrorCode::kProtocol, "broken compression: it ends too early");
  return out;
}

}  // namespace wherry::protocol

#include "protocol/compress.h"

#include <zstd.h>

#include "protocol/codec.h"

namespace wherry::protocol {

namespace {

// What a small message is: zstd's smallest window. A better search costs little there, and whoever sends one
// message for each command sends many of them.
constexpr size_t kSmall = 1 << 10;
constexpr int kLevel = 3, kLevelOfSmall = 4;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
using Context = std::unique_ptr<ZSTD_CCtx, FreeContext>;

Context make_context(Compression compression, int level) {
  Context context(ZSTD_createCCtx());
  if (!context) return nullptr;
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 0);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_dictIDFlag, 0);
  if (compression == Compression::kZstdDictionary &&
      ZSTD_isError(ZSTD_CCtx_loadDictionary(context.get(), dictionary().data(), dictionary().size())))
    return nullptr;
  return context;
}

}  // namespace

struct Compressor::Contexts {
  Context of_all[3], of_small[3];
};

Compressor::Compressor() : contexts_(std::make_unique<Contexts>()) {}
Compressor::~Compressor() = default;

std::string Compressor::frame(std::string_view plain, Compression compression) {
  const bool small = plain.size() <= kSmall;
  Context& context = (small ? contexts_->of_small : contexts_->of_all)[static_cast<size_t>(compression)];
  if (!context) context = make_context(compression, small ? kLevelOfSmall : kLevel);
  if (!context) return {};
  std::string made(ZSTD_compressBound(plain.size()), '\0');
  const size_t size = ZSTD_compress2(context.get(), made.data(), made.size(), plain.data(), plain.size());
  made.resize(ZSTD_isError(size) ? 0 : size);
  return made;
}

}  // namespace wherry::protocol

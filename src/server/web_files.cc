#include "server/web_files.h"

#include <filesystem>

#include <brotli/encode.h>
#include <zlib.h>

#include "base/text.h"
#include "net/token.h"

namespace wherry::server {

namespace {

constexpr int kBrotliQuality = 9;  // of 11; the last two take ten times as long for a few percent

struct Type {
  const char* extension;
  const char* type;
  bool compressible;
};
constexpr Type kTypes[] = {
    {".html", "text/html; charset=utf-8", true},
    {".js", "text/javascript; charset=utf-8", true},
    {".mjs", "text/javascript; charset=utf-8", true},
    {".css", "text/css; charset=utf-8", true},
    {".json", "application/json", true},
    {".map", "application/json", true},
    {".webmanifest", "application/manifest+json", true},
    {".svg", "image/svg+xml", true},
    {".txt", "text/plain; charset=utf-8", true},
    {".wasm", "application/wasm", true},
    {".ico", "image/x-icon", true},
    {".png", "image/png", false},
    {".jpg", "image/jpeg", false},
    {".webp", "image/webp", false},
    {".avif", "image/avif", false},
    {".woff2", "font/woff2", false},
};
constexpr Type kOther = {"", "application/octet-stream", false};

const Type& type_of(const std::string& name) {
  const std::string extension = std::filesystem::path(name).extension().string();
  for (const Type& type : kTypes)
    if (extension == type.extension) return type;
  return kOther;
}

std::string brotli(const std::string& bytes) {
  std::string out(BrotliEncoderMaxCompressedSize(bytes.size()), '\0');
  size_t size = out.size();
  const bool done = BrotliEncoderCompress(kBrotliQuality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC,
                                          bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()), &size,
                                          reinterpret_cast<uint8_t*>(out.data()));
  out.resize(done ? size : 0);
  return out;
}

std::string gzip(const std::string& bytes) {
  constexpr int kWindowBits = 15, kGzip = 16, kMemory = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kWindowBits | kGzip, kMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    return {};
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(done ? out.size() - stream.avail_out : 0);
  deflateEnd(&stream);
  return out;
}

// A coding as a whole word of the header, and not turned down with q=0.
bool accepts(std::string_view header, std::string_view coding) {
  while (!header.empty()) {
    const size_t comma = std::min(header.find(','), header.size());
    std::string_view one = trim(header.substr(0, comma));
    header.remove_prefix(std::min(comma + 1, header.size()));
    const size_t semicolon = std::min(one.find(';'), one.size());
    if (trim(one.substr(0, semicolon)) != coding) continue;
    const std::string_view weight = trim(one.substr(std::min(semicolon + 1, one.size())));
    return weight != "q=0" && weight != "q=0.0" && weight != "q=0.00" && weight != "q=0.000";
  }
  return false;
}

}  // namespace

void WebFiles::add(const std::string& path, std::string bytes, Kept kept) {
  const Type& type = type_of(path);
  File file;
  file.type = type.type;
  file.etag = cat('"', to_hex(net::sha256(bytes)).substr(0, 32), '"');
  file.kept = kept;
  if (type.compressible) {
    const auto worth = [&](std::string made) {
      return made.empty() || made.size() >= bytes.size()
                 ? nullptr
                 : std::make_shared<const std::string>(std::move(made));
    };
    file.brotli = worth(brotli(bytes));
    file.gzip = worth(gzip(bytes));
  }
  file.plain = std::make_shared<const std::string>(std::move(bytes));
  files_.emplace(path, std::move(file));
}

std::optional<net::Page> WebFiles::find(std::string_view path, const net::PageRequest& request) const {
  const auto at = files_.find(path);
  if (at == files_.end()) return std::nullopt;
  const File& file = at->second;
  net::Page page;
  page.headers =
      cat("ETag: ", file.etag, "\r\nVary: Accept-Encoding\r\nCache-Control: ",
          file.kept == Kept::kForEver ? "public, max-age=31536000, immutable" : "no-cache", "\r\n", headers_);
  if (request.if_none_match.find(file.etag) != request.if_none_match.npos) {
    page.status = 304;
    return page;
  }
  page.headers += cat("Content-Type: ", file.type, "\r\n");
  page.body = file.plain;
  if (file.brotli && accepts(request.accept_encoding, "br")) {
    page.body = file.brotli;
    page.headers += "Content-Encoding: br\r\n";
  } else if (file.gzip && accepts(request.accept_encoding, "gzip")) {
    page.body = file.gzip;
    page.headers += "Content-Encoding: gzip\r\n";
  }
  return page;
}

}  // namespace wherry::server

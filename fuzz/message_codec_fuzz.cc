// Any bytes end in a named error or in a message. A message is given back, equal, by encoding and decoding it
// again in each compression; what is in bytes is also what is in their packed form; the same holds for bodies
// of row items.
#include "fuzz/check.h"
#include "protocol/codec.h"
#include "protocol/pack.h"

namespace wherry::fuzz {
namespace {

using protocol::Compression;

constexpr Compression kCompressions[] = {Compression::kPlain, Compression::kZstd,
                                         Compression::kZstdDictionary};

void check_message(std::string_view bytes) {
  const auto message = protocol::decode(bytes);
  if (!message) {
    const ErrorCode code = message.error().code;
    CHECK(code == ErrorCode::kProtocol || code == ErrorCode::kLimit || code == ErrorCode::kVersion);
    return;
  }
  (void)protocol::to_json(*message);
  for (const Compression compression : kCompressions)
    CHECK(must(protocol::decode(protocol::encode(*message, compression))) == *message);
}

void check_items(std::string_view bytes) {
  const protocol::BodyOf of{{300}, "channel(general)"};
  const auto items = protocol::decode_items(bytes, of);
  if (!items) return;
  for (const Compression compression : kCompressions)
    CHECK(must(protocol::decode_items(protocol::encode_items(*items, of, compression), of)) == *items);
}

void check_packing(std::string_view plain) {
  for (const Compression compression : kCompressions) {
    std::string packed;
    protocol::Packer::mine().pack(plain, compression, packed);
    CHECK(must(protocol::Packer::mine().unpack(packed)) == plain);
  }
}

}  // namespace
}  // namespace wherry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  wherry::fuzz::check_message(bytes);
  wherry::fuzz::check_items(bytes);
  if (!bytes.empty()) wherry::fuzz::check_packing(bytes.substr(1));
  return 0;
}

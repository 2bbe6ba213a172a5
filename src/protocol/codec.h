// Messages to bytes and back. Every message is one byte that says how the rest is packed (Compression), then
// a MessagePack array: the message's number and its fields. docs/PROTOCOL.md describes every byte. Errors:
// kProtocol for anything malformed, kLimit for a message or body larger than allowed, kVersion for a hello or
// welcome of another protocol version. Thread: any; contexts of the compressor are kept per thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "protocol/messages.h"

namespace wherry::protocol {

// Packs with `compression` when that makes the message smaller, else plain. Times are brought into the range
// of limits::kTimeMost; ids that are no canonical UUIDs make a message that decode refuses.
std::string encode(const Message& message, Compression compression);
// Inflates at most limits::kMessageBytes.
Result<Message> decode(std::string_view bytes);

// What both ends know of a body without being told in it.
struct BodyOf {
  Seq upto;                // of the message it travels in
  std::string_view scope;  // by name
};
// Bodies of row items are packed on their own, so that one encoding serves every receiver; their first byte
// says how; no items are no bytes. A body is made for the readers of one Compression. decode() does not look
// into bodies.
std::string encode_items(const std::vector<RowItem>& items, const BodyOf& of, Compression compression);
Result<std::vector<RowItem>> decode_items(std::string_view body, const BodyOf& of);

// The best of what the replica reads; the server says it in `welcome`.
Compression choose_compression(const std::vector<Compression>& readable);
// All that this implementation reads, for `hello`.
std::vector<Compression> readable_compressions();
// The built-in dictionary, in zstd's dictionary format (dictionary_1.bin, made by scripts/make-dictionary),
// and its xxHash64. Peers must have these very bytes: another dictionary needs another Compression.
std::string_view dictionary();
inline constexpr uint64_t kDictionaryHash = 0xa4352bb6bb97b796;

// JSON for people and tools (`wherry tap`); bodies are decoded, token and identity left out. A message does
// not name its scopes: a value that repeats the argument of its scope's name reads "@scope".
std::string to_json(const Message& message);

// Why a session ends: close_codes.def lists every code that `bye` may carry.
struct CloseReason {
  std::string_view code;
  uint16_t close_code;
  std::string_view meaning;
};
std::span<const CloseReason> close_reasons();
// The WebSocket close code for a code of the list; 1011 for any other.
uint16_t close_code(std::string_view code);
// The error that a code of `bye` or `error` stands for. One that only says why a session ends, such as
// `going_away`, is kUnavailable; one that is not known at all is kInternal.
ErrorCode error_code(std::string_view code);

}  // namespace wherry::protocol

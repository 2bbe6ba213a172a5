// Messages to bytes and back. Every message is one byte that says how the rest is packed (0 plain, 1 zstd),
// then a MessagePack array: the message's number and its fields.
// Errors: kProtocol for anything malformed, kLimit for a message or body larger than allowed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "protocol/messages.h"

namespace wherry::protocol {

// Packs with zstd when `compression` allows and it makes the message smaller.
std::string encode(const Message& message, Compression compression);
// Inflates at most limits::kMessageBytes.
Result<Message> decode(std::string_view bytes);

// Bodies of row items are packed on their own, so that one encoding serves every receiver; their first byte
// says how. A body is made for either plain or zstd readers.
std::string encode_items(const std::vector<RowItem>& items, Compression compression);
Result<std::vector<RowItem>> decode_items(std::string_view body);

// JSON for people and tools (`wherry tap`); bodies are decoded, tokens left out.
std::string to_json(const Message& message);

// The WebSocket close code for an error code of ours (1002, 1008, 1009, 1011, 1012, 1013, or 4000 and up).
uint16_t close_code(std::string_view code);

}  // namespace wherry::protocol

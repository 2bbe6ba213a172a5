// The short form of a batch that brings rows of one scope and nothing else, as nearly all of them do: its
// first byte is that of the body, with kShortBatch set; then upto and the handle, the link, and the rest of
// the body.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "protocol/messages.h"

namespace wherry::protocol {

// Nothing: the batch needs the long form.
std::optional<std::string> encode_short(const Batch& batch);
bool is_short(std::string_view message);
// Requires: is_short(message). Errors: kProtocol.
Result<Batch> decode_short(std::string_view message);

}  // namespace wherry::protocol

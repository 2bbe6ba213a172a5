#include "protocol/short_batch.h"

#include "base/limits.h"
#include "base/text.h"
#include "protocol/varint.h"

namespace wherry::protocol {

namespace {

// Above all bits that name a packing.
constexpr uint8_t kShortBatch = 4;

}  // namespace

std::optional<std::string> encode_short(const Batch& batch) {
  if (batch.segments.size() != 1 || batch.hash.size() != kLinkBytes || !batch.answers.empty() ||
      !batch.scanning.empty() || batch.scopes)
    return std::nullopt;
  const auto& [handle, body] = batch.segments[0];
  if (body.empty() || static_cast<uint8_t>(body[0]) >= kShortBatch || batch.upto < Seq{} || handle < 0)
    return std::nullopt;
  std::string out(1, static_cast<char>(body[0] | kShortBatch));
  out.reserve(body.size() + 2 * sizeof(int64_t) + kLinkBytes);
  write_varint(out, static_cast<uint64_t>(batch.upto.number));
  write_varint(out, static_cast<uint64_t>(handle));
  out += batch.hash;
  out.append(body, 1);
  return out;
}

bool is_short(std::string_view message) {
  return !message.empty() && (static_cast<uint8_t>(message[0]) & ~(kShortBatch - 1)) == kShortBatch;
}

Result<Batch> decode_short(std::string_view message) {
  if (message.size() > limits::kMessageBytes)
    return fail(ErrorCode::kLimit, cat("a message has more than ", limits::kMessageBytes, " bytes"));
  msgpack::Reader reader(message.substr(1));
  Batch batch;
  Segment& segment = batch.segments.emplace_back();
  TRY_ASSIGN(const uint64_t upto, read_varint(reader));
  TRY_ASSIGN(const uint64_t handle, read_varint(reader));
  TRY_ASSIGN(batch.hash, reader.raw(kLinkBytes));
  batch.upto.number = static_cast<int64_t>(upto);
  segment.handle = static_cast<Handle>(handle);
  segment.body = static_cast<char>(message[0] ^ kShortBatch);
  segment.body += message.substr(1 + reader.position());
  return batch;
}

}  // namespace wherry::protocol

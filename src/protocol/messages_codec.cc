#include <array>
#include <utility>

#include "protocol/codec.h"
#include "protocol/decoder.h"
#include "protocol/encoder.h"
#include "protocol/pack.h"
#include "protocol/short_batch.h"

namespace wherry::protocol {

namespace {

// Below this many bytes that are not yet compressed, packing the message costs more than it saves.
constexpr size_t kWorthPacking = 48;
// So is it when so many times as much is compressed already, which would be gone through once more.
constexpr size_t kPackedMost = 4;

constexpr std::array<std::string_view, std::variant_size_v<Message>> kNames = {
    "hello", "push", "pull", "welcome", "schema", "scopes", "batch", "rows", "error", "bye"};

template <size_t index>
Result<Message> decode_as(Decoder& decoder) {
  std::variant_alternative_t<index, Message> message;
  TRY(decoder.fields(message));
  return Message(std::move(message));
}

template <size_t... index>
Result<Message> decode_numbered(int64_t number, Decoder& decoder, std::index_sequence<index...>) {
  Result<Message> message = fail(ErrorCode::kProtocol, cat("malformed message: unknown number ", number));
  static_cast<void>(
      ((number == static_cast<int64_t>(index) + 1 && (message = decode_as<index>(decoder), true)) || ...));
  return message;
}

}  // namespace

std::string_view outcome_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::kApplied:
      return "applied";
    case Outcome::kSuperseded:
      return "superseded";
    case Outcome::kRejected:
      return "rejected";
  }
  return "";
}

std::string_view message_name(const Message& message) {
  return kNames[message.index()];
}

std::string encode(const Message& message, Compression compression) {
  if (const auto* batch = std::get_if<Batch>(&message))
    if (auto bytes = encode_short(*batch)) return *std::move(bytes);
  std::string plain;
  Encoder encoder(plain);
  std::visit([&](const auto& m) { encoder.message(static_cast<int64_t>(message.index()) + 1, m); }, message);
  const size_t rest = plain.size() - encoder.packed_bytes();
  const bool worth = rest >= kWorthPacking && rest >= encoder.packed_bytes() / kPackedMost;
  std::string out;
  Packer::mine().pack(plain, worth ? compression : Compression::kPlain, out);
  return out;
}

Result<Message> decode(std::string_view bytes) {
  if (is_short(bytes)) return decode_short(bytes);
  TRY_ASSIGN(const std::string plain, Packer::mine().unpack(bytes));
  msgpack::Reader reader(plain);
  Decoder decoder(reader);
  TRY_ASSIGN(const int64_t number, decoder.open());
  TRY_ASSIGN(Message message,
             decode_numbered(number, decoder, std::make_index_sequence<std::variant_size_v<Message>>()));
  TRY(reader.expect_end());
  return message;
}

Compression choose_compression(const std::vector<Compression>& readable) {
  Compression best = Compression::kPlain;
  for (const Compression c : readable) best = std::max(best, c);
  return best;
}

std::vector<Compression> readable_compressions() {
  return {Compression::kZstd, Compression::kZstdDictionary};
}

}  // namespace wherry::protocol

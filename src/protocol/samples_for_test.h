// One message of every kind with every field filled, for the tests of the codec.
#pragma once

#include <vector>

#include "protocol/codec.h"

namespace wherry::protocol {

inline constexpr const char* kIdForTest = "018bcfe5-687b-7000-8000-0123456789ab";
inline constexpr const char* kRandomIdForTest = "8d1f0c0e-3b52-4d6a-9c0b-0123456789ab";  // of version 4

// What the samples' bodies are of.
inline constexpr BodyOf kBodyForTest{Seq{300'004}, "channel(general)"};

inline std::vector<RowItem> sample_items() {
  using Kind = RowItem::Kind;
  return {
      {Kind::kPut, 1, {7}, {"a", int64_t{1}, Null(), Blob{std::string("\x00\xFF", 2)}, kIdForTest}, {}},
      {Kind::kSet, 4, {9}, {"k"}, {{2, int64_t{5}}, {63, Null()}}},
      {Kind::kGone, 499, {8}, {kIdForTest, int64_t{-3}}, {}},
      {Kind::kPut, 2, {12}, {kRandomIdForTest, "general", int64_t{1'700'000'000'123}, "[]"}, {}},
      {Kind::kPut, 0, {300'000}, {2.5, "Grüße an alle, the meeting is at ten in the morning."}, {}},
  };
}

inline std::vector<Message> sample_messages() {
  const std::string hash(32, '\xA5');
  const std::string body = encode_items(sample_items(), kBodyForTest, Compression::kPlain);
  const std::vector<Answer> answers = {
      {.id = kIdForTest, .replica_seq = 11, .seq = {300'001}},
      {.id = kIdForTest,
       .replica_seq = 12,
       .seq = {0},
       .outcome = Outcome::kRejected,
       .code = "entity_locked",
       .message = "it is locked"},
      {.id = kIdForTest,
       .replica_seq = 14,
       .seq = {300'004},
       .outcome = Outcome::kSuperseded,
       .lost = {{2, {"k", int64_t{1}}, "title"}, {3, {kIdForTest}, ""}}},
  };
  const Scopes scopes{.reset = true,
                      .last = false,
                      .granted = {{1, "workspace", false}, {200, "channel(general)", true, true}},
                      .revoked = {5, 70'000}};
  return {
      Hello{.token = "header.payload.signature",
            .replica_id = kIdForTest,
            .identity = hash,
            .clock = {1'700'000'000'000},
            .schema_hash = "00112233445566778899aabbccddeeff",
            .epoch = kIdForTest,
            .position = {17},
            .hash_at = {16},
            .hash = hash,
            .answered = 9,
            .compression = {Compression::kZstd, Compression::kZstdDictionary}},
      Push{.commands = {{kIdForTest,
                         10,
                         "message.post",
                         R"({"id":"1","body":"hello"})",
                         {1'700'000'000'000},
                         {17},
                         {}},
                        {kIdForTest, 11, "message.edit", "{}", {-5}, {16}, "ann"}}},
      Pull{.scopes = {{1, {17}, "place"}, {200, {}, ""}}, .unload = {7}, .credits = 8},
      Welcome{.limits = {4 << 20, 1 << 20, 1000, 4 << 20},
              .server_time = {1'700'000'000'123},
              .workspace = "acme",
              .user_id = "ann",
              .roles = {"admin", "hr"},
              .epoch = kIdForTest,
              .epoch_base = {3},
              .head = {300'000},
              .hash = hash,
              .replica_id = kIdForTest,
              .renewed = true,
              .identity = hash,
              .received = 12,
              .compression = Compression::kZstdDictionary,
              .schema_hash = "00112233445566778899aabbccddeeff"},
      Schema{.hash = "00112233445566778899aabbccddeeff", .bundle = std::string("\x90\x00\xFF", 3)},
      scopes,
      Batch{.upto = {300'004},
            .hash = std::string(kLinkBytes, '\x11'),
            .answers = answers,
            .scopes = scopes,
            .scanning = {4, 9},
            .segments = {{1, body}, {200, body}}},
      RowsChunk{.handle = 200,
                .upto = {300'004},
                .after = "place",
                .live = true,
                .from_zero = true,
                .answers = answers,
                .own = {{1, body}},
                .body = body},
      ErrorMessage{"limit", "a command is too large"},
      Bye{"going_away", "the server restarts", {1500}},
  };
}

}  // namespace wherry::protocol

#include "protocol/codec.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/text.h"
#include "protocol/samples_for_test.h"

namespace wherry::protocol {
namespace {

constexpr Compression kAll[] = {Compression::kPlain, Compression::kZstd, Compression::kZstdDictionary};

TEST(Codec, GivesBackEveryMessage) {
  for (const Message& message : sample_messages())
    for (const Compression compression : kAll) {
      const auto decoded = decode(encode(message, compression));
      ASSERT_TRUE(decoded) << decoded.error().text();
      EXPECT_EQ(*decoded, message) << to_json(message);
    }
}

TEST(Codec, GivesBackMessagesOfDefaults) {
  const Message defaults[] = {Hello(),  Push(),  Pull(),      Welcome(),      Schema(),
                              Scopes(), Batch(), RowsChunk(), ErrorMessage(), Bye()};
  for (const Message& message : defaults) {
    const auto decoded = decode(encode(message, Compression::kPlain));
    ASSERT_TRUE(decoded) << message_name(message) << decoded.error().text();
    EXPECT_EQ(*decoded, message);
  }
}

// Whatever a broken message decodes to can be encoded again; everything else is a named error.
void expect_survives(std::string_view bytes) {
  const auto decoded = decode(bytes);
  if (decoded) {
    EXPECT_TRUE(decode(encode(*decoded, Compression::kPlain))) << to_json(*decoded);
  } else {
    EXPECT_FALSE(decoded.error().message.empty());
    EXPECT_NE(decoded.error().code, ErrorCode::kInternal);
  }
}

TEST(Codec, RefusesEveryMessageCutAtEachByte) {
  for (const Message& message : sample_messages())
    for (const Compression compression : kAll) {
      const std::string bytes = encode(message, compression);
      for (size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode(std::string_view(bytes).substr(0, size)));
    }
}

TEST(Codec, SurvivesEveryFlippedBit) {
  for (const Message& message : sample_messages())
    for (const Compression compression : kAll) {
      std::string bytes = encode(message, compression);
      for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
        expect_survives(bytes);
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
      }
    }
}

TEST(Codec, RefusesBytesAfterTheEnd) {
  for (const Message& message : sample_messages())
    for (const Compression compression : kAll) {
      const auto decoded = decode(encode(message, compression) + '\0');
      ASSERT_FALSE(decoded);
      EXPECT_EQ(decoded.error().code, ErrorCode::kProtocol);
    }
}

ErrorCode refusal(const Message& message) {
  const auto decoded = decode(encode(message, Compression::kPlain));
  EXPECT_FALSE(decoded) << to_json(message);
  return decoded ? ErrorCode::kInternal : decoded.error().code;
}

TEST(Codec, NamesAnotherProtocolVersion) {
  EXPECT_EQ(refusal(Hello{.version = 1}), ErrorCode::kVersion);
  EXPECT_EQ(refusal(Welcome{.version = 0}), ErrorCode::kVersion);
  // The fields of a later version need not be understood to say so.
  EXPECT_EQ(decode(std::string("\x00\x94\x01\x03\xC3\xC3", 6)).error().code, ErrorCode::kVersion);
}

TEST(Codec, RefusesWhatIsOutOfRange) {
  EXPECT_EQ(refusal(Hello{.replica_id = "not a uuid"}), ErrorCode::kProtocol);
  EXPECT_EQ(refusal(Hello{.replica_id = "018BCFE5-687B-7000-8000-000000000001"}), ErrorCode::kProtocol);
  EXPECT_EQ(refusal(Hello{.epoch = "e"}), ErrorCode::kProtocol);
  EXPECT_EQ(refusal(Hello{.position = {-1}}), ErrorCode::kProtocol);
  EXPECT_EQ(refusal(Hello{.answered = -1}), ErrorCode::kProtocol);
  EXPECT_EQ(refusal(Hello{.token = "\xFF"}), ErrorCode::kProtocol);
  EXPECT_EQ(refusal(Hello{.token = std::string(limits::kTokenBytes + 1, 'x')}), ErrorCode::kLimit);
  EXPECT_EQ(refusal(Pull{.unload = {-1}}), ErrorCode::kProtocol);
  EXPECT_EQ(refusal(Pull{.credits = -1}), ErrorCode::kProtocol);
  EXPECT_EQ(refusal(Pull{.credits = limits::kPullCredits + 1}), ErrorCode::kProtocol);
  EXPECT_EQ(refusal(Push{.commands = {PushedCommand{.id = ""}}}), ErrorCode::kProtocol);
  EXPECT_FALSE(decode(std::string("\x00\x92\x02\x91\x90", 5)));  // a command without its id
  PushedCommand command{.id = kIdForTest};
  command.replica_seq = -1;
  EXPECT_EQ(refusal(Push{.commands = {command}}), ErrorCode::kProtocol);
  command.replica_seq = 1;
  command.data = std::string(limits::kCommandBytes + 1, 'x');
  EXPECT_EQ(refusal(Push{.commands = {command}}), ErrorCode::kLimit);
  command.data = "{}";
  EXPECT_EQ(refusal(Push{.commands = std::vector(limits::kWindowCommands + 1, command)}),
            ErrorCode::kProtocol);
}

TEST(Codec, KeepsNumbersOfCommandsEvenWithGaps) {
  Push push;
  for (const int64_t n : {int64_t{7}, int64_t{8}, int64_t{3}, INT64_MAX, int64_t{0}})
    push.commands.push_back({.id = kIdForTest, .replica_seq = n, .client_timestamp = {}, .base_seq = {n}});
  EXPECT_EQ(std::get<Push>(*decode(encode(push, Compression::kPlain))), push);
}

TEST(Codec, BringsTimesIntoRange) {
  const auto decoded = decode(encode(Hello{.clock = {INT64_MAX}}, Compression::kPlain));
  EXPECT_EQ(std::get<Hello>(*decoded).clock.count, limits::kTimeMost);
}

TEST(Codec, PassesOverFieldsOfLaterVersions) {
  // An error with a third field, and a bye with a map as its fourth.
  EXPECT_EQ(std::get<ErrorMessage>(*decode(std::string("\x00\x94\x09\xA1x\xA1y\x01", 8))),
            (ErrorMessage{"x", "y"}));
  EXPECT_EQ(std::get<Bye>(*decode(std::string("\x00\x95\x0A\xA1x\xC0\x05\x81\x01\x90", 10))),
            (Bye{"x", "", {5}}));
}

TEST(Codec, DropsDefaultsAtTheEnd) {
  EXPECT_EQ(encode(Pull{.credits = 4}, Compression::kPlain), std::string("\x00\x92\x03\x04", 4));
  EXPECT_EQ(encode(Batch{.upto = {5}}, Compression::kPlain), std::string("\x00\x92\x07\x05", 4));
  EXPECT_EQ(encode(Scopes(), Compression::kPlain), std::string("\x00\x91\x06", 3));
}

// A batch that is told in the short form, plain.
Batch short_batch() {
  return {.upto = {300}, .hash = "0123456789", .segments = {{5, std::string("\0body", 5)}}};
}

TEST(Codec, TellsABatchOfRowsOfOneScopeInTheShortForm) {
  const Batch batch = short_batch();
  const std::string bytes = encode(batch, Compression::kZstdDictionary);
  EXPECT_EQ(bytes, std::string("\x04\xAC\x02\x05") + "0123456789" + "body");
  EXPECT_EQ(decode(bytes), Message(batch));
}

TEST(Codec, TellsEveryOtherBatchInTheLongForm) {
  std::vector<Batch> others(7, short_batch());
  others[0].hash = "012345678";
  others[1].segments.push_back({6, std::string("\0more", 5)});
  others[2].segments[0].body.clear();
  others[3].segments[0].body[0] = '\x04';
  others[4].scanning = {7};
  others[5].scopes.emplace();
  others[6].answers.push_back({.id = kIdForTest});
  for (const Batch& batch : others) {
    const std::string bytes = encode(batch, Compression::kPlain);
    EXPECT_EQ(bytes[0], '\0') << to_json(batch);
    EXPECT_EQ(decode(bytes), Message(batch));
  }
}

TEST(Codec, SurvivesEveryFlippedBitOfAShortBatch) {
  std::string bytes = encode(short_batch(), Compression::kPlain);
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    expect_survives(bytes);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
  }
}

TEST(Codec, RefusesAShortBatchWithoutItsParts) {
  const std::string head(
      "\x04\xAC\x02\x05"
      "0123456789",
      14);
  for (size_t size = 0; size < head.size(); ++size) EXPECT_FALSE(decode(head.substr(0, size))) << size;
  EXPECT_TRUE(decode(head)) << "no items";
  EXPECT_EQ(decode("\x04" + std::string(10, '\xFF') + head).error().code, ErrorCode::kProtocol);
  EXPECT_EQ(decode(head + std::string(limits::kMessageBytes, '\0')).error().code, ErrorCode::kLimit);
  EXPECT_FALSE(decode("\x08" + head.substr(1))) << "no such form";
}

TEST(Codec, RefusesUnknownNumbersAndEmptyInput) {
  for (const std::string_view bytes :
       {std::string_view(), std::string_view("\0", 1), std::string_view("\0\x90", 2),
        std::string_view("\0\x91\x0B", 3), std::string_view("\0\x91\0", 3)})
    EXPECT_FALSE(decode(bytes)) << to_hex(bytes);
}

TEST(Codec, ChoosesTheBestThatTheReplicaReads) {
  EXPECT_EQ(choose_compression({}), Compression::kPlain);
  EXPECT_EQ(choose_compression({Compression::kZstd}), Compression::kZstd);
  EXPECT_EQ(choose_compression(readable_compressions()), Compression::kZstdDictionary);
  // A way of a later version (9) in hello is passed over.
  const std::string hello("\x00\x9D\x01\x02\xC0\xC0\xC0\xC0\xC0\xC0\xC0\xC0\xC0\xC0\x92\x09\x01", 17);
  EXPECT_EQ(std::get<Hello>(*decode(hello)).compression, std::vector{Compression::kZstd});
}

TEST(Codec, WritesJsonWithoutSecrets) {
  Hello hello{.token = "secret", .identity = "hidden", .compression = {Compression::kZstd}};
  EXPECT_EQ(to_json(hello),
            R"({"type":"hello","version":2,"token":"…","identity":"…","compression":["zstd"]})");
  Batch batch{.upto = kBodyForTest.upto};
  batch.segments.push_back({3, encode_items(sample_items(), kBodyForTest, Compression::kZstd)});
  const std::string json = to_json(batch);
  EXPECT_NE(json.find(R"("kind":"put","table":1,"seq":7,"row":["a",1,null,"AP8=","018bcfe5-)"),
            std::string::npos)
      << json;
  EXPECT_NE(json.find(R"("kind":"set","table":4,"seq":9,"key":["k"],"cells":{"2":5,"63":null}})"),
            std::string::npos)
      << json;
  EXPECT_NE(json.find(R"("row":["8d1f0c0e-3b52-4d6a-9c0b-0123456789ab","@scope",1700000000123,"[]"]})"),
            std::string::npos)
      << json;
  batch.segments[0].body = "\x07";
  EXPECT_NE(to_json(batch).find(R"({"error":"protocol: )"), std::string::npos);
}

}  // namespace
}  // namespace wherry::protocol

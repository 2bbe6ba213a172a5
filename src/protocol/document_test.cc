// docs/PROTOCOL.md must list every message, field, close code and limit, and its examples must be true.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "base/limits.h"
#include "base/text.h"
#include "protocol/codec.h"
#include "protocol/describe.h"

namespace wherry::protocol {
namespace {

const std::string& document() {
  static const std::string text = [] {
    std::ifstream file(WHERRY_DOCS_DIR "/PROTOCOL.md");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  return text;
}

bool says(const std::string& line) {
  return cat('\n', document()).find(cat('\n', line)) != std::string::npos;
}

// Notes the names of a struct's fields in their order.
struct FieldNames {
  template <typename T>
  using Ref = T&;

  std::vector<std::string> names;
  void version(int64_t) {}
#define WHERRY_FIELD(kind)                      \
  template <typename... Rest>                   \
  void kind(const char* name, const Rest&...) { \
    names.emplace_back(name);                   \
  }
  WHERRY_FIELD(number)
  WHERRY_FIELD(seq)
  WHERRY_FIELD(time)
  WHERRY_FIELD(step)
  WHERRY_FIELD(next)
  WHERRY_FIELD(time_step)
  WHERRY_FIELD(flag)
  WHERRY_FIELD(unless)
  WHERRY_FIELD(text)
  WHERRY_FIELD(bytes)
  WHERRY_FIELD(secret_text)
  WHERRY_FIELD(secret_bytes)
  WHERRY_FIELD(optional_text)
  WHERRY_FIELD(uuid)
  WHERRY_FIELD(uuid_or_empty)
  WHERRY_FIELD(optional_uuid)
  WHERRY_FIELD(row)
  WHERRY_FIELD(body)
  WHERRY_FIELD(outcome)
  WHERRY_FIELD(compression)
  WHERRY_FIELD(compressions)
  WHERRY_FIELD(handles)
  WHERRY_FIELD(texts)
  WHERRY_FIELD(structure)
  WHERRY_FIELD(optional_structure)
  WHERRY_FIELD(list)
  WHERRY_FIELD(flat_list)
#undef WHERRY_FIELD
};

template <typename M>
std::vector<std::string> fields_of(M message) {
  FieldNames lister;
  describe(lister, message);
  return lister.names;
}

// The names in the table under the heading, whose first column counts from `first`.
std::vector<std::string> fields_under(const std::string& heading, size_t first) {
  std::vector<std::string> names;
  std::istringstream lines(document());
  std::string line;
  while (std::getline(lines, line) && line != heading) {
  }
  static const std::regex kRow(R"(^\| (\d+) \| `(\w+)` \| .+ \| .+ \|$)");
  std::smatch match;
  while (std::getline(lines, line) && !line.starts_with('#'))
    if (std::regex_match(line, match, kRow)) {
      EXPECT_EQ(match[1].str(), std::to_string(first + names.size())) << heading << line;
      names.push_back(match[2]);
    }
  return names;
}

template <size_t I = 0>
void expect_messages() {
  if constexpr (I < std::variant_size_v<Message>) {
    const Message message{std::in_place_index<I>};
    const std::string heading = cat("### ", I + 1, " `", message_name(message), '`');
    EXPECT_EQ(fields_under(heading, 1), fields_of(std::get<I>(message))) << heading;
    expect_messages<I + 1>();
  }
}

TEST(Document, ListsEveryMessageWithItsFields) {
  expect_messages();
}

TEST(Document, ListsTheFieldsOfEveryStruct) {
  EXPECT_EQ(fields_under("#### A pushed command", 0), fields_of(PushedCommand()));
  EXPECT_EQ(fields_under("#### A pulled scope", 0), fields_of(Pull::Scope()));
  EXPECT_EQ(fields_under("#### Limits", 0), fields_of(Limits()));
  EXPECT_EQ(fields_under("#### A granted scope", 0), fields_of(GrantedScope()));
  EXPECT_EQ(fields_under("#### An answer", 0), fields_of(Answer()));
  EXPECT_EQ(fields_under("#### A lost cell", 0), fields_of(LostCell()));
  EXPECT_EQ(fields_under("#### A segment", 0), fields_of(Segment()));
}

TEST(Document, ListsEveryCloseCode) {
  for (const CloseReason& reason : close_reasons()) {
    const std::string line = cat("| `", reason.code, "` | ", reason.close_code, " | ", reason.meaning, " |");
    EXPECT_TRUE(says(line)) << line;
  }
}

TEST(Document, ListsEveryRefusalOfWherry) {
  for (const char* code :
       {"entity_missing", "entity_exists", "entity_deleted", "entity_locked", "constraint_unique",
        "constraint_not_null", "constraint_check", "constraint_foreign_key", "constraint_other",
        "command_unknown", "command_local", "param_invalid", "param_missing", "param_unknown", "limit_size",
        "limit_work", "limit_rows", "handler_error", "limit_rejections"})
    EXPECT_TRUE(says(cat("| `", code, "` |"))) << code;
}

TEST(Document, NamesTheLimits) {
  const std::pair<const char*, int64_t> limits[] = {
      {"message bytes", limits::kMessageBytes},
      {"command bytes", limits::kCommandBytes},
      {"window commands", limits::kWindowCommands},
      {"window bytes", limits::kWindowBytes},
      {"token bytes", limits::kTokenBytes},
      {"name bytes", limits::kNameBytes},
      {"digest bytes", limits::kDigestBytes},
      {"roles", limits::kRoles},
      {"credits in one pull", limits::kPullCredits},
      {"time", limits::kTimeMost},
      {"columns", limits::kTableColumns},
      {"tables", limits::kTables},
      {"held scopes", limits::kHeldScopes},
      {"lost cells", limits::kLostCells},
  };
  for (const auto& [name, value] : limits)
    EXPECT_TRUE(says(cat("| ", name, " | ", value, " |"))) << name << ' ' << value;
}

TEST(Document, NamesTheDictionary) {
  const std::string hex = [] {
    std::string bytes;
    for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(kDictionaryHash >> shift));
    return to_hex(bytes);
  }();
  EXPECT_NE(document().find(cat("`", hex, "`")), std::string::npos);
  EXPECT_NE(document().find(cat(dictionary().size(), " bytes")), std::string::npos);
}

// The bytes of the block that follows the mark: of each line what stands before two blanks.
std::string example(const std::string& name) {
  const size_t start = document().find(cat("<!-- example: ", name, " -->\n```\n"));
  if (start == std::string::npos) return "no example";
  std::istringstream lines(document().substr(document().find("```\n", start) + 4));
  std::string line, bytes;
  while (std::getline(lines, line) && line != "```") {
    std::istringstream digits(line.substr(0, line.find("  ")));
    for (std::string byte; digits >> byte;) bytes.push_back(static_cast<char>(std::stoi(byte, nullptr, 16)));
  }
  return bytes;
}

constexpr BodyOf kExamples{Seq{302}, "channel(general)"};

std::vector<RowItem> example_items() {
  using Kind = RowItem::Kind;
  const std::string id = "018bcfe5-687b-7000-8000-0123456789ab";
  return {
      {Kind::kPut, 2, {300}, {id, "general", Null(), "Lunch?", int64_t{1'700'000'000'123}, int64_t{0}}, {}},
      {Kind::kSet, 2, {302}, {id}, {{3, "Lunch at noon?"}, {5, int64_t{1}}}},
      {Kind::kGone, 3, {301}, {"general", "ann"}, {}},
  };
}

TEST(Document, ExampleOfItemsIsTrue) {
  const std::string body = encode_items(example_items(), kExamples, Compression::kPlain);
  EXPECT_EQ(to_hex(example("items")), to_hex(body));
}

TEST(Document, ExampleOfABatchIsTrue) {
  Batch batch{.upto = {302}};
  batch.segments.push_back({3, encode_items({example_items()[2]}, kExamples, Compression::kPlain)});
  batch.answers.push_back({.id = "018bcfe5-687b-7000-8000-0123456789ab", .replica_seq = 7, .seq = {302}});
  EXPECT_EQ(to_hex(example("batch")), to_hex(encode(batch, Compression::kPlain)));
}

TEST(Document, ExampleOfAShortBatchIsTrue) {
  Batch batch{.upto = {302}, .hash = std::string("\x65\x45\x32\x8E\x23\xE6\xD1\x9B\x70\xD7", kLinkBytes)};
  batch.segments.push_back({3, encode_items({example_items()[1]}, kExamples, Compression::kPlain)});
  EXPECT_EQ(to_hex(example("short batch")), to_hex(encode(batch, Compression::kPlain)));
}

TEST(Document, ExampleOfAPushIsTrue) {
  const PushedCommand first{.id = "018bcfe5-687b-7000-8000-0123456789ab",
                            .replica_seq = 7,
                            .name = "message.edit",
                            .data = "{}",
                            .client_timestamp = {1'700'000'000'123},
                            .base_seq = {300}};
  PushedCommand second = first;
  second.replica_seq = 8;
  second.client_timestamp.count += 5;
  const Push push{{first, second}};
  EXPECT_EQ(to_hex(example("push")), to_hex(encode(push, Compression::kPlain)));
}

TEST(Document, ExampleWithTheDictionaryIsTrue) {
  const auto items = decode_items(example("items with the dictionary"), kExamples);
  EXPECT_TRUE(items && *items == example_items())
      << to_hex(encode_items(example_items(), kExamples, Compression::kZstdDictionary));
}

}  // namespace
}  // namespace wherry::protocol

#include "bundle/wire.h"

#include <gtest/gtest.h>

#include "base/msgpack.h"
#include "bundle/wire_format.h"

namespace wherry {
namespace {

Bundle sample() {
  Bundle b;
  b.name = "chat";
  b.schema_version = 3;
  b.ddl = {"CREATE TABLE channels(id TEXT)",
           "CREATE TABLE messages(id TEXT, channel_id TEXT, votes INTEGER)"};
  b.scope_kinds = {{"workspace", false, {}, {}},
                   {"user", false, {}, {}},
                   {"role", false, {}, {}},
                   {"channel", true, {}, {}},
                   {"channel[hr]", true, 3, {"hr"}}};
  Table channels;
  channels.name = "channels";
  channels.columns = {{"id", Merge::kLww}};
  channels.key = {0};
  channels.scopes = {
      {3, ScopeArgument{0, {}}}, {kWorkspaceKind, {}}, {kRoleKind, ScopeArgument{{}, "admin"}}};
  Table messages;
  messages.name = "messages";
  messages.id = 4;
  messages.columns = {{"id", Merge::kLww}, {"channel_id", Merge::kLww}, {"votes", Merge::kCounter}};
  messages.key = {0};
  messages.scope_from_parent = true;
  messages.parent = Parent{0, {1}};
  messages.deleted = "votes < 0";
  messages.locked = "votes > 9";
  messages.roles = {"hr"};
  messages.unique_beyond_key = true;
  Table search;
  search.name = "search";
  search.id = 5;
  search.kind = TableKind::kDerived;
  search.columns = {{"body", Merge::kLww}};
  search.sources = {1};
  b.tables = {channels, messages, search};
  b.grants = {{0, {3, ScopeArgument{0, {}}}, {kWorkspaceKind, {}}, "id <> 'x'"}};
  Command post;
  post.name = "message.post";
  post.documentation = "Posts.";
  post.entity = Entity{1, {"id"}, EntityRule::kMustBeNew};
  ParamType list;
  list.kind = ParamType::Kind::kList;
  list.least = 1;
  list.most = 9;
  list.item.emplace_back();
  list.item[0].kind = ParamType::Kind::kEnum;
  list.item[0].choices = {"a", "b"};
  list.item[0].real_most = 1.25;
  post.params = {{"id", {}, false, {}}, {"tags", list, true, "[\"a\"]"}};
  post.allow_locked = post.allow_unseen = post.merge_whole = true;
  post.run = RunsWhere::kServer;
  post.statements = {"SELECT 1", "DELETE FROM messages WHERE id = :id"};
  post.guards = 1;
  b.commands = {post};
  b.initial = {{"message.post", "{}"}};
  return b;
}

TEST(Wire, KeepsEveryFieldThroughARoundTrip) {
  const Bundle before = sample();
  const std::string bytes = encode_bundle(before);
  auto after = decode_bundle(bytes);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(encode_bundle(*after), bytes);
  EXPECT_EQ(after->hash, bundle_hash(bytes));
  EXPECT_EQ(after->ddl, before.ddl);
  EXPECT_EQ(after->schema_version, 3);
  EXPECT_EQ(after->scope_kinds[4].base, 3);
  EXPECT_EQ(after->tables[0].scopes[0].argument->column, 0u);
  EXPECT_EQ(after->tables[0].scopes[2].argument->constant, "admin");
  const Table& messages = after->tables[1];
  EXPECT_EQ(messages.id, 4);
  EXPECT_EQ(messages.columns[2].merge, Merge::kCounter);
  EXPECT_TRUE(messages.scope_from_parent && messages.unique_beyond_key);
  EXPECT_EQ(messages.parent->columns, (std::vector<size_t>{1}));
  EXPECT_EQ(messages.deleted, "votes < 0");
  EXPECT_EQ(messages.locked, "votes > 9");
  EXPECT_EQ(messages.roles, (std::vector<std::string>{"hr"}));
  EXPECT_EQ(after->tables[2].sources, (std::vector<size_t>{1}));
  EXPECT_EQ(after->grants[0].where, "id <> 'x'");
  const Command& post = after->commands[0];
  EXPECT_EQ(post.documentation, "Posts.");
  EXPECT_EQ(post.entity->rule, EntityRule::kMustBeNew);
  EXPECT_EQ(post.params[1].default_json, "[\"a\"]");
  EXPECT_EQ(post.params[1].type.item[0].choices.size(), 2u);
  EXPECT_EQ(post.params[1].type.item[0].real_most, 1.25);
  EXPECT_TRUE(post.allow_locked && post.allow_unseen && post.merge_whole && !post.allow_deleted);
  EXPECT_EQ(post.run, RunsWhere::kServer);
  EXPECT_EQ(post.guards, 1u);
  EXPECT_EQ(after->initial[0].params_json, "{}");
}

TEST(Wire, RefusesBytesCutAnywhereAndBytesAfterTheEnd) {
  const std::string bytes = encode_bundle(sample());
  for (size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_FALSE(decode_bundle(bytes.substr(0, cut))) << cut;
  EXPECT_FALSE(decode_bundle(bytes + '\0'));
}

TEST(Wire, SurvivesEveryFlippedByte) {
  const std::string bytes = encode_bundle(sample());
  for (size_t at = 0; at < bytes.size(); ++at)
    for (const unsigned mask : {0x01u, 0x80u, 0xFFu, 0x40u}) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(static_cast<unsigned char>(flipped[at]) ^ mask);
      if (const auto decoded = decode_bundle(flipped)) {
        EXPECT_TRUE(check_bundle(*decoded)) << at;
      }
    }
}

TEST(Wire, RefusesIndexesOutOfRange) {
  const std::vector<std::pair<const char*, void (*)(Bundle&)>> breaks = {
      {"key", [](Bundle& b) { b.tables[0].key = {1}; }},
      {"no key", [](Bundle& b) { b.tables[0].key.clear(); }},
      {"no columns", [](Bundle& b) { b.tables[2].columns.clear(); }},
      {"scope kind", [](Bundle& b) { b.tables[0].scopes[0].kind = 9; }},
      {"scope column", [](Bundle& b) { b.tables[0].scopes[0].argument->column = 7; }},
      {"scope without argument", [](Bundle& b) { b.tables[0].scopes[0].argument.reset(); }},
      {"workspace with argument", [](Bundle& b) { b.tables[0].scopes[1].argument = ScopeArgument{0, {}}; }},
      {"parent table", [](Bundle& b) { b.tables[1].parent->table = 3; }},
      {"parent columns", [](Bundle& b) { b.tables[1].parent->columns = {3}; }},
      {"parent column count", [](Bundle& b) { b.tables[1].parent->columns = {1, 1}; }},
      {"no parent", [](Bundle& b) { b.tables[1].parent.reset(); }},
      {"sources", [](Bundle& b) { b.tables[2].sources = {3}; }},
      {"table twice", [](Bundle& b) { b.tables[1].name = "channels"; }},
      {"id twice", [](Bundle& b) { b.tables[1].id = 5; }},
      {"base", [](Bundle& b) { b.scope_kinds[4].base = 5; }},
      {"base of a base", [](Bundle& b) { b.scope_kinds[4].base = 4; }},
      {"roles missing", [](Bundle& b) { b.scope_kinds[4].roles.clear(); }},
      {"built-in kinds", [](Bundle& b) { b.scope_kinds[1].name = "person"; }},
      {"grant table", [](Bundle& b) { b.grants[0].from = 3; }},
      {"grant column", [](Bundle& b) { b.grants[0].scope.argument->column = 1; }},
      {"entity table", [](Bundle& b) { b.commands[0].entity->table = 3; }},
      {"entity params", [](Bundle& b) { b.commands[0].entity->params = {"nobody"}; }},
      {"entity param count", [](Bundle& b) { b.commands[0].entity->params = {"id", "id"}; }},
      {"guards", [](Bundle& b) { b.commands[0].guards = 3; }},
      {"item type", [](Bundle& b) { b.commands[0].params[1].type.item.clear(); }},
      {"command twice", [](Bundle& b) { b.commands.push_back(b.commands[0]); }},
      {"deep type",
       [](Bundle& b) {
         for (int i = 0; i < 9; ++i) {
           ParamType outer = b.commands[0].params[1].type;
           outer.item = {b.commands[0].params[1].type};
           b.commands[0].params[1].type = outer;
         }
       }},
  };
  for (const auto& [what, damage] : breaks) {
    Bundle b = sample();
    damage(b);
    EXPECT_FALSE(decode_bundle(encode_bundle(b))) << what;
  }
}

TEST(Wire, RefusesAnotherFormat) {
  std::string bytes = encode_bundle(sample());
  bytes[1] = 2;
  EXPECT_EQ(decode_bundle(bytes).error().code, ErrorCode::kVersion);
}

TEST(Wire, HashNamesTheBytes) {
  EXPECT_EQ(bundle_hash("x").size(), 32u);
  EXPECT_NE(bundle_hash("x"), bundle_hash("y"));
}

}  // namespace
}  // namespace wherry

#include "bundle/compile.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bundle/sample_bundle.h"
#include "bundle/wire.h"
#include "sqlite/database.h"

namespace wherry {
namespace {

std::string all(const std::vector<Mistake>& mistakes) {
  std::string text;
  for (const Mistake& m : mistakes) text += m.text() + "\n";
  return text;
}

class Compile : public testing::Test {
 protected:
  void SetUp() override {
    Compiled compiled = compile_bundle(sample::files());
    ASSERT_EQ(all(compiled.mistakes), "");
    bundle = std::move(compiled.bundle);
  }
  const Table& table(const Bundle& b, const char* name) const {
    static const Table none;
    const Table* found = b.table(name);
    EXPECT_NE(found, nullptr) << name;
    return found == nullptr ? none : *found;
  }
  std::string kind_name(const Bundle& b, const ScopeRule& rule) const {
    return b.scope_kinds[static_cast<size_t>(rule.kind)].name;
  }
  static bool has_ddl(const Bundle& b, const std::string& part) {
    return std::ranges::any_of(b.ddl,
                               [&](const std::string& sql) { return sql.find(part) != std::string::npos; });
  }
  Bundle bundle;
};

TEST_F(Compile, ReadsTablesFromTheSchema) {
  EXPECT_EQ(bundle.name, "chat");
  EXPECT_EQ(bundle.schema_version, 2);
  const Table& members = table(bundle, "members");
  EXPECT_EQ(members.key, (std::vector<size_t>{0, 1}));
  EXPECT_FALSE(members.unique_beyond_key);
  EXPECT_TRUE(table(bundle, "channels").unique_beyond_key);
  const Table& messages = table(bundle, "messages");
  EXPECT_EQ(messages.columns.size(), 7u);  // without the generated one
  EXPECT_EQ(messages.columns[5].merge, Merge::kCounter);
  EXPECT_EQ(messages.columns[6].merge, Merge::kSet);
  EXPECT_EQ(messages.deleted, "deleted_at IS NOT NULL");
  ASSERT_TRUE(messages.parent);
  EXPECT_EQ(bundle.tables[messages.parent->table].name, "channels");
  EXPECT_EQ(messages.parent->columns, (std::vector<size_t>{1}));
  const Table& search = table(bundle, "search");
  EXPECT_EQ(search.kind, TableKind::kDerived);
  ASSERT_EQ(search.sources.size(), 1u);
  EXPECT_EQ(bundle.tables[search.sources[0]].name, "messages");
  EXPECT_TRUE(table(bundle, "files").scope_from_parent);
  EXPECT_EQ(bundle.tables.size(), 9u);
  for (size_t i = 0; i < bundle.tables.size(); ++i) EXPECT_EQ(bundle.tables[i].id, static_cast<int>(i));
}

TEST_F(Compile, MakesTheSchemaAgainFromItsDdl) {
  auto db = *sqlite::Database::open(":memory:", sqlite::Access::kReadWriteCreate);
  for (const std::string& sql : bundle.ddl) ASSERT_TRUE(db->execute(sql)) << sql;
  EXPECT_FALSE(has_ddl(bundle, "search_data"));
}

TEST_F(Compile, MakesScopesAndGrants) {
  EXPECT_EQ(kind_name(bundle, table(bundle, "users").scopes[0]), "workspace");
  EXPECT_EQ(kind_name(bundle, table(bundle, "messages").scopes[0]), "channel");
  EXPECT_EQ(kind_name(bundle, table(bundle, "salaries").scopes[0]), "channel[hr]");
  ASSERT_EQ(bundle.scope_kinds.size(), 5u);
  EXPECT_TRUE(bundle.scope_kinds[3].on_demand);
  EXPECT_EQ(bundle.scope_kinds[4].base, 3);
  EXPECT_EQ(bundle.scope_kinds[4].roles, (std::vector<std::string>{"hr"}));
  EXPECT_TRUE(bundle.scope_kinds[4].on_demand);
  ASSERT_EQ(bundle.grants.size(), 2u);
  EXPECT_EQ(kind_name(bundle, bundle.grants[0].to), "user");
  EXPECT_EQ(bundle.grants[0].to.argument->column, 1u);
  EXPECT_EQ(bundle.grants[1].where, "private = 0");
}

TEST_F(Compile, CompilesCommandsWhateverTheOrderOfAnnotations) {
  const Command* create = bundle.command("channel.create");
  ASSERT_NE(create, nullptr);
  EXPECT_EQ(create->documentation, "Opens a channel; its author\nbecomes a member.");
  EXPECT_EQ(create->entity->rule, EntityRule::kMustBeNew);
  EXPECT_EQ(create->params[2].default_json, "false");
  EXPECT_EQ(create->statements.size(), 2u);
  EXPECT_EQ(create->guards, 0u);
  const Command* post = bundle.command("message.post");
  ASSERT_NE(post, nullptr);
  EXPECT_EQ(post->guards, 2u);
  EXPECT_EQ(post->params.size(), 3u);
  const Command* vote = bundle.command("message.vote");
  EXPECT_TRUE(vote->allow_locked && vote->allow_deleted && vote->merge_whole && !vote->allow_unseen);
  EXPECT_EQ(vote->params[1].type.least, -1);
  EXPECT_EQ(bundle.command("salary.set")->run, RunsWhere::kServer);
  EXPECT_TRUE(bundle.command("salary.set")->params[2].nullable);
  EXPECT_EQ(bundle.command("draft.save")->run, RunsWhere::kLocal);
  ASSERT_EQ(bundle.initial.size(), 1u);
  EXPECT_EQ(bundle.initial[0].params_json, R"({"id":"general","name":"General"})");
}

TEST_F(Compile, IsTheSameWhateverTheOrderOfFiles) {
  std::vector<BundleFile> files = sample::files();
  std::ranges::reverse(files);
  EXPECT_EQ(encode_bundle(compile_bundle(files).bundle), encode_bundle(bundle));
}

TEST_F(Compile, SurvivesTheWire) {
  auto decoded = decode_bundle(encode_bundle(bundle));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->hash, bundle.hash);
}

TEST_F(Compile, AReplicaKnowsOnlyItsShare) {
  const Bundle plain = for_replica(bundle, {"sales"});
  EXPECT_EQ(plain.table("audit"), nullptr);
  EXPECT_EQ(plain.table("salaries"), nullptr);
  EXPECT_FALSE(has_ddl(plain, "salaries"));
  EXPECT_FALSE(has_ddl(plain, "audit"));
  EXPECT_TRUE(has_ddl(plain, "VIEW my_messages"));
  EXPECT_TRUE(has_ddl(plain, "TRIGGER search_insert"));
  EXPECT_TRUE(plain.initial.empty());
  EXPECT_EQ(plain.scope_kinds.size(), 4u);
  const Command* salary = plain.command("salary.set");
  ASSERT_NE(salary, nullptr);
  EXPECT_TRUE(salary->statements.empty());
  EXPECT_EQ(salary->guards, 0u);
  EXPECT_FALSE(salary->entity);
  EXPECT_EQ(table(plain, "drafts").id, table(bundle, "drafts").id);
  EXPECT_EQ(plain.tables[table(plain, "messages").parent->table].name, "channels");
  EXPECT_EQ(plain.tables[table(plain, "search").sources[0]].name, "messages");
  auto decoded = decode_bundle(encode_bundle(plain));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->hash, plain.hash);
  EXPECT_EQ(encode_bundle(plain).find("salaries"), std::string::npos);

  const Bundle hr = for_replica(bundle, {"hr"});
  EXPECT_NE(hr.table("salaries"), nullptr);
  EXPECT_EQ(hr.table("audit"), nullptr);
  EXPECT_EQ(hr.scope_kinds.size(), 5u);
  EXPECT_NE(hr.hash, plain.hash);
}

TEST(CompileChild, OfARestrictedRootLiesInItsRestrictedScope) {
  std::vector<BundleFile> files =
      sample::changed("app.toml", "scope = \"parent\"", "scope = \"parent\"\nroles = [\"hr\", \"boss\"]");
  const Compiled compiled = compile_bundle(files);
  ASSERT_EQ(all(compiled.mistakes), "");
  EXPECT_TRUE(std::ranges::any_of(compiled.bundle.scope_kinds,
                                  [](const ScopeKind& k) { return k.name == "channel[boss,hr]"; }));
}

TEST(CompileKeys, MayBeConstantsAndSelfParents) {
  std::vector<BundleFile> files =
      sample::changed("app.toml", "scope = \"workspace\"", "scope = [\"workspace\", \"role('admin')\"]");
  const Compiled compiled = compile_bundle(files);
  ASSERT_EQ(all(compiled.mistakes), "");
  EXPECT_EQ(compiled.bundle.table("users")->scopes[1].argument->constant, "admin");
}

TEST(CompileManifest, TakesAnyLetterInCommentsAndStrings) {
  for (const auto& [from, to] :
       {std::pair("name = \"chat\"", "# \u017elu\u0165ou\u010dk\u00fd\nname = \"chat\"  # \u00e9 [@"),
        std::pair("where = \"", "where = \"'\u00e9 # [' <> '' AND "),
        std::pair("where = \"", "where = \"\\\"private\\\" = 0 AND "),
        std::pair("scope = \"workspace\"", "scope = '''workspace'''"),
        std::pair("name = \"chat\"", "name = \"\"\"ch\\\n  at\"\"\""),
        std::pair("[[grants]]", "  [[ grants ]]")})
    EXPECT_EQ(all(compile_bundle(sample::changed("app.toml", from, to)).mistakes), "") << to;
  std::vector<BundleFile> files = sample::files();
  for (BundleFile& file : files)
    if (file.name == "app.toml") file.text = "\xEF\xBB\xBF" + file.text;
  EXPECT_EQ(all(compile_bundle(files).mistakes), "");
}

TEST(CompileAlways, AnswersGarbageWithMistakes) {
  EXPECT_FALSE(compile_bundle({}).mistakes.empty());
  for (const char* text : {"", "\xff", "(((", "'", "-- command:", "-- param:", "CREATE", ";;;", "[tables",
                           "-- entity: a(:", "name = 1"})
    for (const char* name : {"app.toml", "migrations/0001_init.sql", "commands/main.sql", "initial.jsonl"}) {
      std::vector<BundleFile> files = sample::files();
      for (BundleFile& f : files)
        if (f.name == name) f.text = text;
      compile_bundle(files);
    }
}

}  // namespace
}  // namespace wherry

#include "replica/fake_server_for_test.h"

namespace wherry::testing {

namespace fs = std::filesystem;

namespace {

constexpr const char* kToml = R"toml(
name = "small"
[tables.items]
scope = "workspace"
deleted = "title = 'deleted'"
[tables.items.columns]
n = "counter"
tags = "set"
[tables.notes]
scope = "user(owner)"
[tables.notes_fts]
derived = true
[tables.drafts]
local = true
)toml";

constexpr const char* kNamesToml = R"toml(
[tables.names]
scope = ["workspace", "user(owner)"]
)toml";

constexpr const char* kSchema = R"(
CREATE TABLE items (id TEXT NOT NULL PRIMARY KEY, title TEXT NOT NULL, n INTEGER NOT NULL DEFAULT 0,
  tags TEXT NOT NULL DEFAULT '[]');
CREATE TABLE notes (id TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE drafts (id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL);
CREATE VIRTUAL TABLE notes_fts USING fts5 (body, content = 'notes', content_rowid = 'rowid');
CREATE TRIGGER notes_fts_insert AFTER INSERT ON notes BEGIN
  INSERT INTO notes_fts (rowid, body) VALUES (new.rowid, new.body);
END;
CREATE TRIGGER notes_fts_delete AFTER DELETE ON notes BEGIN
  INSERT INTO notes_fts (notes_fts, rowid, body) VALUES ('delete', old.rowid, old.body);
END;
CREATE TRIGGER notes_fts_update AFTER UPDATE OF body ON notes WHEN old.body IS NOT new.body BEGIN
  INSERT INTO notes_fts (notes_fts, rowid, body) VALUES ('delete', old.rowid, old.body);
  INSERT INTO notes_fts (rowid, body) VALUES (new.rowid, new.body);
END;
)";

constexpr const char* kNamesSchema = R"(
CREATE TABLE names (id TEXT NOT NULL PRIMARY KEY, owner TEXT, name TEXT NOT NULL UNIQUE);
)";

constexpr const char* kCommands = R"(
-- command: item.add
-- entity: items(:id) new
-- param: id id
-- param: title text(0..100)
INSERT INTO items (id, title) VALUES (:id, :title);

-- command: item.title
-- entity: items(:id)
-- param: id id
-- param: title text(0..100)
UPDATE items SET title = :title WHERE id = :id;

-- command: item.bump
-- entity: items(:id)
-- param: id id
-- param: by int(-9..9)
UPDATE items SET n = n + :by WHERE id = :id;

-- command: item.tag
-- entity: items(:id)
-- param: id id
-- param: tag text(1..20)
UPDATE items SET tags = set_add(tags, :tag) WHERE id = :id;

-- command: item.remove
-- entity: items(:id)
-- param: id id
DELETE FROM items WHERE id = :id;

-- command: item.copy
-- entity: items(:id)
-- param: id id
-- param: from id
-- Takes over another item's title.
UPDATE items SET title = (SELECT title FROM items WHERE id = :from) WHERE id = :id;

-- command: item.spread
-- entity: items(:id)
-- param: id id
-- Bumps every item with the same title: which these are is only known when it runs.
UPDATE items SET n = n + 1 WHERE title = (SELECT title FROM items WHERE id = :id);

-- command: item.few
-- entity: items(:id) new
-- param: id id
-- Reads the whole table.
SELECT require((SELECT count(*) FROM items) < 3, 'too_many');
INSERT INTO items (id, title) VALUES (:id, 'few');

-- command: item.server
-- entity: items(:id) any
-- param: id id
-- run: server
UPDATE items SET n = n + 100 WHERE id = :id;
)";

constexpr const char* kNames = R"(
-- command: name.add
-- entity: names(:id) new
-- param: id id
-- param: name text(1..20)
INSERT INTO names (id, owner, name) VALUES (:id, @user_id, :name);

-- command: name.change
-- entity: names(:id)
-- param: id id
-- param: name text(1..20)
UPDATE names SET name = :name WHERE id = :id;

-- command: name.remove
-- entity: names(:id)
-- param: id id
DELETE FROM names WHERE id = :id;

-- command: name.claim
-- entity: names(:id) any
-- param: id id
-- param: name text(1..20)
INSERT INTO names (id, owner, name) VALUES (:id, @user_id, :name) ON CONFLICT (name) DO UPDATE SET owner = @user_id;
)";

constexpr const char* kNotes = R"(
-- command: note.add
-- entity: notes(:id) new
-- param: id id
-- param: body text(0..10000)
INSERT INTO notes (id, owner, body) VALUES (:id, @user_id, :body);

-- command: note.about
-- entity: notes(:id) new
-- param: id id
-- param: item id
-- param: body text(0..100)
-- Adds a row, if another one lets it.
SELECT require((SELECT title FROM items WHERE id = :item) <> 'blue', 'not_now');
INSERT INTO notes (id, owner, body) VALUES (:id, @user_id, :body);

-- command: note.edit
-- entity: notes(:id)
-- param: id id
-- param: body text(0..100)
UPDATE notes SET body = :body WHERE id = :id;

-- command: note.remove
-- entity: notes(:id)
-- param: id id
DELETE FROM notes WHERE id = :id;

-- command: draft.save
-- param: id id
-- param: body text(0..100)
-- run: local
INSERT INTO drafts (id, body) VALUES (:id, :body) ON CONFLICT (id) DO UPDATE SET body = excluded.body;
)";

Bundle compile(bool with_names) {
  std::vector<BundleFile> files = {
      {"app.toml", cat(kToml, with_names ? kNamesToml : "")},
      {"migrations/0001_schema.sql", cat(kSchema, with_names ? kNamesSchema : "")},
      {"commands/items.sql", kCommands},
      {"commands/notes.sql", kNotes}};
  if (with_names) files.push_back({"commands/names.sql", kNames});
  Compiled compiled = compile_bundle(files);
  for (const Mistake& mistake : compiled.mistakes) ADD_FAILURE() << mistake.text();
  return for_replica(compiled.bundle, {});
}

const Table& table_of(const std::string& name) {
  return *small_app().table(name);
}

}  // namespace

const Bundle& small_app() {
  static const Bundle bundle = compile(true);
  return bundle;
}

const Bundle& smaller_app() {
  static const Bundle bundle = compile(false);
  return bundle;
}

std::string id_of(int64_t number) {
  std::string digits = std::to_string(number);
  return cat("01890000-0000-7000-8000-", std::string(12 - digits.size(), '0'), digits);
}

Device::Device(bool reference) : reference_(reference) {
  static int count = 0;
  folder_ = fs::temp_directory_path() / cat("wherry-replica-", getpid(), "-", ++count);
  fs::remove_all(folder_);
  fs::create_directories(folder_);
  welcome.limits = {4 << 20, 1 << 20, 1000, 4 << 20};
  welcome.server_time = now;
  welcome.workspace = "test";
  welcome.user_id = "ann";
  welcome.epoch = id_of(901);
  welcome.replica_id = id_of(900);
  welcome.identity = "first";
  open();
}

Device::~Device() {
  replica.reset();
  fs::remove_all(folder_);
}

void Device::open() {
  ReplicaOptions options;
  options.path = path().string();
  options.entropy = [](std::span<uint8_t> out) {
    static std::mt19937 random(7);
    for (uint8_t& byte : out) byte = static_cast<uint8_t>(random());
  };
  options.reference_rebase = reference_;
  options.synchronous_full = false;
  options.create = true;
  replica.reset();
  replica = must(Replica::open(std::move(options)));
}

std::string Device::exec(const std::string& name, const std::string& params, const std::string& id) {
  ExecuteOptions options;
  if (!id.empty()) options.id = id;
  const Executed executed = must(replica->execute(name, params, now, options));
  return executed.refusal ? executed.refusal->code : "";
}

std::string Device::state_of(const std::string& id) {
  for (const OwnCommand& command : must(replica->commands())) {
    if (command.id != id) continue;
    switch (command.state) {
      case CommandState::kPending:
        return command.code.empty() ? "pending" : "pending:" + command.code;
      case CommandState::kApplied:
        return "applied";
      case CommandState::kSuperseded:
        return "superseded";
      case CommandState::kRejected:
        return "rejected:" + command.code;
    }
  }
  return "unknown";
}

std::string Device::ask(const std::string& sql) {
  std::string text;
  for (const Row& row : must(replica->query(sql)).rows) {
    if (!text.empty()) text += ' ';
    for (size_t i = 0; i < row.size(); ++i)
      text += cat(i > 0 ? "|" : "", row[i].text() != nullptr ? *row[i].text() : to_sql(row[i]));
  }
  return text;
}

std::string Device::dump() {
  std::string text;
  must(replica->dump([&](std::string_view line) -> Result<> {
    text += cat(line, "\n");
    return {};
  }));
  return text;
}

Result<> Device::say(const protocol::Message& message) {
  TRY(replica->receive(protocol::encode(message, protocol::Compression::kPlain), now));
  return hear();
}

Result<> Device::hear() {
  TRY_ASSIGN(const std::vector<std::string> messages, replica->take_outgoing());
  for (const std::string& bytes : messages) heard_.push_back(must(protocol::decode(bytes)));
  return {};
}

std::vector<protocol::Message> Device::heard() {
  must(hear());
  return std::exchange(heard_, {});
}

void Device::greet(const std::vector<protocol::GrantedScope>& scopes) {
  must(replica->connected("token", now));
  const auto hello = heard_of<protocol::Hello>();
  ASSERT_EQ(hello.size(), 1u);
  const std::string bytes = encode_bundle(*bundle);
  welcome.schema_hash = bundle_hash(bytes);
  must(say(welcome));
  if (hello[0].schema_hash != welcome.schema_hash) must(say(protocol::Schema{welcome.schema_hash, bytes}));
  must(say(protocol::Scopes{true, true, scopes, {}}));
}

void Device::connect(const std::vector<protocol::GrantedScope>& scopes, protocol::Batch first) {
  greet(scopes);
  must(say(first));
}

protocol::RowItem put(const std::string& table, int64_t seq, Row row) {
  return {protocol::RowItem::Kind::kPut, table_of(table).id, {seq}, std::move(row), {}};
}

protocol::RowItem gone(const std::string& table, int64_t seq, Row key) {
  return {protocol::RowItem::Kind::kGone, table_of(table).id, {seq}, std::move(key), {}};
}

namespace {

std::string body_of(const Items& items, Seq upto) {
  const char* scope = items.handle == 1 ? "workspace" : "user(ann)";
  return protocol::encode_items(items.list, {upto, scope}, protocol::Compression::kPlain);
}

}  // namespace

Items segment(protocol::Handle handle, const std::vector<protocol::RowItem>& items) {
  return {handle, items};
}

protocol::RowsChunk chunk(protocol::Handle handle, int64_t upto, const std::vector<protocol::RowItem>& items,
                          bool from_zero, bool live) {
  protocol::RowsChunk rows;
  rows.handle = handle;
  rows.upto = {upto};
  rows.live = live;
  rows.from_zero = from_zero;
  rows.body = body_of({handle, items}, rows.upto);
  return rows;
}

protocol::Batch batch(int64_t upto, const std::vector<Items>& segments,
                      std::vector<protocol::Answer> answers) {
  protocol::Batch made;
  made.upto = {upto};
  for (const Items& items : segments) made.segments.push_back({items.handle, body_of(items, made.upto)});
  made.answers = std::move(answers);
  return made;
}

protocol::Answer applied(const std::string& id, int64_t seq) {
  return {id, 1, {seq}, protocol::Outcome::kApplied, {}, {}, {}};
}

protocol::Answer rejected(const std::string& id, int64_t seq, const std::string& code) {
  return {id, 1, {seq}, protocol::Outcome::kRejected, code, {}, {}};
}

void go_live(Device& device, int64_t upto, const std::vector<protocol::RowItem>& items) {
  device.connect(kWorkspace, batch(upto));
  must(device.say(chunk(1, upto, items, true, true)));
}

}  // namespace wherry::testing

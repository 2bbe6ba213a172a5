#include "engine/footprint.h"

#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "base/msgpack.h"
#include "base/text.h"
#include "bundle/functions.h"
#include "engine/bytecode.h"

namespace wherry {
namespace {

constexpr const char* kSchema = R"(
CREATE TABLE users(id TEXT PRIMARY KEY NOT NULL, name TEXT);
CREATE TABLE channels(id TEXT PRIMARY KEY NOT NULL, name TEXT, private INTEGER) WITHOUT ROWID;
CREATE TABLE members(channel_id TEXT NOT NULL, user_id TEXT NOT NULL, note TEXT, PRIMARY KEY(channel_id, user_id));
CREATE TABLE marks(user_id TEXT NOT NULL, channel_id TEXT NOT NULL, at INTEGER,
                   PRIMARY KEY(channel_id, user_id)) WITHOUT ROWID;
CREATE TABLE messages(id TEXT PRIMARY KEY NOT NULL, channel_id TEXT, author_id TEXT, body TEXT, votes INT);
CREATE INDEX messages_by_channel ON messages(channel_id);
CREATE TABLE tags(id TEXT PRIMARY KEY NOT NULL, name TEXT UNIQUE, note TEXT);
CREATE TABLE codes(id INT PRIMARY KEY NOT NULL, name TEXT);
CREATE TABLE strict(id TEXT PRIMARY KEY NOT NULL, n INT) STRICT;
CREATE TABLE loose(id PRIMARY KEY NOT NULL, n);
CREATE TABLE real(id REAL PRIMARY KEY NOT NULL, n);
CREATE TABLE nocase(id TEXT COLLATE NOCASE PRIMARY KEY NOT NULL, n);
CREATE TABLE rowid(id INTEGER PRIMARY KEY, n);
CREATE TABLE counted(id TEXT PRIMARY KEY NOT NULL, n INT);
CREATE TABLE words(word TEXT PRIMARY KEY NOT NULL, n INT);
CREATE TABLE audited(id TEXT PRIMARY KEY NOT NULL, n INT);
CREATE TABLE wherry_meta(name TEXT PRIMARY KEY NOT NULL, value);
CREATE VIRTUAL TABLE search USING fts5(id UNINDEXED, body);
CREATE VIEW authored AS SELECT m.id, m.body, u.name FROM messages m JOIN users u ON u.id = m.author_id;
CREATE TRIGGER messages_1 AFTER INSERT ON messages BEGIN INSERT INTO search(id, body) VALUES(new.id, new.body); END;
CREATE TRIGGER messages_2 AFTER UPDATE OF body ON messages BEGIN
  UPDATE search SET body = new.body WHERE id = new.id; END;
CREATE TRIGGER messages_3 AFTER DELETE ON messages BEGIN DELETE FROM search WHERE id = old.id; END;
CREATE TRIGGER counted_1 AFTER INSERT ON counted BEGIN
  INSERT INTO words VALUES(new.id, 1) ON CONFLICT(word) DO UPDATE SET n = n + 1; END;
CREATE TRIGGER audited_1 AFTER INSERT ON audited BEGIN
  INSERT INTO words SELECT name, 1 FROM users WHERE id = new.id ON CONFLICT(word) DO UPDATE SET n = n + 1; END;
)";

class FootprintTest : public testing::Test {
 protected:
  void SetUp() override {
    db_ = *sqlite::Database::open(":memory:", sqlite::Access::kReadWriteCreate);
    context_.user_id = "a";
    context_.command_id = "00000000-0000-0000-0000-000000000000";
    ASSERT_TRUE(register_functions(*db_, &context_));
    ASSERT_TRUE(db_->execute(kSchema));
    add("users", {"id", "name"}, {0});
    add("channels", {"id", "name", "private"}, {0});
    add("members", {"channel_id", "user_id", "note"}, {0, 1});
    // The key's order is its own, not that of the columns.
    add("marks", {"user_id", "channel_id", "at"}, {1, 0});
    add("messages", {"id", "channel_id", "author_id", "body", "votes"}, {0});
    add("tags", {"id", "name", "note"}, {0}).unique_beyond_key = true;
    add("codes", {"id", "name"}, {0});
    for (const char* name : {"strict", "loose", "real", "nocase", "rowid", "counted", "audited"})
      add(name, {"id", "n"}, {0});
    Table& words = add("words", {"word", "n"}, {0});
    words.kind = TableKind::kDerived;
    words.sources = {index_of("counted"), index_of("audited")};
    Table& search = add("search", {"id", "body"}, {});
    search.kind = TableKind::kDerived;
    search.sources = {index_of("messages")};
  }

  Table& add(const std::string& name, const std::vector<std::string>& columns, std::vector<size_t> key) {
    Table table;
    table.name = name;
    for (const std::string& column : columns) table.columns.push_back({column});
    table.key = std::move(key);
    bundle_.tables.push_back(std::move(table));
    return bundle_.tables.back();
  }
  size_t index_of(const std::string& name) const {
    const auto at = std::ranges::find(bundle_.tables, name, &Table::name);
    return static_cast<size_t>(at - bundle_.tables.begin());
  }

  // "channels(:id) messages", in the order of the tables: keyed and whole reads.
  std::string reads(const std::string& sql) {
    const auto statement = db_->prepare(sql);
    const auto found = analyse_reads(*db_, bundle_, sql);
    if (!statement || !found) return found ? statement.error().text() : found.error().text();
    std::vector<std::pair<size_t, std::string>> shown;
    for (const TableRead& read : *found) {
      std::vector<std::string> names;
      for (const int parameter : read.key.value_or(std::vector<int>()))
        names.emplace_back(sqlite3_bind_parameter_name(statement->handle(), parameter));
      const std::string& name = bundle_.tables[read.table].name;
      shown.emplace_back(read.table, read.key ? cat(name, "(", join(names, ", "), ")") : name);
    }
    std::ranges::sort(shown);
    std::vector<std::string> pieces;
    for (auto& [table, text] : shown) pieces.push_back(std::move(text));
    return join(pieces, " ");
  }

  std::unique_ptr<sqlite::Database> db_;
  FunctionContext context_;
  Bundle bundle_;
};

struct Case {
  const char* sql;
  const char* reads;
};

constexpr Case kCases[] = {
    // One row, by key.
    {"SELECT require((SELECT author_id FROM messages WHERE id = :id) = @user_id, 'x')", "messages(:id)"},
    {"SELECT require(EXISTS (SELECT 1 FROM members WHERE channel_id = :c AND user_id = @u), 'x')",
     "members(:c, @u)"},
    {"SELECT note FROM members WHERE user_id = @u AND channel_id = :c", "members(:c, @u)"},
    {"SELECT at FROM marks WHERE user_id = @u AND channel_id = :c", "marks(:c, @u)"},
    {"SELECT name FROM channels WHERE id = :c", "channels(:c)"},
    {"SELECT * FROM messages WHERE id = :id AND channel_id = :c", "messages(:id)"},
    {"SELECT reject('x') FROM users WHERE id = @u AND name IS NULL", "users(@u)"},
    {"SELECT name FROM codes WHERE id = :code", "codes(:code)"},
    {"SELECT n FROM strict WHERE id = :id", "strict(:id)"},
    {"SELECT n FROM loose WHERE id = :id", "loose(:id)"},
    {"SELECT max(note), count(*) FROM members WHERE channel_id = :c AND user_id = @u", "members(:c, @u)"},
    {"SELECT row_number() OVER (ORDER BY note) FROM members WHERE channel_id = :c AND user_id = @u",
     "members(:c, @u)"},
    {"SELECT name FROM users WHERE id IS :u", "users(:u)"},
    // Several rows, each by key.
    {"SELECT x.name, y.name FROM users x, users y WHERE x.id = :a AND y.id = :b", "users(:a) users(:b)"},
    {"SELECT coalesce((SELECT name FROM users WHERE id = :a), (SELECT name FROM users WHERE id = :b))",
     "users(:a) users(:b)"},
    {"SELECT name FROM users WHERE id = @u UNION ALL SELECT name FROM channels WHERE id = :c",
     "users(@u) channels(:c)"},
    {"SELECT m.body, u.name FROM messages m LEFT JOIN users u ON u.id = :u WHERE m.id = :id",
     "users(:u) messages(:id)"},
    {"WITH x AS MATERIALIZED (SELECT * FROM users WHERE id = :u) SELECT * FROM x p, x q", "users(:u)"},
    {"SELECT require(NOT EXISTS (SELECT 1 FROM users WHERE id = :a) AND EXISTS (SELECT 1 FROM channels WHERE "
     "id = :c), "
     "'x')",
     "users(:a) channels(:c)"},
    // A key that comes from another row.
    {"SELECT require(EXISTS (SELECT 1 FROM members WHERE channel_id = (SELECT channel_id FROM messages WHERE "
     "id = :id) "
     "AND user_id = @u), 'x')",
     "members messages(:id)"},
    {"SELECT m.body, u.name FROM messages m LEFT JOIN users u ON u.id = m.author_id WHERE m.id = :id",
     "users messages(:id)"},
    {"SELECT * FROM authored WHERE id = :id", "users messages(:id)"},
    // A key that is not the parameter itself.
    {"SELECT name FROM users WHERE id = upper(:u)", "users"},
    {"SELECT name FROM users WHERE id = 'a'", "users"},
    {"SELECT name FROM users WHERE id = CASE WHEN :a < 'b' THEN :a ELSE :b END", "users"},
    {"SELECT name FROM users WHERE id = coalesce(:a, :b)", "users"},
    {"SELECT :a, note FROM members WHERE rowid = :b", "members"},
    {"SELECT m.body FROM messages m JOIN users u ON m.rowid = u.rowid WHERE u.id = :u", "users(:u) messages"},
    {"SELECT name FROM users WHERE id = CAST(:u AS TEXT)", "users"},
    {"SELECT name FROM users WHERE id = :u COLLATE NOCASE", "users"},
    {"SELECT n FROM nocase WHERE id = :id", "nocase"},
    {"SELECT n FROM real WHERE id = :id", "real"},
    {"SELECT n FROM rowid WHERE id = :id", "rowid"},
    // Any row.
    {"SELECT count(*) FROM messages", "messages"},
    {"SELECT max(id) FROM messages", "messages"},
    {"SELECT id FROM messages WHERE channel_id = :c", "messages"},
    {"SELECT note FROM members WHERE channel_id = :c", "members"},
    {"SELECT name FROM users WHERE id >= :a AND id <= :b", "users"},
    {"SELECT name FROM users WHERE id BETWEEN :a AND :b ORDER BY id DESC", "users"},
    {"SELECT user_id FROM members WHERE channel_id = :c AND user_id > :a", "members"},
    {"SELECT user_id FROM members WHERE channel_id = :c AND user_id IN (:a, :b)", "members"},
    {"SELECT name FROM users WHERE id LIKE :a", "users"},
    {"SELECT name FROM users WHERE id GLOB :a", "users"},
    {"UPDATE messages SET body = u.name FROM users u WHERE u.id = :u AND messages.id = :id",
     "users(:u) messages"},
    {"DELETE FROM users WHERE id = :a RETURNING name", "users(:a)"},
    {"INSERT INTO users VALUES(:a, :b) ON CONFLICT DO UPDATE SET name = :b RETURNING name", "users(:a)"},
    {"INSERT INTO users VALUES(:a, 'x'), (:b, 'y')", "users"},
    {"SELECT name FROM users WHERE id > :a ORDER BY id LIMIT 1", "users"},
    {"SELECT name FROM users WHERE id < :a ORDER BY id DESC LIMIT 1", "users"},
    {"SELECT name FROM users WHERE id IN (:a, :b)", "users"},
    {"SELECT name FROM users WHERE id = :a OR name = :b", "users"},
    {"SELECT :a IN (SELECT id FROM users)", "users"},
    {"SELECT id FROM tags WHERE name = :n", "tags"},
    {"SELECT u.name FROM users u JOIN json_each(:list) j ON j.value = u.id", "users"},
    {"SELECT value FROM json_each(:list)", ""},
    // Derived tables stand for their sources.
    {"SELECT id FROM search WHERE search MATCH :q", "messages"},
    {"SELECT id FROM search WHERE body LIKE :q", "messages"},
    {"SELECT count(*) FROM search_content", "messages"},
    {"SELECT n FROM words WHERE word = :w", "counted audited"},
    {"SELECT value FROM wherry_meta", ""},
    // Writes.
    {"UPDATE messages SET body = :b WHERE id = :id", "messages(:id)"},
    {"UPDATE messages SET votes = votes + 1 WHERE id = :id", "messages(:id)"},
    {"UPDATE messages SET body = :b WHERE channel_id = :c", "messages"},
    {"UPDATE messages SET body = :b WHERE id = :id AND EXISTS (SELECT 1 FROM members WHERE channel_id = :c "
     "AND "
     "user_id = @u)",
     "members(:c, @u) messages(:id)"},
    {"UPDATE channels SET name = (SELECT name FROM users WHERE id = @u) WHERE id = :id",
     "users(@u) channels(:id)"},
    {"UPDATE tags SET name = :n WHERE id = :id", "tags"},
    {"UPDATE strict SET n = :n WHERE id = :id", "strict(:id)"},
    {"DELETE FROM messages WHERE id = :id", "messages(:id)"},
    {"DELETE FROM members WHERE channel_id = :c AND user_id = :u", "members(:c, :u)"},
    {"DELETE FROM channels", "channels"},
    {"DELETE FROM messages", "messages"},
    {"INSERT INTO messages(id, channel_id, author_id, body) VALUES(:id, :c, @u, :b)", "messages(:id)"},
    {"INSERT INTO strict VALUES(:id, :n)", "strict(:id)"},
    {"UPDATE tags SET note = :n WHERE id = :id", "tags"},
    {"SELECT note FROM tags WHERE id = :id", "tags(:id)"},
    {"DELETE FROM tags WHERE id = :id", "tags(:id)"},
    {"INSERT INTO tags(id, name) VALUES(:id, :n)", "tags"},
    {"INSERT INTO users VALUES(uuid(1), :n)", "users"},
    {"INSERT INTO rowid(n) VALUES(:n)", "rowid"},
    {"INSERT INTO members VALUES(:c, :u, NULL) ON CONFLICT DO NOTHING", "members(:c, :u)"},
    {"INSERT OR IGNORE INTO channels(id, name) VALUES(:c, :n)", "channels(:c)"},
    {"INSERT INTO members VALUES(:c, :u, :n) ON CONFLICT(channel_id, user_id) DO UPDATE SET note = :n",
     "members(:c, :u)"},
    {"INSERT INTO marks VALUES(@u, :c, :n) ON CONFLICT(channel_id, user_id) DO UPDATE SET at = :n WHERE at < "
     ":n",
     "marks(:c, @u)"},
    {"INSERT INTO users(id, name) SELECT :a, :b WHERE NOT EXISTS (SELECT 1 FROM channels WHERE id = :a)",
     "users(:a) channels(:a)"},
    {"INSERT OR IGNORE INTO members SELECT id, :u, NULL FROM channels WHERE private = 0", "channels members"},
    {"INSERT INTO loose SELECT * FROM loose WHERE n = :n ON CONFLICT DO NOTHING", "loose"},
    // The value of a column of integers, converted to one, seeks a text.
    {"INSERT INTO counted VALUES(:id, :n) ON CONFLICT(id) DO UPDATE SET n = (SELECT n FROM strict WHERE id = "
     "excluded.n)",
     "strict counted(:id)"},
    // Triggers: what they read counts, what they keep does not.
    {"INSERT INTO counted VALUES(:id, 1)", "counted(:id)"},
    {"INSERT INTO audited VALUES(:id, 1)", "users audited(:id)"},
};

TEST_F(FootprintTest, TellsRowsSoughtByKeyFromTables) {
  for (const Case& c : kCases) EXPECT_EQ(reads(c.sql), c.reads) << c.sql;
}

TEST_F(FootprintTest, NumbersOfParametersAreThoseOfBinding) {
  const auto found =
      analyse_reads(*db_, bundle_, "SELECT :x, note FROM members WHERE channel_id = ?5 AND user_id = :y");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ((*found)[0].key, (std::vector{5, 6}));
}

TEST_F(FootprintTest, NamesNoRowWhenTheValueWouldBeConverted) {
  const TableRead text{0, std::vector{1}, "B"}, integer{0, std::vector{1}, "D"};
  EXPECT_EQ(row_sought(text, {Value("5")}), (RowRef{0, encode_key({Value("5")})}));
  EXPECT_EQ(row_sought(text, {Value(int64_t{5})}), std::nullopt);
  EXPECT_EQ(row_sought(integer, {Value("5")}), std::nullopt);
  EXPECT_EQ(row_sought(integer, {Value(5.0)}), std::nullopt);
  EXPECT_EQ(row_sought(integer, {Value(int64_t{5})}), (RowRef{0, encode_key({Value(int64_t{5})})}));
}

TEST_F(FootprintTest, ReadsEverythingWhereItDoesNotKnowTheOpcode) {
  ASSERT_FALSE(bytecode::effect_of("Vacuum"));
  const auto found = analyse_reads(*db_, bundle_, "VACUUM");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), bundle_.tables.size() - 2);  // all but the derived
}

TEST_F(FootprintTest, PassesOnWhatSqliteRefuses) {
  EXPECT_FALSE(analyse_reads(*db_, bundle_, "SELECT nothing FROM nowhere"));
}

// The property that matters: what lies outside of the reads cannot change what a statement returns and
// writes.
class Soundness : public FootprintTest {
 protected:
  size_t pick(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random_); }

  Value any_value() {
    static const std::vector<Value> kValues = {Value("a"),        Value("a"), Value("a"), Value("b"),
                                               Value("b"),        Value("c"), Value("1"), Value("01"),
                                               Value(int64_t{1}), Value(1.0), Value("A"), Value()};
    return kValues[pick(kValues.size())];
  }

  // Puts a random row; may be refused.
  void put(size_t table) {
    Row row;
    std::vector<std::string> marks;
    for (size_t i = 0; i < bundle_.tables[table].columns.size(); ++i) {
      row.push_back(any_value());
      marks.emplace_back("?");
    }
    (void)db_->run(cat("REPLACE INTO ", bundle_.tables[table].name, " VALUES(", join(marks, ", "), ")"), row);
  }
  void remove(size_t table, const Row& key) {
    std::vector<std::string> terms;
    for (const size_t part : bundle_.tables[table].key)
      terms.push_back(bundle_.tables[table].columns[part].name + " = ?");
    ASSERT_TRUE(
        db_->run(cat("DELETE FROM ", bundle_.tables[table].name, " WHERE ", join(terms, " AND ")), key));
  }

  std::vector<std::set<std::string>> dump() {
    std::vector<std::set<std::string>> tables;
    for (const Table& table : bundle_.tables) {
      std::set<std::string>& rows = tables.emplace_back();
      if (table.kind == TableKind::kDerived) continue;
      const auto all = db_->rows(cat("SELECT * FROM ", table.name));
      for (const Row& row : *all) rows.insert(encode_key(row));
    }
    return tables;
  }

  struct Outcome {
    std::multiset<std::string> returned;
    std::string refused;
    std::vector<std::set<std::string>> added, removed;
    bool operator==(const Outcome&) const = default;
  };

  Outcome run(const std::string& sql, const Row& parameters) {
    Outcome outcome;
    context_.refusal.reset();
    EXPECT_TRUE(db_->execute("SAVEPOINT one"));
    const auto before = dump();
    {
      auto statement = db_->prepare(sql);
      for (size_t i = 0; i < parameters.size(); ++i) statement->bind(static_cast<int>(i) + 1, parameters[i]);
      while (true) {
        const auto more = statement->step();
        if (!more) outcome.refused = more.error().text();
        if (!more || !*more) break;
        outcome.returned.insert(encode_key(statement->row()));
      }
    }
    const auto after = dump();
    for (size_t i = 0; i < before.size(); ++i) {
      std::set<std::string>& added = outcome.added.emplace_back();
      std::ranges::set_difference(after[i], before[i], std::inserter(added, added.end()));
      std::set<std::string>& removed = outcome.removed.emplace_back();
      std::ranges::set_difference(before[i], after[i], std::inserter(removed, removed.end()));
    }
    EXPECT_TRUE(db_->execute("ROLLBACK TO one; RELEASE one"));
    return outcome;
  }

  RowRef ref_of(size_t table, const std::string& encoded_row) {
    const Row row = *decode_key(encoded_row);
    Row key;
    for (const size_t part : bundle_.tables[table].key) key.push_back(row[part]);
    return {table, encode_key(key)};
  }

  // Tables read whole, rows read, and rows written.
  struct Covered {
    std::set<size_t> tables;
    std::set<RowRef> rows;
  };
  Covered cover(const std::vector<TableRead>& found, const Row& parameters, const Outcome& outcome) {
    Covered covered;
    for (const TableRead& read : found) {
      Row key;
      for (const int parameter : read.key.value_or(std::vector<int>()))
        key.push_back(parameters[static_cast<size_t>(parameter) - 1]);
      const auto ref = read.key ? row_sought(read, key) : std::nullopt;
      if (ref)
        covered.rows.insert(*ref);
      else
        covered.tables.insert(read.table);
    }
    for (size_t i = 0; i < bundle_.tables.size(); ++i) {
      for (const std::string& row : outcome.added[i]) covered.rows.insert(ref_of(i, row));
      for (const std::string& row : outcome.removed[i]) covered.rows.insert(ref_of(i, row));
    }
    return covered;
  }

  std::mt19937 random_;
};

TEST_F(Soundness, ChangesOutsideOfTheReadsChangeNothing) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(cat("seed ", seed));
  random_.seed(seed);
  size_t outside = 0, inside_mattered = 0;
  for (const Case& c : kCases) {
    const std::string sql = c.sql;
    const std::vector<TableRead> read = *analyse_reads(*db_, bundle_, sql);
    const int count = sqlite3_bind_parameter_count(db_->prepare(sql)->handle());
    for (int round = 0; round < 12; ++round) {
      ASSERT_TRUE(db_->execute("BEGIN"));
      for (size_t i = 0; i < bundle_.tables.size(); ++i)
        for (size_t n = pick(8); n > 0 && bundle_.tables[i].kind != TableKind::kDerived; --n) put(i);
      Row parameters;
      for (int i = 0; i < count; ++i)
        parameters.push_back(sql.find(":list") == std::string::npos ? any_value() : Value("[\"a\",1]"));
      const Outcome first = run(sql, parameters);
      const Covered covered = cover(read, parameters, first);
      for (int change = 0; change < 4; ++change) {
        ASSERT_TRUE(db_->execute("SAVEPOINT change"));
        const auto before = dump();
        // Mostly a table that the statement reads. The last two are derived.
        const size_t table =
            pick(3) != 0 && !read.empty() ? read[pick(read.size())].table : pick(bundle_.tables.size() - 2);
        if (pick(3) == 0 && !before[table].empty()) {
          const auto row = std::next(before[table].begin(), static_cast<long>(pick(before[table].size())));
          remove(table, *decode_key(ref_of(table, *row).key));
        } else {
          put(table);
        }
        const auto after = dump();
        std::set<RowRef> changed;
        for (const auto* rows : {&before[table], &after[table]})
          for (const std::string& row : *rows)
            if (before[table].count(row) + after[table].count(row) == 1) changed.insert(ref_of(table, row));
        const bool touches =
            covered.tables.contains(table) ||
            std::ranges::any_of(changed, [&](const RowRef& ref) { return covered.rows.contains(ref); });
        const Outcome second = run(sql, parameters);
        if (touches) {
          inside_mattered += second != first;
        } else if (!changed.empty()) {  // an equal row put again may differ in its rowid
          ++outside;
          std::string shown;
          for (const Value& value : parameters) shown += to_sql(value) + " ";
          ASSERT_TRUE(second == first)
              << sql << "\nwith " << shown << "\nafter a change of " << bundle_.tables[table].name;
        }
        ASSERT_TRUE(db_->execute("ROLLBACK TO change; RELEASE change"));
      }
      ASSERT_TRUE(db_->execute("ROLLBACK"));
    }
  }
  EXPECT_GT(outside, 500U);
  EXPECT_GT(inside_mattered, 20U);
}

}  // namespace
}  // namespace wherry

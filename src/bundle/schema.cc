#include "bundle/schema.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <set>

#include "base/msgpack.h"
#include "base/text.h"
#include "bundle/ddl_check.h"
#include "bundle/tokens.h"

namespace wherry {

Affinity affinity_of(std::string_view declared_type) {
  std::string type(declared_type);
  std::ranges::transform(type, type.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const auto has = [&type](const char* part) { return type.find(part) != std::string::npos; };
  if (has("INT")) return Affinity::kInteger;
  if (has("CHAR") || has("CLOB") || has("TEXT")) return Affinity::kText;
  if (has("BLOB") || type.empty()) return Affinity::kBlob;
  if (has("REAL") || has("FLOA") || has("DOUB")) return Affinity::kReal;
  return Affinity::kNumeric;
}

size_t SchemaTable::column(std::string_view column_name) const {
  for (size_t i = 0; i < columns.size(); ++i)
    if (same_name(columns[i].name, column_name)) return i;
  return SIZE_MAX;
}

std::vector<std::string> SchemaTable::column_names() const {
  std::vector<std::string> names;
  for (const SchemaColumn& c : columns) names.push_back(c.name);
  return names;
}

const SchemaTable* Schema::table(std::string_view name) const {
  for (const SchemaTable& t : tables)
    if (same_name(t.name, name)) return &t;
  return nullptr;
}

std::vector<std::string> Schema::table_names() const {
  std::vector<std::string> names;
  for (const SchemaTable& t : tables) names.push_back(t.name);
  return names;
}

namespace {

struct Migration {
  int64_t number = 0;
  const BundleFile* file = nullptr;
};

// migrations/0001_init.sql
std::vector<Migration> migrations_of(const std::vector<BundleFile>& files, Report& report) {
  constexpr std::string_view kFolder = "migrations/";
  std::vector<Migration> found;
  for (const BundleFile& file : files) {
    if (!file.name.starts_with(kFolder)) continue;
    const std::string_view name = std::string_view(file.name).substr(kFolder.size());
    const bool good =
        name.size() > 8 && name[4] == '_' && name.ends_with(".sql") && name.find('/') == name.npos &&
        std::ranges::all_of(name.substr(0, 4), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!good) {
      report.add({file.name, 0}, "this is no name for a migration",
                 "Number them: migrations/0001_init.sql, 0002_….sql");
      continue;
    }
    int64_t number = 0;
    for (const char c : name.substr(0, 4)) number = number * 10 + (c - '0');
    found.push_back({number, &file});
  }
  std::ranges::sort(found, {}, [](const Migration& m) { return std::pair(m.number, m.file->name); });
  for (size_t i = 0; i < found.size(); ++i)
    if (found[i].number != static_cast<int64_t>(i) + 1)
      report.add({found[i].file->name, 0},
                 i > 0 && found[i].number == found[i - 1].number ? "two migrations have the same number"
                                                                 : "the numbers of the migrations have a gap",
                 cat("This one should have the number ", i + 1, "."));
  if (found.empty())
    report.add({"migrations", 0}, "there is no migration", "Write the tables in migrations/0001_init.sql.");
  return found;
}

class SchemaBuilder {
 public:
  SchemaBuilder(Schema& schema, Report& report) : schema_(schema), db_(*schema.db), report_(report) {}

  void run(const BundleFile& file) {
    for (const SqlStatement& statement : split_statements(file.text, 1)) {
      check_ddl(statement, file.name, report_);
      const std::vector<Token> tokens = tokenize(statement.text);
      if (!tokens[0].is_word("CREATE") && !tokens[0].is_word("ALTER") && !tokens[0].is_word("DROP")) continue;
      const Place place{file.name, statement.line};
      bool done = false;
      if (auto prepared = db_.prepare(statement.text)) done = prepared->run().has_value();
      if (!done) report_sql(report_, schema_, place, statement.text, {});
      for (const Row& row : rows("SELECT name FROM sqlite_schema"))
        places_.try_emplace(*row[0].text(), place);
    }
  }

  void introspect() {
    for (const Row& row : rows("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid")) {
      const std::string& type = *row[0].text();
      const std::string& name = *row[1].text();
      if (name.starts_with("sqlite_") || row[3].is_null()) continue;
      if (type == "table" && !table(name)) continue;  // a shadow table
      if (type == "view") schema_.views[name] = places_[name];
      if (type == "trigger") schema_.triggers.push_back({name, *row[2].text(), places_[name]});
      schema_.ddl.push_back(*row[3].text());
    }
  }

 private:
  std::vector<Row> rows(const std::string& sql) {
    auto found = db_.rows(sql);
    return found ? *std::move(found) : std::vector<Row>();
  }

  bool table(const std::string& name) {
    const std::string quoted = quote_text(name);
    const std::vector<Row> kind =
        rows(cat("SELECT type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ", quoted));
    if (kind.empty() || *kind[0][0].text() == "shadow") return false;
    SchemaTable made;
    made.name = name;
    made.place = places_[name];
    made.is_virtual = *kind[0][0].text() == "virtual";
    made.without_rowid = *kind[0][1].integer() != 0;
    std::vector<std::pair<int64_t, size_t>> key;
    // Hidden: 1 belongs to a virtual table's interface, 2 and 3 are generated.
    for (const Row& row : rows(cat("SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo(",
                                   quoted, ") WHERE hidden <> 1"))) {
      if (*row[3].integer() > 0) key.emplace_back(*row[3].integer(), made.columns.size());
      const std::string& type = *row[1].text();
      made.columns.push_back({*row[0].text(), affinity_of(type), same_name(type, "INTEGER"),
                              *row[2].integer() != 0, *row[4].integer() != 0});
    }
    std::ranges::sort(key);
    for (const auto& [order, column] : key) made.key.push_back(column);
    if (!made.is_virtual) indexes(made);
    if (!made.is_virtual) foreign_keys(made);
    schema_.tables.push_back(std::move(made));
    return true;
  }

  void indexes(SchemaTable& made) {
    for (const Row& row : rows(cat("SELECT name, origin FROM pragma_index_list(", quote_text(made.name),
                                   ") WHERE \"unique\""))) {
      if (*row[1].text() != "pk") {
        made.unique_beyond_key = true;
        continue;
      }
      for (const Row& part : rows(cat("SELECT coll FROM pragma_index_xinfo(", quote_text(*row[0].text()),
                                      ") WHERE key AND coll <> 'BINARY'")))
        made.key_collations.push_back(*part[0].text());
    }
  }

  void foreign_keys(const SchemaTable& made) {
    for (const Row& row :
         rows(cat("SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(", quote_text(made.name), ")")))
      references_.push_back({made.name, *row[0].text()});
  }

 public:
  void check_references() {
    for (const auto& [from, to] : references_)
      if (schema_.table(to) == nullptr)
        report_.add(places_[from], cat("`", from, "` references the unknown table `", to, "`"),
                    did_you_mean(to, schema_.table_names(), "Create it, or leave out the reference."));
  }

 private:
  Schema& schema_;
  sqlite::Database& db_;
  Report& report_;
  std::map<std::string, Place> places_;
  std::vector<std::pair<std::string, std::string>> references_;
};

}  // namespace

std::unique_ptr<Schema> build_schema(const std::vector<BundleFile>& files, Report& report) {
  auto schema = std::make_unique<Schema>();
  auto db = sqlite::Database::open(":memory:", sqlite::Access::kReadWriteCreate);
  if (!db || !register_functions(**db, &schema->context)) {
    report.add({"migrations", 0}, "the private database could not be opened", "Free some memory.");
    return nullptr;
  }
  schema->db = *std::move(db);
  SchemaBuilder builder(*schema, report);
  const std::vector<Migration> migrations = migrations_of(files, report);
  for (const Migration& m : migrations) builder.run(*m.file);
  schema->version = static_cast<int64_t>(migrations.size());
  builder.introspect();
  builder.check_references();
  return schema;
}

void report_sql(Report& report, const Schema& schema, const Place& statement, std::string_view sql,
                const std::string& subject) {
  sqlite3* handle = schema.db->handle();
  const int offset = sqlite3_error_offset(handle);
  std::string message = sqlite3_errmsg(handle);
  std::string cure = "Correct the SQL.";
  const size_t colon = message.find(": ");
  if (message.starts_with("no such ") && colon != std::string::npos) {
    std::string name = message.substr(colon + 2);
    if (const size_t dot = name.rfind('.'); dot != std::string::npos) name = name.substr(dot + 1);
    std::vector<std::string> known;
    if (message.starts_with("no such table")) {
      known = schema.table_names();
      for (const auto& [view, place] : schema.views) known.push_back(view);
    } else if (message.starts_with("no such function")) {
      known = {"require",    "reject",  "uuid",     "rank_between", "set_add",
               "set_remove", "set_has", "has_role", "wherry_user"};
    } else {
      std::set<std::string> names;
      for (const SchemaTable& t : schema.tables)
        for (const SchemaColumn& c : t.columns) names.insert(c.name);
      known.assign(names.begin(), names.end());
    }
    cure = did_you_mean(name, known, "Name one that exists.");
    message = cat("unknown ", message.substr(8, colon - 8), " `", name, "`");
  }
  const int line = offset > 0 && static_cast<size_t>(offset) <= sql.size()
                       ? line_at(sql, static_cast<size_t>(offset), statement.line)
                       : statement.line;
  report.add({statement.file, line}, subject.empty() ? message : cat(subject, ": ", message),
             std::move(cure));
}

}  // namespace wherry

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "bundle/tokens.h"
#include "bundle/workbench.h"

namespace wherry {

size_t column_of(const Table& table, std::string_view name) {
  for (size_t i = 0; i < table.columns.size(); ++i)
    if (same_name(table.columns[i].name, name)) return i;
  return SIZE_MAX;
}

std::vector<std::string> column_names(const Table& table) {
  std::vector<std::string> names;
  for (const Column& c : table.columns) names.push_back(c.name);
  return names;
}

namespace {

bool is_sql_name(std::string_view name) {
  return !name.empty() &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '_'; }) &&
         !std::isdigit(static_cast<unsigned char>(name[0]));
}

class TableCheck {
 public:
  TableCheck(const Workbench& bench, const SchemaTable& schema, const TableEntry* entry)
      : bench_(bench), schema_(schema), entry_(entry) {}

  Table make(int id) {
    table_.name = schema_.name;
    table_.id = id;
    if (entry_ == nullptr)
      add(schema_.place, cat("app.toml does not say where the rows of `", schema_.name, "` belong"),
          cat("Write [tables.", schema_.name, "] with scope, server_only, local or derived."));
    else
      kind();
    columns();
    if (table_.kind != TableKind::kDerived) key();
    if (entry_ != nullptr) merges();
    return std::move(table_);
  }

 private:
  void add(const Place& place, std::string problem, std::string cure) {
    bench_.report.add(place, std::move(problem), std::move(cure));
  }

  void kind() {
    const int count = entry_->server_only + entry_->local + entry_->derived + !entry_->scopes.empty();
    if (entry_->server_only) table_.kind = TableKind::kServerOnly;
    if (entry_->local) table_.kind = TableKind::kLocal;
    if (entry_->derived) table_.kind = TableKind::kDerived;
    if (count > 1)
      add(entry_->place, cat("`", schema_.name, "` is several of scope, server_only, local and derived"),
          "Keep one.");
    if (count == 0)
      add(entry_->place, cat("`", schema_.name, "` lies in no scope"),
          "Say scope = \"channel(channel_id)\", scope = \"parent\", or server_only, local or derived = "
          "true.");
    if (schema_.is_virtual && table_.kind != TableKind::kDerived)
      add(entry_->place, cat("`", schema_.name, "` is a virtual table and not derived"),
          "Say derived = true and fill it with triggers.");
    const bool plain = table_.kind == TableKind::kLocal || table_.kind == TableKind::kDerived;
    if (plain && (entry_->parent || entry_->deleted || entry_->locked))
      add(entry_->place,
          cat("`", schema_.name, "` is not synced, so parent, deleted and locked mean nothing"),
          "Leave them out.");
    if (table_.kind != TableKind::kSynced && !entry_->roles.empty())
      add(entry_->place, cat("`", schema_.name, "` is not synced, so roles mean nothing"), "Leave them out.");
  }

  void columns() {
    if (!is_sql_name(schema_.name))
      add(schema_.place, cat("`", schema_.name, "` is no name for a table"), "Use letters, digits and _.");
    for (const SchemaColumn& c : schema_.columns) {
      if (!c.generated) table_.columns.push_back({c.name, Merge::kLww});
      if (!is_sql_name(c.name))
        add(schema_.place, cat("`", c.name, "` is no name for a column"), "Use letters, digits and _.");
      std::string lower = c.name;
      std::ranges::transform(lower, lower.begin(),
                             [](unsigned char b) { return static_cast<char>(std::tolower(b)); });
      if (lower.starts_with("wherry_"))
        add(schema_.place, cat("the column name `", c.name, "` is reserved"),
            "Names that begin with wherry_ are not the app's.");
    }
    if (table_.columns.size() > limits::kTableColumns)
      add(schema_.place,
          cat("`", schema_.name, "` has ", table_.columns.size(), " columns; the limit is ",
              limits::kTableColumns),
          "Split the table.");
    table_.unique_beyond_key = schema_.unique_beyond_key;
  }

  void key() {
    const std::string& name = schema_.name;
    if (schema_.key.empty())
      return add(schema_.place, cat("`", name, "` has no primary key"),
                 "Write id TEXT NOT NULL PRIMARY KEY.");
    if (schema_.has_rowid_key())
      add(schema_.place, cat("the key of `", name, "` is an integer rowid, which two devices give twice"),
          "Use a TEXT key: the app makes a UUID, or a command uses uuid(n).");
    for (const std::string& collation : schema_.key_collations)
      add(schema_.place, cat("the key of `", name, "` has the collation ", collation),
          "Keys compare as BINARY; leave out COLLATE.");
    for (const size_t column : schema_.key) {
      const SchemaColumn& c = schema_.columns[column];
      table_.key.push_back(column_of(table_, c.name));
      if (!c.not_null && !schema_.has_rowid_key())
        add(schema_.place, cat("the key column `", name, ".", c.name, "` may be NULL"), "Add NOT NULL.");
      if (c.affinity == Affinity::kReal || c.affinity == Affinity::kNumeric)
        add(schema_.place, cat("the key column `", name, ".", c.name, "` may hold REAL"),
            "Declare it TEXT, INTEGER or BLOB.");
    }
  }

  void merges() {
    const bool merged = table_.kind == TableKind::kSynced || table_.kind == TableKind::kServerOnly;
    for (const auto& [name, merge] : entry_->columns) {
      const size_t column = column_of(table_, name.text);
      if (column == SIZE_MAX) {
        add(name.place, cat("`", schema_.name, "` has no column `", name.text, "`"),
            did_you_mean(name.text, column_names(table_), "Generated columns have no type of their own."));
        continue;
      }
      if (!merged)
        add(name.place, cat("`", schema_.name, "` is not synced, so its columns have no merge type"),
            "Leave it out.");
      if (merge.text != "lww" && merge.text != "counter" && merge.text != "set") {
        add(merge.place, cat("`", merge.text, "` is no merge type"),
            did_you_mean(merge.text, {"lww", "counter", "set"}, "Write lww, counter or set."));
        continue;
      }
      table_.columns[column].merge = merge.text == "counter" ? Merge::kCounter
                                     : merge.text == "set"   ? Merge::kSet
                                                             : Merge::kLww;
      merge_fits(name, merge.text, column);
    }
  }

  void merge_fits(const Entry& name, const std::string& merge, size_t column) {
    if (merge == "lww") return;
    const Affinity affinity = schema_.columns[schema_.column(name.text)].affinity;
    const bool fits = merge == "set" ? affinity == Affinity::kText
                                     : affinity == Affinity::kInteger || affinity == Affinity::kReal;
    if (!fits)
      add(name.place, cat("the type of `", schema_.name, ".", name.text, "` does not fit a ", merge),
          merge == "set" ? "Declare it TEXT; it holds a JSON array." : "Declare it INTEGER or REAL.");
    if (std::ranges::find(table_.key, column) != table_.key.end())
      add(name.place, cat("`", schema_.name, ".", name.text, "` is of the key and cannot be a ", merge),
          "Keys never change.");
  }

  const Workbench& bench_;
  const SchemaTable& schema_;
  const TableEntry* entry_;
  Table table_;
};

// `channels(channel_id, …)`
struct ParentSource {
  std::string table;
  std::vector<std::string> columns;
};

std::optional<ParentSource> parse_parent(const std::string& text) {
  const std::vector<Token> tokens = tokenize(text);
  const auto is_name = [&](size_t i) {
    return i < tokens.size() &&
           (tokens[i].kind == Token::Kind::kWord || tokens[i].kind == Token::Kind::kName);
  };
  const auto raw = [&](size_t i) { return text.substr(tokens[i].begin, tokens[i].end - tokens[i].begin); };
  if (!is_name(0) || tokens.size() < 4 || !tokens[1].is_symbol('(')) return std::nullopt;
  ParentSource made{raw(0), {}};
  for (size_t i = 2; is_name(i) && i + 1 < tokens.size(); i += 2) {
    made.columns.push_back(raw(i));
    if (tokens[i + 1].is_symbol(')') && i + 2 == tokens.size()) return made;
    if (!tokens[i + 1].is_symbol(',')) return std::nullopt;
  }
  return std::nullopt;
}

void check_parent(const Workbench& bench, Table& table, const Entry& entry) {
  const auto source = parse_parent(entry.text);
  if (!source)
    return bench.report.add(entry.place, cat("`", entry.text, "` is no parent"),
                            "Write TABLE(own columns): channels(channel_id)");
  const SchemaTable* found = bench.schema.table(source->table);
  if (found == nullptr)
    return bench.report.add(
        entry.place, cat("unknown table `", source->table, "`"),
        did_you_mean(source->table, bench.schema.table_names(), "Name a table of the migrations."));
  Parent parent;
  parent.table = static_cast<size_t>(found - bench.schema.tables.data());
  const Table& target = bench.bundle.tables[parent.table];
  if (target.kind != TableKind::kSynced && target.kind != table.kind)
    return bench.report.add(entry.place,
                            cat("the parent `", target.name, "` is not where `", table.name, "` is"),
                            "A parent must be synced as well.");
  for (const std::string& name : source->columns) {
    parent.columns.push_back(column_of(table, name));
    if (parent.columns.back() == SIZE_MAX)
      return bench.report.add(
          entry.place, cat("`", table.name, "` has no column `", name, "`"),
          did_you_mean(name, column_names(table), "Name the columns that hold the parent's key."));
  }
  if (parent.columns.size() != target.key.size())
    return bench.report.add(entry.place,
                            cat("the key of `", target.name, "` has ", target.key.size(), " columns, not ",
                                parent.columns.size()),
                            "Name one own column for each, in the order of the parent's key.");
  table.parent = std::move(parent);
}

}  // namespace

void check_tables(const Workbench& bench, const Manifest& manifest) {
  std::vector<Table>& tables = bench.bundle.tables;
  std::vector<const TableEntry*> entries(bench.schema.tables.size());
  for (const TableEntry& entry : manifest.tables) {
    const SchemaTable* found = bench.schema.table(entry.name);
    if (found != nullptr)
      entries[static_cast<size_t>(found - bench.schema.tables.data())] = &entry;
    else
      bench.report.add(entry.place, cat("unknown table `", entry.name, "`"),
                       did_you_mean(entry.name, bench.schema.table_names(),
                                    "Create it in a migration, or remove this section."));
  }
  for (size_t i = 0; i < entries.size(); ++i)
    tables.push_back(TableCheck(bench, bench.schema.tables[i], entries[i]).make(static_cast<int>(i)));
  if (tables.size() > limits::kTables)
    bench.report.add({"app.toml", 0},
                     cat("the app has ", tables.size(), " tables; the limit is ", limits::kTables),
                     "Merge some.");
  for (size_t i = 0; i < entries.size(); ++i) {
    const TableEntry* entry = entries[i];
    Table& table = tables[i];
    if (entry == nullptr || table.kind == TableKind::kLocal || table.kind == TableKind::kDerived) continue;
    if (entry->parent) check_parent(bench, table, *entry->parent);
    if (entry->deleted) check_condition(bench, table, *entry->deleted, "`deleted`");
    if (entry->locked) check_condition(bench, table, *entry->locked, "`locked`");
    if (entry->deleted) table.deleted = entry->deleted->text;
    if (entry->locked) table.locked = entry->locked->text;
  }
}

}  // namespace wherry

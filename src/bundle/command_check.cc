#include "bundle/command_check.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "bundle/audience.h"
#include "bundle/param_types.h"
#include "bundle/refusal_check.h"

namespace wherry {

namespace {

const std::vector<std::string> kVouched = {"@user_id",          "@role", "@command_id", "@entity_id",
                                           "@client_timestamp", "@now",  "@data"};

class CommandCheck {
 public:
  CommandCheck(const Workbench& bench, const CommandSource& source)
      : bench_(bench), source_(source), command_(source.command) {}

  Command check() {
    if (source_.entity) entity(*source_.entity);
    bool writing = false;
    for (const SqlStatement& s : source_.statements) {
      const bool reads_only = statement(s);
      writing = writing || !reads_only;
      if (!writing) ++command_.guards;
      command_.statements.push_back(s.text);
    }
    unused();
    if (!source_.says_merge && lww_ && merged_)
      add(source_.place,
          cat("`", command_.name,
              "` updates lww cells and counters or sets, and does not say what happens when it loses some"),
          "Write `-- merge: cells` to keep what it wins, or `-- merge: whole` for all or nothing.");
    return std::move(command_);
  }

 private:
  void add(const Place& place, std::string problem, std::string cure) {
    bench_.report.add(place, std::move(problem), std::move(cure));
  }
  std::vector<std::string> param_names() const {
    std::vector<std::string> names;
    for (const Param& p : command_.params) names.push_back(p.name);
    return names;
  }
  const Param* param(std::string_view name) const {
    const auto found = std::ranges::find(command_.params, name, &Param::name);
    return found == command_.params.end() ? nullptr : &*found;
  }

  void entity(const EntitySource& e) {
    const SchemaTable* found = bench_.schema.table(e.table);
    if (found == nullptr)
      return add(e.place, cat("unknown table `", e.table, "`"),
                 did_you_mean(e.table, bench_.schema.table_names(), "Name a table of the migrations."));
    Entity made{static_cast<size_t>(found - bench_.schema.tables.data()), e.params, e.rule};
    const Table& table = bench_.bundle.tables[made.table];
    for (const std::string& name : e.params) used_.insert(name);
    if (table.kind == TableKind::kDerived)
      return add(e.place, cat("`", table.name, "` is derived and no entity"),
                 "Name the table it derives from.");
    if (e.params.size() != table.key.size())
      return add(
          e.place,
          cat("the key of `", table.name, "` has ", table.key.size(), " columns, not ", e.params.size()),
          "Name one parameter for each, in the order of the key.");
    touch(table, e.place, false);
    for (size_t i = 0; i < e.params.size(); ++i) entity_param(e, e.params[i], *found, found->key[i]);
    command_.entity = std::move(made);
  }

  void entity_param(const EntitySource& e, const std::string& name, const SchemaTable& table, size_t column) {
    const Param* p = param(name);
    if (p == nullptr)
      return add(e.place, cat("unknown parameter `:", name, "`"),
                 did_you_mean(name, param_names(), cat("Declare it: -- param: ", name, " id")));
    if (p->nullable) add(e.place, cat("`:", name, "` names an entity and may be null"), "Leave out the `?`.");
    using Kind = ParamType::Kind;
    const SchemaColumn& c = table.columns[column];
    const Kind kind = p->type.kind;
    const bool text = kind == Kind::kText || kind == Kind::kUuid || kind == Kind::kId || kind == Kind::kEnum;
    const bool fits = c.affinity == Affinity::kText      ? text
                      : c.affinity == Affinity::kInteger ? kind == Kind::kInt || kind == Kind::kBool
                                                         : kind == Kind::kBlob || text || kind == Kind::kInt;
    if (!fits)
      add(e.place,
          cat("the type of `:", name, "` does not fit the key column `", table.name, ".", c.name, "`"),
          c.affinity == Affinity::kInteger ? "Make it an int(a..b)."
                                           : "Make it a uuid, id, text(a..b) or enum.");
  }

  // True when the statement only reads.
  bool statement(const SqlStatement& s) {
    const Place place{source_.place.file, s.line};
    const std::vector<Token> tokens = tokenize(s.text);
    parameters(s, tokens);
    const bool is_select = tokens[0].is_word("SELECT") || tokens[0].is_word("WITH");
    if (!is_select && !tokens[0].is_word("INSERT") && !tokens[0].is_word("UPDATE") &&
        !tokens[0].is_word("DELETE") && !tokens[0].is_word("REPLACE")) {
      add(place, cat("a handler has no business with ", tokens[0].text),
          "Use SELECT, INSERT, UPDATE and DELETE.");
      return false;
    }
    conflict_clauses(s, tokens);
    const bool refuses = check_refusals(s, place.file, bench_.report);
    StatementAccess access;
    const auto prepared = bench_.prepare(s.text, access);
    if (!prepared) {
      if (!access.refused.empty())
        add(place, access.refused, "A handler is deterministic and changes rows of the app's tables only.");
      else
        report_sql(bench_.report, bench_.schema, place, s.text, {});
      return false;
    }
    const bool reads_only = sqlite3_stmt_readonly(prepared->handle()) != 0;
    if (reads_only && !refuses)
      add(place, "this SELECT does nothing", "Guard with require or reject, or remove it.");
    accesses(place, access);
    return reads_only;
  }

  void conflict_clauses(const SqlStatement& s, const std::vector<Token>& tokens) {
    for (size_t i = 0; i + 2 < tokens.size(); ++i) {
      const Place place{source_.place.file, line_at(s.text, tokens[i].begin, s.line)};
      const bool write = tokens[i].is_word("INSERT") || tokens[i].is_word("UPDATE");
      if (write && tokens[i + 1].is_word("OR") && !tokens[i + 2].is_word("IGNORE") &&
          !tokens[i + 2].is_word("ABORT"))
        add(place, cat("the conflict clause OR ", tokens[i + 2].text),
            tokens[i + 2].is_word("REPLACE")
                ? "It removes rows unseen; use INSERT … ON CONFLICT (key) DO UPDATE."
                : "Leave it out; a failing command leaves no trace anyway.");
      if (tokens[i].is_word("REPLACE") && tokens[i + 1].is_word("INTO"))
        add(place, "REPLACE INTO removes rows unseen", "Use INSERT … ON CONFLICT (key) DO UPDATE.");
    }
  }

  void parameters(const SqlStatement& s, const std::vector<Token>& tokens) {
    for (const Token& t : tokens) {
      if (t.kind != Token::Kind::kParameter) continue;
      const Place place{source_.place.file, line_at(s.text, t.begin, s.line)};
      const std::string name = t.text.substr(1);
      if (t.text[0] == ':') {
        used_.insert(name);
        if (param(name) == nullptr)
          add(place, cat("unknown parameter `", t.text, "`"),
              did_you_mean(name, param_names(), cat("Declare it: -- param: ", name, " TYPE")));
      } else if (t.text[0] == '@') {
        uses_data_ = uses_data_ || t.text == "@data";
        if (std::ranges::find(kVouched, t.text) == kVouched.end())
          add(place, cat("unknown name `", t.text, "`"),
              did_you_mean(t.text, kVouched,
                           cat("Wherry vouches for ", join(kVouched, " "),
                               "; what the caller sends begins with a colon.")));
        if (t.text == "@entity_id" && !source_.entity)
          add(place, "`@entity_id` in a command without an entity", "Write `-- entity: TABLE(:param)`.");
      } else {
        add(place, cat("the parameter `", t.text, "` has no name of ours"),
            "Write :name for what the caller sends, @name for what Wherry vouches for.");
      }
    }
  }

  void accesses(const Place& place, const StatementAccess& access) {
    for (const StatementAccess::TableWrite& write : access.writes) {
      if (!write.trigger.empty()) continue;
      const Table* table = bench_.bundle.table(write.table);
      if (table == nullptr) {
        add(place, cat("`", write.table, "` is no table to write to"), "Write to a table of the migrations.");
        continue;
      }
      touch(*table, place, true);
      for (const std::string& column : write.updates) updated(*table, column, place);
    }
    for (const StatementAccess::TableRead& read : access.reads) {
      const Table* table = bench_.bundle.table(read.table);
      if (table == nullptr) continue;
      const auto& roots = access.writes;
      const bool by_trigger = std::ranges::any_of(
          roots, [&](const auto& w) { return !read.trigger.empty() && w.trigger == read.trigger; });
      if (by_trigger) continue;
      touch(*table, place, false);
      if (read.column == "ROWID" && read.trigger.empty())
        add(place, cat("the rowid of `", table->name, "`, which differs between devices"),
            "Use the primary key.");
    }
  }

  void touch(const Table& table, const Place& place, bool writes) {
    const std::string own = cat("`", table.name, "`");
    if (table.kind == TableKind::kLocal && command_.run != RunsWhere::kLocal)
      return add(place, cat(own, " is local and never on the server"),
                 "Write `-- run: local`, in a command that changes local tables only.");
    if (is_kept_back(bench_.bundle, table) && command_.run != RunsWhere::kServer)
      return add(place, cat(own, " is not on every device"), "Write `-- run: server`.");
    if (!writes) return;
    if (table.kind == TableKind::kDerived)
      add(place, cat(own, " is derived and kept by triggers"), "Write the table it derives from.");
    if (command_.run == RunsWhere::kLocal && table.kind != TableKind::kLocal)
      add(place, cat("a local command writes ", own, ", which is not local"),
          "Leave out `-- run: local`, or write local tables only.");
  }

  void updated(const Table& table, const std::string& column, const Place& place) {
    const size_t at = column_of(table, column);
    if (at == SIZE_MAX) return;
    if (std::ranges::find(table.key, at) != table.key.end())
      add(place, cat("a change of the primary key, `", table.name, ".", column, "`"),
          "Insert a new row and delete the old one.");
    (table.columns[at].merge == Merge::kLww ? lww_ : merged_) = true;
  }

  void unused() {
    for (size_t i = 0; i < command_.params.size(); ++i)
      if (!uses_data_ && !used_.contains(command_.params[i].name))
        add(source_.param_places[i], cat("the parameter `", command_.params[i].name, "` is not used"),
            "Use it or remove it.");
  }

  const Workbench& bench_;
  const CommandSource& source_;
  Command command_;
  std::set<std::string> used_;
  bool uses_data_ = false;
  bool lww_ = false;
  bool merged_ = false;
};

}  // namespace

Command check_command(const Workbench& bench, const CommandSource& source) {
  return CommandCheck(bench, source).check();
}

}  // namespace wherry

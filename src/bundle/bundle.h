// The compiled form of an app bundle: tables, scopes, grants and commands, ready for an engine. The source
// form (app.toml, migrations, command files) is described in docs/BUNDLE.md; compile.h makes this from it,
// wire.h carries it to replicas.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/value.h"

namespace wherry {

enum class Merge { kLww, kCounter, kSet };

struct Column {
  std::string name;
  Merge merge = Merge::kLww;
};

// A kind of scope, e.g. `channel`; a scope is a kind with an argument: `channel(general)`.
// Kinds 0, 1 and 2 exist in every bundle: workspace (no argument), user, role.
struct ScopeKind {
  std::string name;
  bool on_demand = false;
  // Restricted kinds are made by the compiler for tables with `roles`: the rows of `channel(x)` that only
  // holders of one of these roles may see. Whoever holds base(x) and has a role holds this(x) too.
  std::optional<int> base;         // index of the kind it restricts
  std::vector<std::string> roles;  // empty: not restricted
};
inline constexpr int kWorkspaceKind = 0;
inline constexpr int kUserKind = 1;
inline constexpr int kRoleKind = 2;

// An argument of a scope rule: a column of the row, or a constant text.
struct ScopeArgument {
  std::optional<size_t> column;
  std::string constant;
};

// `channel(channel_id)`: which scope a row names. At most one argument (none for workspace).
struct ScopeRule {
  int kind = 0;
  std::optional<ScopeArgument> argument;
};

// The name by which a scope is known everywhere: "workspace", "channel(general)". Integers are written in
// decimal. Nothing when the argument is NULL: such a rule names no scope.
std::optional<std::string> scope_name(std::string_view kind, const Value& argument);

struct Parent {
  size_t table = 0;             // index into Bundle::tables
  std::vector<size_t> columns;  // own columns that hold the parent's key, in the parent's key order
};

enum class TableKind {
  kSynced,      // on the server and on replicas
  kServerOnly,  // never leaves the server
  kLocal,       // never leaves the device
  kDerived,     // kept by triggers on both sides, not synced
};

struct Table {
  std::string name;
  int id = 0;  // its place in the app's full list of tables; the wire names tables by it
  TableKind kind = TableKind::kSynced;
  std::vector<Column> columns;    // in schema order; generated columns left out
  std::vector<size_t> key;        // indexes of the primary key's columns, in key order
  std::vector<ScopeRule> scopes;  // empty when scope_from_parent, or not synced
  bool scope_from_parent = false;
  std::optional<Parent> parent;
  std::string deleted;             // SQL over own columns, empty: never deleted softly
  std::string locked;              // SQL over own columns, empty: never locked
  std::vector<std::string> roles;  // empty: everyone; else the table exists only for holders of one
  bool unique_beyond_key = false;  // has UNIQUE constraints or indexes besides its primary key
  std::vector<size_t> sources;     // of a derived table: tables whose triggers write it
};

// "Whoever holds `to` also holds `scope`", found in each row of table `from` for which `where` is true.
struct Grant {
  size_t from = 0;
  ScopeRule scope;
  ScopeRule to;
  std::string where;  // SQL over own columns, empty: always
};

struct ParamType {
  enum class Kind { kInt, kReal, kBool, kText, kUuid, kId, kEnum, kBlob, kJson, kList, kScalar };
  Kind kind = Kind::kText;
  // Inclusive bounds: of the value (int), of the length in code points (text), bytes (blob, json) or items
  // (list).
  int64_t least = 0;
  int64_t most = 0;
  double real_least = 0;  // of the value (real)
  double real_most = 0;
  std::vector<std::string> choices;  // enum
  std::vector<ParamType> item;       // list: exactly one
};

struct Param {
  std::string name;
  ParamType type;
  bool nullable = false;
  std::optional<std::string> default_json;
};

enum class EntityRule { kMustExist, kMustBeNew, kAny };

struct Entity {
  size_t table = 0;
  std::vector<std::string> params;  // names, in key order
  EntityRule rule = EntityRule::kMustExist;
};

enum class RunsWhere { kBoth, kServer, kLocal };

struct Command {
  std::string name;
  std::string documentation;
  std::optional<Entity> entity;
  std::vector<Param> params;
  bool allow_locked = false;
  bool allow_deleted = false;
  bool allow_unseen = false;
  bool merge_whole = false;
  RunsWhere run = RunsWhere::kBoth;
  // One SQL text per statement, in order. The first `guards` of them are SELECTs before the first write.
  // Empty on a replica for commands with run = server.
  std::vector<std::string> statements;
  size_t guards = 0;
};

// A command that runs once, as user `system`, when a workspace is created.
struct InitialCommand {
  std::string name;
  std::string params_json;
};

struct Bundle {
  std::string name;
  int64_t schema_version = 0;    // the number of migrations
  std::string hash;              // hex; names this exact compiled form for this audience
  std::vector<std::string> ddl;  // statements that make the final schema on an empty database
  std::vector<Table> tables;
  std::vector<ScopeKind> scope_kinds;
  std::vector<Grant> grants;
  std::vector<Command> commands;
  std::vector<InitialCommand> initial;  // server only
  // Sample rows for training the compression dictionary come from the bundle alone; see docs/PROTOCOL.md.

  const Table* table(std::string_view name) const;
  const Command* command(std::string_view name) const;
};

}  // namespace wherry

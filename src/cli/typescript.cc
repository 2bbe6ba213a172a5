#include "cli/typescript.h"

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

#include "base/text.h"
#include "bundle/compile.h"
#include "bundle/param_types.h"
#include "cli/rejection_codes.h"
#include "cli/typescript_rows.h"
#include "cli/typescript_text.h"

namespace wherry::cli {

namespace {

using namespace typescript;
using Kind = ParamType::Kind;

// The members of a union: what JSON.stringify turns into something that the command takes.
std::vector<std::string> type_members(const ParamType& type) {
  switch (type.kind) {
    case Kind::kInt:
    case Kind::kReal:
      return {"number"};
    case Kind::kBool:
      return {"boolean"};
    case Kind::kText:
    case Kind::kUuid:
    case Kind::kId:
    case Kind::kBlob:
      return {"string"};
    case Kind::kEnum: {
      std::vector<std::string> choices;
      for (const std::string& choice : type.choices) choices.push_back(literal(choice));
      return choices;
    }
    case Kind::kJson:
      return {"unknown"};
    case Kind::kList: {
      const std::vector<std::string> item = type_members(type.item[0]);
      return {item.size() == 1 ? cat(item[0], "[]") : cat("(", join(item, " | "), ")[]")};
    }
    case Kind::kScalar:
      return {"string", "number", "boolean"};
  }
  return {"unknown"};
}

// Whether the bundle's type says more than TypeScript's does.
bool says_more(const ParamType& type) {
  switch (type.kind) {
    case Kind::kBool:
    case Kind::kId:
    case Kind::kEnum:
      return false;
    case Kind::kInt:
      return type.most < std::numeric_limits<int64_t>::max() ||
             type.least > std::numeric_limits<int64_t>::min();
    case Kind::kReal:
      return type.real_most < std::numeric_limits<double>::max() ||
             type.real_least > std::numeric_limits<double>::lowest();
    default:
      return true;
  }
}

std::string about(const Param& param) {
  std::vector<std::string> parts;
  if (says_more(param.type)) parts.push_back(type_text(param.type));
  if (param.type.kind == Kind::kBlob) parts.push_back("base64");
  if (param.default_json) parts.push_back(cat("default: ", *param.default_json));
  return join(parts, "; ");
}

std::string params_type(const Command& command, const std::string& type) {
  std::string made = comment(command.documentation, "");
  if (command.params.empty()) return cat(made, "export type ", type, " = Record<string, never>;\n\n");
  made.append(cat("export interface ", type, " {\n"));
  for (const Param& param : command.params) {
    std::vector<std::string> members = type_members(param.type);
    if (param.nullable && param.type.kind != Kind::kJson) members.emplace_back("null");
    const bool optional = param.nullable || param.default_json;
    made.append(comment(about(param), "  "));
    made.append(declaration(cat("  ", property(param.name), optional ? "?:" : ":"), members));
  }
  return made + "}\n\n";
}

std::vector<std::string> code_members(const Command& command) {
  const RejectionCodes codes = rejection_codes(command);
  if (codes.others) return {"string"};
  if (codes.known.empty()) return {"never"};
  std::vector<std::string> members;
  for (const std::string& code : codes.known) members.push_back(literal(code));
  return members;
}

std::string commands(const Bundle& bundle, TypeNames& names) {
  std::string types, map, codes;
  for (const Command& command : bundle.commands) {
    const std::string type = names.make(command.name, "Params");
    types.append(params_type(command, type));
    map.append(cat("  ", property(command.name), ": ", type, ";\n"));
    codes.append(declaration(cat("  ", property(command.name), ":"), code_members(command)));
  }
  return cat(types, comment("The parameters of each command.", ""), "export interface Commands {\n", map,
             "}\n\n", comment("The codes with which each command's own SQL rejects it.", ""),
             "export interface Codes {\n", codes, "}\n\n");
}

std::string on_demand_scopes(const Bundle& bundle) {
  std::vector<std::string> members;
  for (size_t i = 0; i < bundle.scope_kinds.size(); ++i) {
    const ScopeKind& kind = bundle.scope_kinds[i];
    if (!kind.on_demand) continue;
    const bool has_argument = kind.base.value_or(static_cast<int>(i)) != kWorkspaceKind;
    members.push_back(has_argument ? literal_with_argument(kind.name) : literal(kind.name));
  }
  if (members.empty()) members.emplace_back("never");
  return cat(comment("The scopes that are loaded on demand.", ""),
             declaration("export type OnDemandScope =", members), "\n");
}

// What anybody's device may hold: a replica of somebody with every role.
Bundle widest_replica(const Bundle& bundle) {
  std::set<std::string> roles;
  for (const Table& table : bundle.tables) roles.insert(table.roles.begin(), table.roles.end());
  return for_replica(bundle, {roles.begin(), roles.end()});
}

constexpr std::string_view kApp = R"(/** For `Wherry.open<App>(…)` and `useCommand<App>()`. */
export interface App {
  commands: Commands;
  scopes: OnDemandScope;
}
)";

}  // namespace

Result<std::string> typescript_of(const Bundle& bundle) {
  const Bundle replica = widest_replica(bundle);
  TypeNames names;
  const std::string command_types = commands(bundle, names);
  TRY_ASSIGN(const std::string row_types, rows(replica, names));
  const bool needs_value = row_types.find("SqlValue;") != std::string::npos;
  return cat("// The app `", bundle.name,
             "`, made from its bundle by `wherry generate typescript`. Do not edit it here.\n",
             needs_value ? "import type { SqlValue } from '@wherry/client';\n\n" : "\n", command_types,
             row_types, "\n", on_demand_scopes(replica), kApp);
}

}  // namespace wherry::cli

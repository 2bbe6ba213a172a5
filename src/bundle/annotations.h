// A command file as its author wrote it: the annotations of each command and its statements, not yet checked
// against any schema.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "bundle/report.h"
#include "bundle/tokens.h"

namespace wherry {

struct EntitySource {
  Place place;
  std::string table;
  std::vector<std::string> params;
  EntityRule rule = EntityRule::kMustExist;
};

struct CommandSource {
  Place place;                      // of `-- command:`
  Command command;                  // without entity, statements and guards
  std::vector<Place> param_places;  // one per param
  std::optional<EntitySource> entity;
  bool says_merge = false;
  std::vector<SqlStatement> statements;
};

// Reports what is malformed and leaves it out.
std::vector<CommandSource> parse_commands(const BundleFile& file, Report& report);

}  // namespace wherry

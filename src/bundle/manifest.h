// app.toml as its author wrote it: every entry with its line, not yet checked against the schema.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "bundle/report.h"

namespace wherry {

// A text of the file and where it stands.
struct Entry {
  Place place;
  std::string text;
};

struct TableEntry {
  Place place;
  std::string name;
  std::vector<Entry> scopes;
  std::optional<Entry> parent, deleted, locked;
  std::vector<std::pair<Entry, Entry>> columns;  // name, merge type
  bool server_only = false, local = false, derived = false;
  std::vector<Entry> roles;
};

struct ScopeEntry {
  Place place;
  std::string name;
  bool on_demand = false;
};

struct GrantEntry {
  Place place;
  std::optional<Entry> scope, to, from, where;
};

struct Manifest {
  std::string name;
  std::vector<TableEntry> tables;  // by name
  std::vector<ScopeEntry> scopes;  // by name
  std::vector<GrantEntry> grants;
};

Manifest parse_manifest(const BundleFile& file, Report& report);

}  // namespace wherry

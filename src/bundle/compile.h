// From the files of a bundle to its compiled form, or to the list of all its mistakes.
#pragma once

#include <string>
#include <vector>

#include "bundle/bundle.h"

namespace wherry {

// A file of the bundle: its path relative to the bundle's folder ("app.toml", "commands/message.sql") and
// its text. The caller reads the folder; order does not matter.
struct BundleFile {
  std::string name;
  std::string text;
};

// Where a mistake is and what cures it. `line` counts from 1; 0 when it concerns the whole file.
struct Mistake {
  std::string file;
  int line = 0;
  std::string problem;
  std::string cure;

  std::string text() const;  // "app.toml:12: unknown table `mesages`. Did you mean `messages`?"
};

struct Compiled {
  Bundle bundle;                  // complete only when there are no mistakes
  std::vector<Mistake> mistakes;  // in order of file and line
};

// Never fails otherwise: every problem is a mistake. Uses a private in-memory database to try the
// migrations and to prepare each statement under the same authorizer that an engine uses.
Compiled compile_bundle(const std::vector<BundleFile>& files);

// What a replica of someone with these roles may know of the bundle: without server_only tables, tables of
// other roles, commands that touch them (those with run = server stay, without their SQL), initial commands.
Bundle for_replica(const Bundle& bundle, const std::vector<std::string>& roles);

}  // namespace wherry

#include "base/text.h"
#include "bundle/compile.h"
#include "cli/command.h"
#include "cli/output.h"
#include "server/data_folder.h"

namespace wherry::cli {

namespace {

struct CheckOptions {
  std::string bundle;
  bool json = false;
};

Result<Exit> check(const CheckOptions& options) {
  TRY_ASSIGN(const std::vector<BundleFile> files, server::read_bundle_folder(options.bundle));
  const Compiled compiled = compile_bundle(files);
  for (const Mistake& mistake : compiled.mistakes) {
    if (options.json)
      print_json(Json{{"file", mistake.file},
                      {"line", mistake.line},
                      {"problem", mistake.problem},
                      {"cure", mistake.cure}});
    else
      print_line(mistake.text());
  }
  if (!compiled.mistakes.empty()) return Exit::kFailure;
  const Bundle& bundle = compiled.bundle;
  if (!options.json)
    print_line(cat(bundle.name, ": ", bundle.tables.size(), " tables, ", bundle.commands.size(),
                   " commands, no mistakes"));
  return Exit::kOk;
}

}  // namespace

void add_check(Program& program) {
  add_command<CheckOptions>(
      program, program.app, "check", "Finds every mistake of a bundle, with file, line and cure",
      [](CLI::App& command, CheckOptions& options) {
        command.add_option("BUNDLE", options.bundle, "The bundle's folder")->required();
        command.add_flag("--json", options.json, "One JSON object per mistake: file, line, problem, cure");
      },
      check);
}

}  // namespace wherry::cli

#include <fstream>

#include "base/text.h"
#include "cli/bundle_loading.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/typescript.h"
#include "client/replace_file.h"

namespace wherry::cli {

namespace {

struct GenerateOptions {
  std::string bundle, out, check;
};

Result<Exit> check(const GenerateOptions& options, const std::string& text) {
  if (client::read_file(options.check).value_or("") == text) return Exit::kOk;
  return fail(ErrorCode::kInvalid,
              cat(options.check, " is not what the bundle says: run `wherry generate typescript ",
                  options.bundle, " --out ", options.check, "`"));
}

// A file that is right already is left alone, so that nobody builds anew because of it.
Result<Exit> write(const std::string& path, const std::string& text) {
  if (client::read_file(path).value_or("") == text) return Exit::kOk;
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) return fail(ErrorCode::kIo, cat(path, " cannot be written"));
  return Exit::kOk;
}

Result<Exit> generate_typescript(const GenerateOptions& options) {
  TRY_ASSIGN(const auto bundle, load_bundle(options.bundle));
  TRY_ASSIGN(const std::string text, typescript_of(*bundle));
  if (!options.check.empty()) return check(options, text);
  if (!options.out.empty()) return write(options.out, text);
  print_line(trim(text));
  return Exit::kOk;
}

}  // namespace

void add_generate(Program& program) {
  CLI::App* group =
      program.app.add_subcommand("generate", "Writes what other languages must know of a bundle");
  group->require_subcommand(1);
  add_command<GenerateOptions>(
      program, *group, "typescript", "Writes a module with the types of its commands and rows",
      [](CLI::App& command, GenerateOptions& options) {
        command.add_option("BUNDLE", options.bundle, "The bundle's folder")->required();
        CLI::Option* out = command.add_option("--out", options.out, "The file to write; default: stdout");
        command.add_option("--check", options.check, "Fails if this file is not what would be written")
            ->excludes(out);
      },
      generate_typescript);
}

}  // namespace wherry::cli

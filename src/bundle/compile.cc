#include "bundle/compile.h"

#include <algorithm>
#include <tuple>

#include "base/limits.h"
#include "base/text.h"
#include "bundle/command_check.h"
#include "bundle/json.h"
#include "bundle/wire.h"
#include "bundle/wire_format.h"
#include "bundle/workbench.h"

namespace wherry {

namespace {

void check_files(const std::vector<BundleFile>& files, Report& report) {
  for (const BundleFile& file : files) {
    if (!json::is_clean_text(file.text))
      report.add({file.name, 0}, "the file is not UTF-8 text without NUL", "Save it as UTF-8.");
    if (file.name.starts_with("commands/") && !file.name.ends_with(".sql"))
      report.add({file.name, 0}, "this is no command file", "Name it commands/….sql, or put it elsewhere.");
  }
}

void check_commands(const Workbench& bench, const std::vector<BundleFile>& files) {
  std::vector<CommandSource> sources;
  for (const BundleFile& file : files)
    if (file.name.starts_with("commands/") && file.name.ends_with(".sql"))
      std::ranges::move(parse_commands(file, bench.report), std::back_inserter(sources));
  std::ranges::sort(sources, {}, [](const CommandSource& s) {
    return std::tie(s.command.name, s.place.file, s.place.line);
  });
  for (size_t i = 0; i < sources.size(); ++i) {
    if (i > 0 && sources[i].command.name == sources[i - 1].command.name)
      bench.report.add(sources[i].place,
                       cat("there are two commands `", sources[i].command.name, "`; the other is in ",
                           sources[i - 1].place.file, ":", sources[i - 1].place.line),
                       "Rename one.");
    bench.bundle.commands.push_back(check_command(bench, sources[i]));
  }
  if (bench.bundle.commands.size() > kListMost)
    bench.report.add({"commands", 0}, cat("there are more than ", kListMost, " commands"), "Merge some.");
}

void check_grants(const Workbench& bench, const Manifest& manifest) {
  for (size_t i = 0; i < manifest.grants.size(); ++i)
    for (size_t k = 0; k < i; ++k) {
      const GrantEntry &a = manifest.grants[i], &b = manifest.grants[k];
      const auto same = [](const std::optional<Entry>& x, const std::optional<Entry>& y) {
        return x && y ? x->text == y->text : !x && !y;
      };
      if (same(a.scope, b.scope) && same(a.to, b.to) && same(a.from, b.from) && same(a.where, b.where))
        bench.report.add(a.place, cat("this grant stands already in line ", b.place.line), "Remove one.");
    }
}

}  // namespace

Compiled compile_bundle(const std::vector<BundleFile>& given) {
  std::vector<BundleFile> files = given;
  std::ranges::sort(files, {}, &BundleFile::name);
  Report report;
  check_files(files, report);
  if (!report.empty()) return {{}, report.take()};

  Compiled compiled;
  const auto app = std::ranges::find(files, std::string("app.toml"), &BundleFile::name);
  Manifest manifest;
  if (app == files.end())
    report.add({"app.toml", 0}, "the bundle has no app.toml",
               "Write one with at least name = \"…\" and the tables.");
  else
    manifest = parse_manifest(*app, report);
  const auto schema = build_schema(files, report);
  if (schema) {
    Authorizer authorizer(*schema->db);
    const Workbench bench{*schema, authorizer, report, compiled.bundle};
    compiled.bundle.name = manifest.name;
    compiled.bundle.schema_version = schema->version;
    compiled.bundle.ddl = schema->ddl;
    check_tables(bench, manifest);
    check_scopes(bench, manifest);
    check_grants(bench, manifest);
    restrict_scopes(bench, manifest);
    check_triggers(bench);
    check_commands(bench, files);
    for (const BundleFile& file : files)
      if (file.name == "initial.jsonl") check_initial(bench, file);
  }
  if (report.empty()) {
    const std::string bytes = encode_bundle(compiled.bundle);
    compiled.bundle.hash = bundle_hash(bytes);
    // A replica gets it in one message, with little beside it.
    if (bytes.size() > limits::kMessageBytes / 2)
      report.add(
          {"app.toml", 0},
          cat("the compiled bundle has ", bytes.size(), " bytes; the limit is ", limits::kMessageBytes / 2),
          "Shorten what is long: documentation, enums, initial commands.");
  }
  compiled.mistakes = report.take();
  return compiled;
}

}  // namespace wherry

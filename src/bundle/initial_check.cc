#include "base/text.h"
#include "bundle/command_check.h"
#include "bundle/json.h"
#include "bundle/params.h"
#include "bundle/wire_format.h"

namespace wherry {

namespace {

// {"name": "channel.create", "params": {…}}
std::optional<InitialCommand> parse_line(std::string_view line) {
  const auto parsed = json::parse(line);
  const auto members = parsed ? parsed->members() : std::nullopt;
  if (!members) return std::nullopt;
  std::optional<std::string> name;
  InitialCommand made{{}, "{}"};
  for (const json::Member member : *members) {
    if (member.key == "name" && member.value.text()) {
      name = *member.value.text();
    } else if (member.key == "params" && member.value.members()) {
      made.params_json.clear();
      if (!json::write(member.value, made.params_json)) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  if (!name) return std::nullopt;
  made.name = *std::move(name);
  return made;
}

}  // namespace

void check_initial(const Workbench& bench, const BundleFile& file) {
  Place place{file.name, 0};
  std::vector<std::string> names;
  for (const Command& c : bench.bundle.commands) names.push_back(c.name);
  for (size_t begin = 0; begin < file.text.size();) {
    const size_t end = std::min(file.text.find('\n', begin), file.text.size());
    const std::string_view line = trim(std::string_view(file.text).substr(begin, end - begin));
    ++place.line;
    begin = end + 1;
    if (line.empty()) continue;
    auto made = parse_line(line);
    if (!made) {
      bench.report.add(place, "this is no command",
                       "Write one a line: {\"name\": \"channel.create\", \"params\": {…}}");
      continue;
    }
    const Command* command = bench.bundle.command(made->name);
    if (command == nullptr) {
      bench.report.add(place, cat("unknown command `", made->name, "`"),
                       did_you_mean(made->name, names, "Name a command of this bundle."));
      continue;
    }
    if (command->run == RunsWhere::kLocal)
      bench.report.add(place, cat("`", made->name, "` runs on devices only"),
                       "The log begins on the server; name another command.");
    if (auto bound = bind_params(*command, made->params_json); !bound)
      bench.report.add(place, bound.error().message, "Give what the command's `-- param:` lines say.");
    else
      made->params_json = bound->json;
    bench.bundle.initial.push_back(*std::move(made));
  }
  if (bench.bundle.initial.size() > kListMost)
    bench.report.add({file.name, 0}, cat("there are more than ", kListMost, " initial commands"),
                     "Import the others once the workspace stands.");
}

}  // namespace wherry

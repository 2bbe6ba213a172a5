#include "fuzz/app.h"

#include <map>

#include "base/value.h"
#include "fuzz/check.h"
#include "server/data_folder.h"

namespace wherry::fuzz {

namespace {

constexpr std::array<const char*, 8> kIds = {"a", "b", "c", "ann", "bob", "d", "general", "e"};
constexpr std::array<const char*, 6> kWords = {"red",       "green",   "blue",
                                               "red green", "deleted", "é\xF0\x9F\x98\x80"};
constexpr std::array<const char*, 8> kOddities = {
    "null",        "{}",          "[1,[2,[3]]]",        "1e308", "-9223372036854775808",
    R"("\u0000")", R"("\ud800")", "9223372036854775808"};

std::string value_of(Input& input, const ParamType& type) {
  using Kind = ParamType::Kind;
  const uint8_t byte = input.byte();
  if (byte >= 248) return kOddities[byte - 248];
  switch (type.kind) {
    case Kind::kInt:
      return cat(static_cast<int>(byte % 16) - 6);
    case Kind::kReal:
      return cat(static_cast<int>(byte % 16) - 6, ".5");
    case Kind::kBool:
      return byte % 2 == 0 ? "false" : "true";
    case Kind::kUuid:
      return cat("\"01890000-0000-7000-8000-00000000000", byte % 8, "\"");
    case Kind::kId:
      return json_quote(kIds[byte % kIds.size()]);
    case Kind::kEnum:
      return json_quote(type.choices[byte % type.choices.size()]);
    case Kind::kBlob:
      return json_quote(to_base64(std::string(byte % 10, 'x')));
    case Kind::kJson:
      return cat("{\"a\":[", byte, "]}");
    case Kind::kList: {
      std::vector<std::string> items;
      for (int n = byte % 4; n > 0; --n) items.push_back(value_of(input, type.item[0]));
      return cat("[", join(items, ","), "]");
    }
    case Kind::kText:
    case Kind::kScalar:
      break;
  }
  return json_quote(kWords[byte % kWords.size()]);
}

}  // namespace

std::vector<BundleFile> bundle_files(const std::string& folder) {
  auto files = server::read_bundle_folder(cat(WHERRY_SOURCE_DIR "/", folder));
  CHECK(files.has_value(), folder);
  return *std::move(files);
}

std::shared_ptr<const Bundle> bundle_of(const std::string& folder) {
  static std::map<std::string, std::shared_ptr<const Bundle>> known;
  std::shared_ptr<const Bundle>& bundle = known[folder];
  if (bundle) return bundle;
  Compiled compiled = compile_bundle(bundle_files(folder));
  for (const Mistake& mistake : compiled.mistakes) CHECK(false, mistake.text());
  return bundle = std::make_shared<const Bundle>(std::move(compiled.bundle));
}

Call any_call(Input& input, const Bundle& bundle) {
  const Command& command = bundle.commands[input.below(bundle.commands.size())];
  std::vector<std::string> members;
  for (const Param& param : command.params) {
    // A byte is spent on leaving it out only where that is allowed.
    if ((param.nullable || param.default_json) && input.byte() % 2 == 0) continue;
    members.push_back(cat(json_quote(param.name), ":", value_of(input, param.type)));
  }
  return {command.name, cat("{", join(members, ","), "}")};
}

}  // namespace wherry::fuzz

// The compiler of bundles takes any files: it ends with mistakes that have a place and a cure, or with a
// bundle that comes back from its wire encoding byte for byte, whole and as each audience receives it, and
// from which a workspace can be made. An encoding of any bytes is refused, or comes back the same.
//
// The input is either files, each begun by a line "@@ NAME", or, behind a byte 0xFF, an encoding.
#include "bundle/compile.h"
#include "bundle/wire.h"
#include "engine/engine.h"
#include "fuzz/check.h"
#include "fuzz/input.h"
#include "sqlite/database.h"

namespace wherry::fuzz {
namespace {

std::vector<BundleFile> files_of(Input input) {
  std::vector<BundleFile> files;
  while (!input.empty()) {
    const std::string_view line = input.line();
    if (line.starts_with("@@ "))
      files.push_back({std::string(line.substr(3)), {}});
    else if (!files.empty())
      files.back().text += cat(line, "\n");
  }
  return files;
}

void check_wire(const Bundle& bundle) {
  const std::string bytes = encode_bundle(bundle);
  CHECK(encode_bundle(must(decode_bundle(bytes))) == bytes);
}

void check_files(const std::vector<BundleFile>& files) {
  const Compiled compiled = compile_bundle(files);
  for (const Mistake& mistake : compiled.mistakes)
    CHECK(!mistake.problem.empty() && !mistake.cure.empty() && mistake.line >= 0, mistake.text());
  if (!compiled.mistakes.empty()) return;
  check_wire(compiled.bundle);
  check_wire(for_replica(compiled.bundle, {}));
  check_wire(for_replica(compiled.bundle, {"hr", "admin"}));
  const auto db = must(sqlite::Database::open(":memory:", sqlite::Access::kReadWriteCreate));
  for (const std::string& statement : compiled.bundle.ddl) must(db->execute(statement));
  must(Engine::create(*db, compiled.bundle, Side::kServer));
}

void check_bytes(std::string_view bytes) {
  const auto bundle = decode_bundle(bytes);
  if (!bundle) return;
  const std::string again = encode_bundle(*bundle);
  CHECK(encode_bundle(must(decode_bundle(again))) == again);
}

}  // namespace
}  // namespace wherry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  wherry::fuzz::Input input(data, size);
  if (size > 0 && data[0] == 0xFF)
    wherry::fuzz::check_bytes(input.rest().substr(1));
  else
    wherry::fuzz::check_files(wherry::fuzz::files_of(input));
  return 0;
}

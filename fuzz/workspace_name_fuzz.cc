// A name of any bytes reaches a workspace only through the registry. Names that docs/PROTOCOL.md allows map
// to files of their own, whatever they look like; all others are refused at the door, by the registry's
// folder and on lookup; no name has a part in a path, and nothing is made beside the data folder.
#include <unistd.h>

#include <filesystem>
#include <map>
#include <optional>

#include "base/id.h"
#include "fuzz/check.h"
#include "fuzz/input.h"
#include "net/request.h"
#include "server/data_folder.h"

namespace wherry::fuzz {
namespace {

namespace fs = std::filesystem;

// A data folder, made anew only when the one before has got workspaces.
class Folder {
 public:
  Folder()
      : root_((fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
              cat("wherry-fuzz-", getpid())) {}
  ~Folder() { fs::remove_all(root_); }

  server::DataFolder& fresh() {
    if (data_ && !used) return *data_;
    data_.reset();
    fs::remove_all(root_);
    fs::create_directories(root_);
    data_ = must(server::DataFolder::open(path(), true));
    used = false;
    return *data_;
  }
  std::string path() const { return (root_ / "data").string(); }
  size_t entries() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(root_), fs::directory_iterator()));
  }
  bool used = false;

 private:
  fs::path root_;
  std::unique_ptr<server::DataFolder> data_;
};

// [A-Za-z0-9][A-Za-z0-9_.-]{0,63}
bool is_allowed(const std::string& name) {
  static const std::string kFirst = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  return name.size() >= 1 && name.size() <= 64 && kFirst.contains(name[0]) &&
         name.find_first_not_of(kFirst + "_.-") == std::string::npos;
}

std::vector<std::string> look_alikes(const std::string& name) {
  std::string upper = name, cut = name;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (!cut.empty()) cut.pop_back();
  return {name,       upper,      cut,          name + ".",  name + std::string(1, '\0'),
          " " + name, name + "/", "../" + name, "%2e" + name};
}

void check_door(const std::string& name) {
  const std::string target = "/" + name;
  const net::Verdict verdict = net::judge({.method = "GET", .target = target, .upgrade = true}, {});
  CHECK((verdict.status == 101) == is_allowed(name), name);
  CHECK(verdict.status != 101 || verdict.text == name);
}

void run(Input input) {
  static Folder folder;
  server::DataFolder& data = folder.fresh();
  std::map<std::string, std::string> paths;
  for (int n = 0; n < 8 && !input.empty(); ++n) {
    const bool makes = n < 3;
    const std::string first(input.line());
    for (const std::string& name : look_alikes(first)) {
      check_door(name);
      const auto found = data.find(name);
      CHECK(found.has_value() == paths.contains(name));
      CHECK(found ? found->path == paths[name] : found.error().code == ErrorCode::kNotFound);
      if (!makes) continue;
      const auto made = data.create_workspace(name, 1);
      CHECK(made.has_value() == (is_allowed(name) && !paths.contains(name)), name);
      if (!made) continue;
      folder.used = true;
      const std::string begin = folder.path() + "/workspaces/", end = ".db";
      CHECK(made->path.starts_with(begin) && made->path.ends_with(end), made->path);
      const std::string middle =
          made->path.substr(begin.size(), made->path.size() - begin.size() - end.size());
      CHECK(Uuid::parse(middle).has_value(), middle);
      for (const auto& [other, path] : paths) CHECK(path != made->path, other);
      paths[name] = made->path;
    }
  }
  const auto list = must(data.list());
  CHECK(list.size() == paths.size());
  for (const auto& info : list) CHECK(paths.at(info.name) == info.path);
  CHECK(folder.entries() == 1, "something was made beside the data folder");
}

}  // namespace
}  // namespace wherry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  wherry::fuzz::run({data, size});
  return 0;
}

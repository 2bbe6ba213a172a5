#include "bundle/manifest.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>

#include "base/text.h"
#include "bundle/toml_traps.h"

namespace wherry {

namespace {

class ManifestReader {
 public:
  ManifestReader(std::string file, Report& report) : file_(std::move(file)), report_(report) {}

  Manifest read(const toml::table& root) {
    Manifest manifest;
    known(root, "app.toml", {"name", "tables", "scopes", "grants"});
    if (const auto name = text(root, "name")) {
      manifest.name = name->text;
      if (!is_plain_name(name->text))
        report_.add(name->place, cat("`", name->text, "` is no name for an app"),
                    "Use small letters, digits and _.");
    } else if (!root.contains("name")) {
      report_.add({file_, 0}, "the app has no name", "Write name = \"chat\" at the top.");
    }
    sections(root, "tables", [&](Place place, std::string name, const toml::table& t) {
      manifest.tables.push_back(table(std::move(place), std::move(name), t));
    });
    sections(root, "scopes", [&](Place place, std::string name, const toml::table& t) {
      manifest.scopes.push_back(scope(std::move(place), std::move(name), t));
    });
    if (const toml::node* node = root.get("grants")) {
      const toml::array* list = node->as_array();
      if (list == nullptr || !list->is_homogeneous<toml::table>())
        report_.add(at(*node), "`grants` is no list of tables", "Write each as [[grants]].");
      else
        for (const toml::node& item : *list) manifest.grants.push_back(grant(*item.as_table()));
    }
    return manifest;
  }

 private:
  Place at(const toml::node& node) const { return {file_, static_cast<int>(node.source().begin.line)}; }
  Place at(const toml::key& key) const { return {file_, static_cast<int>(key.source().begin.line)}; }

  void known(const toml::table& t, const std::string& where, const std::vector<std::string>& keys) {
    for (const auto& [key, value] : t)
      if (std::ranges::find(keys, key.str()) == keys.end())
        report_.add(at(key), cat("unknown key `", key.str(), "` in ", where),
                    did_you_mean(key.str(), keys, cat("Keys here are ", join(keys, ", "), ".")));
  }

  template <typename Each>
  void sections(const toml::table& root, const std::string& name, Each each) {
    const toml::node* node = root.get(name);
    if (node == nullptr) return;
    const toml::table* all = node->as_table();
    if (all == nullptr)
      return report_.add(at(*node), cat("`", name, "` is no table"), cat("Write [", name, ".NAME]."));
    for (const auto& [key, value] : *all) {
      if (const toml::table* section = value.as_table())
        each(at(key), std::string(key.str()), *section);
      else
        report_.add(at(key), cat("`", name, ".", key.str(), "` is no table"),
                    cat("Write [", name, ".", key.str(), "]."));
    }
  }

  std::optional<Entry> text_of(const toml::node& node, std::string_view key) {
    if (const auto* value = node.as_string()) return Entry{at(node), value->get()};
    report_.add(at(node), cat("`", key, "` is no text"), cat("Write ", key, " = \"…\"."));
    return std::nullopt;
  }
  std::optional<Entry> text(const toml::table& t, std::string_view key) {
    const toml::node* node = t.get(key);
    if (node == nullptr) return std::nullopt;
    return text_of(*node, key);
  }
  // A text or a list of them.
  std::vector<Entry> texts(const toml::table& t, std::string_view key) {
    std::vector<Entry> found;
    const toml::node* node = t.get(key);
    if (node == nullptr) return found;
    const toml::array* list = node->as_array();
    if (list == nullptr) {
      if (auto one = text_of(*node, key)) found.push_back(*std::move(one));
      return found;
    }
    if (list->empty())
      report_.add(at(*node), cat("`", key, "` is an empty list"), "Name at least one, or leave it out.");
    for (const toml::node& item : *list)
      if (auto one = text_of(item, key)) {
        if (std::ranges::find(found, one->text, &Entry::text) != found.end())
          report_.add(one->place, cat("`", one->text, "` stands twice in `", key, "`"), "Remove one.");
        else
          found.push_back(*std::move(one));
      }
    return found;
  }
  bool flag(const toml::table& t, std::string_view key) {
    const toml::node* node = t.get(key);
    if (node == nullptr) return false;
    if (const auto* value = node->as_boolean()) return value->get();
    report_.add(at(*node), cat("`", key, "` is neither true nor false"), cat("Write ", key, " = true."));
    return false;
  }

  TableEntry table(Place place, std::string name, const toml::table& t) {
    known(t, cat("[tables.", name, "]"),
          {"scope", "parent", "deleted", "locked", "columns", "server_only", "local", "derived", "roles"});
    TableEntry made;
    made.place = std::move(place);
    made.name = std::move(name);
    made.scopes = texts(t, "scope");
    made.parent = text(t, "parent");
    made.deleted = text(t, "deleted");
    made.locked = text(t, "locked");
    made.server_only = flag(t, "server_only");
    made.local = flag(t, "local");
    made.derived = flag(t, "derived");
    made.roles = texts(t, "roles");
    if (const toml::node* node = t.get("columns")) {
      const toml::table* columns = node->as_table();
      if (columns == nullptr)
        report_.add(at(*node), "`columns` is no table", cat("Write [tables.", made.name, ".columns]."));
      else
        for (const auto& [key, value] : *columns)
          if (auto merge = text_of(value, key.str()))
            made.columns.push_back({Entry{at(key), std::string(key.str())}, *std::move(merge)});
    }
    return made;
  }

  ScopeEntry scope(Place place, std::string name, const toml::table& t) {
    known(t, cat("[scopes.", name, "]"), {"load"});
    ScopeEntry made{std::move(place), std::move(name), false};
    if (const auto load = text(t, "load")) {
      made.on_demand = load->text == "on_demand";
      if (load->text != "auto" && load->text != "on_demand")
        report_.add(load->place, cat("`", load->text, "` is no way to load"),
                    did_you_mean(load->text, {"auto", "on_demand"}, "Write \"auto\" or \"on_demand\"."));
    }
    return made;
  }

  GrantEntry grant(const toml::table& t) {
    known(t, "[[grants]]", {"scope", "to", "from", "where"});
    GrantEntry made{at(t), text(t, "scope"), text(t, "to"), text(t, "from"), text(t, "where")};
    for (const char* key : {"scope", "to", "from"})
      if (!t.contains(key))
        report_.add(made.place, cat("a grant without `", key, "`"), "A grant says scope, to and from.");
    return made;
  }

  std::string file_;
  Report& report_;
};

}  // namespace

Manifest parse_manifest(const BundleFile& file, Report& report) {
  if (const auto trap = find_toml_trap(file.text)) {
    report.add({file.name, trap->line}, trap->problem, trap->cure);
    return {};
  }
  const toml::parse_result parsed = toml::parse(std::string_view(file.text));
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    report.add({file.name, static_cast<int>(error.source().begin.line)}, std::string(error.description()),
               "Correct the TOML; https://toml.io describes it.");
    return {};
  }
  return ManifestReader(file.name, report).read(parsed.table());
}

}  // namespace wherry

// Whatever rows and grants come and go: what somebody may read, and the scopes that his session is told to
// hold, are what an oracle says that keeps the rows in maps and knows the rules of fuzz/app by heart.
#include <algorithm>
#include <map>
#include <set>

#include "fuzz/check.h"
#include "fuzz/peer.h"
#include "fuzz/server.h"

namespace wherry::fuzz {
namespace {

using Text = std::string;

constexpr std::array<const char*, 3> kUsers = {"ann", "bob", "eve"};
constexpr std::array<const char*, 2> kTeams = {"red", "blue"};
constexpr std::array<const char*, 3> kProjects = {"p", "q", "r"};
constexpr std::array<const char*, 2> kRoles = {"hr", "guest"};
constexpr std::array<const char*, 3> kIds = {"1", "2", "3"};
// Who looks, and with which roles.
constexpr std::array<const char*, 5> kReaders = {"ann", "bob|hr", "eve|guest", "eve|guest,hr", "carl"};

const Beginning& nothing() {
  static const Beginning made = beginning("fuzz/app");
  return made;
}

struct Model {
  std::set<std::pair<Text, Text>> members;              // team, user
  std::map<Text, std::pair<Text, bool>> projects;       // team (or empty), public
  std::map<Text, std::pair<Text, Text>> shares, items;  // project and role; project and assignee (or empty)
  std::map<Text, Text> notes, salaries;                 // item; project

  std::set<Text> scopes_of(const Identity& who) const {
    std::set<Text> held = {"workspace", cat("user(", who.user_id, ")")};
    for (const Text& role : who.roles) held.insert(cat("role(", role, ")"));
    for (const auto& [team, user] : members)
      if (user == who.user_id) held.insert(cat("team(", team, ")"));
    for (const auto& [id, project] : projects)
      if (project.second || held.contains(cat("team(", project.first, ")")))
        held.insert(cat("project(", id, ")"));
    for (const auto& [_, share] : shares)
      if (held.contains(cat("role(", share.second, ")"))) held.insert(cat("project(", share.first, ")"));
    return held;
  }

  // "table id" of each row he may read.
  std::set<Text> readable(const Identity& who) const {
    const std::set<Text> held = scopes_of(who);
    const auto project = [&](const Text& id) { return held.contains(cat("project(", id, ")")); };
    const auto item = [&](const auto& row) { return project(row.first) || row.second == who.user_id; };
    const bool hr = std::ranges::find(who.roles, "hr") != who.roles.end();
    std::set<Text> rows;
    for (const auto& [team, user] : members)
      if (held.contains(cat("team(", team, ")"))) rows.insert(cat("members ", team, " ", user));
    for (const auto& [id, _] : projects)
      if (project(id)) rows.insert("projects " + id);
    for (const auto& [id, row] : items)
      if (item(row)) rows.insert("items " + id);
    for (const auto& [id, of] : notes)
      if (const auto at = items.find(of); at != items.end() && item(at->second)) rows.insert("notes " + id);
    for (const auto& [id, of] : salaries)
      if (hr && project(of)) rows.insert("salaries " + id);
    return rows;
  }
};

// One change, in the model, and as the command that makes it.
Call change(Input& input, Model& model) {
  const uint8_t kind = input.byte();
  const bool puts = kind % 4 != 0;
  const Text id = input.pick(kIds), project = input.pick(kProjects);
  const auto json = [](const Text& name, const Text& value) { return cat("\"", name, "\":\"", value, "\""); };
  const auto simple = [&](const char* table, auto& rows, auto row, const Text& more) -> Call {
    if (puts)
      rows[id] = row;
    else
      rows.erase(id);
    if (puts) return {cat(table, ".put"), cat("{", json("id", id), ",", more, "}")};
    return {cat(table, ".remove"), cat("{", json("id", id), "}")};
  };
  switch (kind / 4 % 6) {
    case 0: {
      const Text team = input.pick(kTeams), user = input.pick(kUsers);
      if (puts)
        model.members.emplace(team, user);
      else
        model.members.erase({team, user});
      return {puts ? "member.add" : "member.remove",
              cat("{", json("team", team), ",", json("user", user), "}")};
    }
    case 1: {
      const size_t team = input.below(kTeams.size() + 1);
      const bool is_public = input.below(4) == 0;
      const Text name = team < kTeams.size() ? kTeams[team] : "";
      if (!puts) {
        model.projects.erase(project);
        return {"project.remove", cat("{", json("id", project), "}")};
      }
      model.projects[project] = {name, is_public};
      return {"project.put", cat("{", json("id", project), name.empty() ? "" : cat(",", json("team", name)),
                                 is_public ? R"(,"public":true})" : "}")};
    }
    case 2: {
      const Text role = input.pick(kRoles);
      return simple("share", model.shares, std::pair(project, role),
                    cat(json("project", project), ",", json("role", role)));
    }
    case 3: {
      const size_t user = input.below(kUsers.size() + 1);
      const Text assignee = user < kUsers.size() ? kUsers[user] : "";
      return simple(
          "item", model.items, std::pair(project, assignee),
          cat(json("project", project), assignee.empty() ? "" : cat(",", json("assignee", assignee)), ",",
              json("title", "x")));
    }
    case 4: {
      const Text item = input.pick(kIds);
      return simple("note", model.notes, item, cat(json("item", item), ",", json("body", "x")));
    }
    default:
      return simple("salary", model.salaries, project, json("project", project));
  }
}

// "table id" of a line of the dump: `items {"id":"1",…`, `members {"team":"red","user":"ann"}`.
Text row_of(const Text& line) {
  const Text table = line.substr(0, line.find(' '));
  const auto value = [&](size_t which) {
    size_t at = line.find(":\"");
    for (; which > 0; --which) at = line.find(":\"", at + 1);
    return line.substr(at + 2, line.find('"', at + 2) - at - 2);
  };
  return table == "members" ? cat(table, " ", value(0), " ", value(1)) : cat(table, " ", value(0));
}

std::set<Text> told(const Peer& peer) {
  std::set<Text> names;
  for (const auto& [_, name] : peer.scopes)
    if (!name.contains('[')) names.insert(name);  // the restricted twins follow from the others
  return names;
}

void run(Input input) {
  Server server(nothing());
  must(server.open());
  const auto reader = server.reader();
  Model model;
  const Text token = input.pick(kReaders);
  const Identity who = identity_of(token);
  Peer peer(server, 1);
  peer.connect();
  peer.say_hello(token);
  server.step();
  for (int n = 0; n < 12 && !input.empty(); ++n) {
    const bool looks = input.below(4) == 0;
    const Call call = change(input, model);
    const protocol::Answer answer = must(server.execute("system", call));
    CHECK(answer.outcome == protocol::Outcome::kApplied, call.name, call.params, answer.code);
    server.now = server.now + Millis{1};
    if (!looks && !input.empty()) continue;
    server.step();
    CHECK(told(peer) == model.scopes_of(who), "scopes after ", call.name, call.params);
    for (const char* token_of : kReaders) {
      const Identity other = identity_of(token_of);
      std::set<Text> rows;
      must(reader->dump(WorkspaceReader::Reader{other.user_id, other.roles},
                        [&](std::string_view line) -> Result<> {
                          rows.insert(row_of(Text(line)));
                          return {};
                        }));
      CHECK(rows == model.readable(other), "rows of ", token_of, " after ", call.name, call.params);
    }
  }
}

}  // namespace
}  // namespace wherry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  wherry::fuzz::run({data, size});
  return 0;
}

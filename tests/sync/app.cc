#include "tests/sync/app.h"

#include "base/text.h"

namespace wherry::testing {

Call Phrase::operator()(std::string_view first, std::string_view second, std::string_view third) const {
  const std::string_view blanks[] = {first, second, third};
  std::string text;
  for (const char* at = params; *at != '\0'; ++at) {
    if (*at == '$')
      text += blanks[*++at - '1'];
    else
      text += *at;
  }
  return {name, text};
}

std::string App::count_items(std::string_view place) const {
  return cat("SELECT count(*) FROM ", items, " WHERE ", item_place, " = '", place, "'");
}

const App& chat() {
  static const App app = {
      .bundle = "examples/chat",
      .places = "channels",
      .members = "members",
      .items = "messages",
      .text = "body",
      .labels = "reactions",
      .item_place = "channel_id",
      .search = "messages_fts",
      .blanks = true,
      .create_group = {},
      .open_place = {"channel.create", R"({"id":"$1","name":"$2","private":false})"},
      .closed_place = {"channel.create", R"({"id":"$1","name":"$2","private":true})"},
      .rename = {"channel.rename", R"({"id":"$1","name":"$2"})"},
      .lock = {"channel.lock", R"({"id":"$1"})"},
      .unlock = {"channel.unlock", R"({"id":"$1"})"},
      .add = {"channel.add_member", R"({"channel_id":"$1","user_id":"$2"})"},
      .remove = {"channel.remove_member", R"({"channel_id":"$1","user_id":"$2"})"},
      .trust = {},
      .write = {"message.post", R"({"id":"$1","channel_id":"$2","body":"$3"})"},
      .edit = {"message.edit", R"({"id":"$1","body":"$2"})"},
      .move = {"message.move", R"({"id":"$1","channel_id":"$2"})"},
      .vote = {"message.vote", R"({"id":"$1","by":$2})"},
      .drop = {"message.delete", R"({"id":"$1"})"},
      .label = {"message.react", R"({"id":"$1","emoji":"$2"})"},
      .unlabel = {"message.unreact", R"({"id":"$1","emoji":"$2"})"},
      .introduce = {"user.register", R"({"id":"$1","name":"$2"})"},
  };
  return app;
}

const App& tracker() {
  static const App app = {
      .bundle = "tests/tracker",
      .places = "projects",
      .members = "team_members",
      .items = "issues",
      .text = "title",
      .labels = "labels",
      .item_place = "project_id",
      .search = nullptr,
      .blanks = false,
      .create_group = {"team.create", R"({"id":"$1","name":"a team"})"},
      .open_place = {"project.create", R"({"id":"$1","team_id":"$1","name":"$2","public":true})"},
      .closed_place = {"project.create", R"({"id":"$1","team_id":"$1","name":"$2","public":false})"},
      .rename = {"project.rename", R"({"id":"$1","name":"$2"})"},
      .lock = {"project.lock", R"({"id":"$1"})"},
      .unlock = {"project.unlock", R"({"id":"$1"})"},
      .add = {"team.add_member", R"({"team_id":"$1","user_id":"$2"})"},
      .remove = {"team.remove_member", R"({"team_id":"$1","user_id":"$2"})"},
      .trust = {"team.set_lead", R"({"team_id":"$1","user_id":"$2","lead":true})"},
      .write = {"issue.create", R"({"id":"$1","project_id":"$2","title":"$3"})"},
      .edit = {"issue.edit", R"({"id":"$1","title":"$2"})"},
      .move = {"issue.transfer", R"({"id":"$1","project_id":"$2"})"},
      .vote = {"issue.vote", R"({"id":"$1","by":$2})"},
      .drop = {"issue.delete", R"({"id":"$1"})"},
      .label = {"issue.label", R"({"id":"$1","label":"$2 $3"})"},
      .unlabel = {"issue.unlabel", R"({"id":"$1","label":"$2 $3"})"},
      .introduce = {"person.register", R"({"id":"$1","name":"$2"})"},
  };
  return app;
}

void InBothApps::direct(const std::string& user, const Call& command) {
  EXPECT_EQ(world.direct(user, command), "applied") << command.name << " " << command.params;
}

void InBothApps::create_place(const std::string& user, const std::string& place, bool open,
                              const std::string& name) {
  if (app.create_group.name != nullptr) direct(user, app.create_group(place));
  direct(user, (open ? app.open_place : app.closed_place)(place, name));
}

}  // namespace wherry::testing

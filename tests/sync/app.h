// One story told in two apps: people join places and write items there. The suites over winners, access and
// identity tell it through these phrases, so that nothing they show is true of the chat alone.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "tests/sync/world.h"

namespace wherry::testing {

// A command with blanks: `$1`, `$2`, `$3` in its parameters.
struct Phrase {
  const char* name;
  const char* params;
  Call operator()(std::string_view first, std::string_view second = "", std::string_view third = "") const;
};

struct App {
  const char* bundle;
  // Tables and columns; `search` is a full-text index over the items, or null.
  const char *places, *members, *items, *text, *labels, *item_place, *search;
  bool blanks;  // an item that is deleted loses its text
  // What creates the group of a place's members, where a place has none of its own; `name` is null without.
  Phrase create_group;            // $1 place
  Phrase open_place;              // $1 place, $2 name: everyone sees it
  Phrase closed_place;            // $1 place, $2 name: only members see it; its author is one
  Phrase rename, lock, unlock;    // $1 place, $2 name
  Phrase add, remove;             // $1 place, $2 user
  Phrase trust;                   // $1 place, $2 user: lets a member add others, where not all may; or null
  Phrase write;                   // $1 item, $2 place, $3 text
  Phrase edit, move, vote, drop;  // $1 item, $2 text or place or by
  Phrase label, unlabel;          // $1 item, $2 label, $3 user
  Phrase introduce;               // $1 user, $2 name

  std::string count_items(std::string_view place) const;
};

const App& chat();
const App& tracker();

// A test that is run once in each app.
class InBothApps : public ::testing::TestWithParam<const App*> {
 protected:
  InBothApps() : app(*GetParam()), world(app.bundle) {}
  // Without a replica, and expecting that it is applied.
  void direct(const std::string& user, const Call& command);
  void create_place(const std::string& user, const std::string& place, bool open,
                    const std::string& name = "a place");

  const App& app;
  World world;
};

inline void PrintTo(const App* app, std::ostream* os) {
  *os << app->bundle;
}
inline std::string app_name(const ::testing::TestParamInfo<const App*>& info) {
  return info.param == &chat() ? "chat" : "tracker";
}

#define IN_BOTH_APPS(suite) \
  INSTANTIATE_TEST_SUITE_P(Apps, suite, ::testing::Values(&chat(), &tracker()), app_name)

}  // namespace wherry::testing

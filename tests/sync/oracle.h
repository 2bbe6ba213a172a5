// Who may read what, told a second time, as maps, and compared with what is sent and what is kept. In the
// worlds that it watches each value worth hiding is a word that occurs nowhere else: ids of places and items,
// each version of a name or a text, each label, and members who are nobody. So a word found says what leaked.
#pragma once

#include <map>
#include <set>
#include <string>

#include "tests/sync/app.h"

namespace wherry::testing {

class Oracle {
 public:
  // Sees every message from now on.
  Oracle(World& world, const App& app);
  Oracle(const Oracle&) = delete;

  // Executes on the device, and remembers what it means once the log has it. False if it is refused there.
  // Requires: values that two devices could set at once are given by one of them only, so that none loses.
  bool give(Device& device, Phrase App::* phrase, const std::string& first, const std::string& second = {},
            const std::string& third = {});
  std::string new_id();                          // of a place or an item
  std::string new_word(const std::string& row);  // a value in the row of that id

  // What the log says, up to its end.
  struct Place {
    bool open = false;
    std::string name;
    std::set<std::string> members, were_members;  // users, and nobodies
  };
  struct Item {
    std::string place, text;
    std::set<std::string> labels;
    bool dropped = false;
    std::set<std::string> was_in;  // places
  };
  const std::map<std::string, Place>& places() const { return places_; }
  const std::map<std::string, Item>& items() const { return items_; }
  std::set<std::string> readable(const std::string& user) const;

  // Expects of a connected device at rest: each row that its user may read, and in its file, after the app
  // has tidied up, no trace of any other, beyond what he typed himself.
  void expect_complete(Device& device);
  void expect_no_trace(Device& device);

  // How many revokes were sent while their scope was being scanned.
  int cut_scans() const { return cut_scans_; }

 private:
  struct Given {
    Phrase App::* phrase;
    std::string first, second, third, user;
  };
  struct Line {  // a session's scopes
    std::map<protocol::Handle, std::string> names;
    std::set<protocol::Handle> scanning;
  };

  void follow_log();
  void apply(const Given& given);
  void check(const Device& device, const protocol::Message& message);
  void take_scopes(Line& line, const protocol::Scopes& scopes);
  bool enters(const std::string& user, const Place& place) const;
  bool may_read(const std::string& user, const std::string& word) const;
  bool may_be_told(const std::string& user, const std::string& word) const;
  std::set<std::string> words_in(std::string_view text) const;
  std::set<std::string> traces_in(std::string_view bytes) const;

  World& world_;
  const App& app_;
  Seq seq_;
  std::map<std::string, Given> given_;  // by command id
  std::map<std::string, Place> places_;
  std::map<std::string, Item> items_;
  std::map<std::string, std::string, std::less<>> row_of_;           // of each word
  std::map<std::string, std::string, std::less<>> by_tail_;          // words by their ends
  std::map<std::string, std::set<std::string, std::less<>>> typed_;  // words by user
  std::map<const Device*, Line> lines_;
  int cut_scans_ = 0;
};

}  // namespace wherry::testing

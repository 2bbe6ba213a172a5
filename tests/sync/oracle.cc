#include "tests/sync/oracle.h"

#include <algorithm>

#include "base/text.h"
#include "protocol/codec.h"

namespace wherry::testing {

namespace {

constexpr size_t kWordLength = 12;
// A full-text index keeps a word without what it has in common with the one before.
constexpr size_t kInCommon = 3;

// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): the words of neighbouring numbers share nothing.
std::string make_word(uint64_t number) {
  uint64_t mixed = number * 0x9E3779B97F4A7C15;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
  mixed ^= mixed >> 31;
  std::string word;
  for (; word.size() < kWordLength; mixed /= 26) word += static_cast<char>('a' + mixed % 26);
  return word;
}

// Calls `run` with each run of small letters that is long enough.
template <typename F>
void each_run(std::string_view text, size_t least, F run) {
  size_t begin = 0;
  for (size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size() && text[at] >= 'a' && text[at] <= 'z') continue;
    if (at - begin >= least) run(text.substr(begin, at - begin));
    begin = at + 1;
  }
}

}  // namespace

Oracle::Oracle(World& world, const App& app) : world_(world), app_(app), seq_(world.workspace().head()) {
  world_.on_made = [this](Device& device, const protocol::Message& message) { check(device, message); };
}

std::string Oracle::new_id() {
  return new_word({});
}

std::string Oracle::new_word(const std::string& row) {
  std::string word = make_word(row_of_.size() + 1);
  row_of_[word] = row.empty() ? word : row;
  by_tail_[word.substr(kInCommon)] = word;
  return word;
}

bool Oracle::give(Device& device, Phrase App::* phrase, const std::string& first, const std::string& second,
                  const std::string& third) {
  const Call call = (app_.*phrase)(first, second, third);
  const auto executed = device.replica().execute(call.name, call.params, world_.now);
  EXPECT_TRUE(executed) << call.name << " " << call.params;
  if (!executed || executed->refusal) return false;
  given_[executed->id] = {phrase, first, second, third, device.user()};
  for (const std::string& word : words_in(call.params)) typed_[device.user()].insert(word);
  return true;
}

// --- what the log says ---

void Oracle::follow_log() {
  while (seq_ < world_.workspace().head()) {
    ++seq_.number;
    const Value entry =
        world_.server(cat("SELECT id || ' ' || outcome FROM wherry_commands WHERE seq = ", seq_.number));
    const std::string& text = *entry.text();
    const size_t space = text.find(' ');
    const auto given = given_.find(text.substr(0, space));
    if (given == given_.end()) continue;
    EXPECT_NE(text.substr(space + 1), "superseded") << "two have set the same value";
    if (text.substr(space + 1) == "applied") apply(given->second);
  }
}

void Oracle::apply(const Given& given) {
  const auto& [phrase, first, second, third, user] = given;
  if (phrase == &App::open_place || phrase == &App::closed_place)
    places_[first] = {phrase == &App::open_place, second, {user}, {}};
  if (phrase == &App::rename) places_[first].name = second;
  if (phrase == &App::add) places_[first].members.insert(second);
  if (phrase == &App::remove && places_[first].members.erase(second) > 0)
    places_[first].were_members.insert(second);
  if (phrase == &App::write) items_[first] = {second, third, {}, false, {second}};
  if (phrase == &App::edit) items_[first].text = second;
  if (phrase == &App::label) items_[first].labels.insert(second);
  if (phrase == &App::unlabel) items_[first].labels.erase(second);
  if (phrase == &App::move) {
    items_[first].place = second;
    items_[first].was_in.insert(second);
  }
  if (phrase == &App::drop) {
    items_[first].dropped = true;
    if (app_.blanks) items_[first].text.clear();
  }
}

bool Oracle::enters(const std::string& user, const Place& place) const {
  return place.open || place.members.contains(user);
}

bool Oracle::may_read(const std::string& user, const std::string& word) const {
  const std::string& row = row_of_.at(word);
  if (const auto at = places_.find(row); at != places_.end()) {
    const Place& place = at->second;
    return enters(user, place) && (word == row || word == place.name || place.members.contains(word));
  }
  const auto at = items_.find(row);
  if (at == items_.end()) return false;
  const Item& item = at->second;
  return enters(user, places_.at(item.place)) &&
         (word == row || word == item.text || item.labels.contains(word));
}

// That a row has left a place, whoever may read the place is told by the row's key.
bool Oracle::may_be_told(const std::string& user, const std::string& word) const {
  if (may_read(user, word)) return true;
  if (const auto at = places_.find(row_of_.at(word)); at != places_.end())
    return enters(user, at->second) && at->second.were_members.contains(word);
  const auto item = items_.find(word);
  return item != items_.end() && std::ranges::any_of(item->second.was_in, [&](const std::string& place) {
           return enters(user, places_.at(place));
         });
}

std::set<std::string> Oracle::readable(const std::string& user) const {
  std::set<std::string> words;
  for (const auto& [word, _] : row_of_)
    if (may_read(user, word)) words.insert(word);
  return words;
}

// --- what is sent ---

void Oracle::check(const Device& device, const protocol::Message& message) {
  follow_log();
  Line& line = lines_[&device];
  std::string text = protocol::to_json(message);
  // Rows go by a handle, so their scope is named here, whether or not there is a row.
  const auto name_scope = [&](protocol::Handle handle) {
    EXPECT_TRUE(line.names.contains(handle)) << device.user() << " does not hold what this is of: " << text;
    text += cat(" under ", line.names[handle]);
  };
  if (std::holds_alternative<protocol::Welcome>(message)) line = {};
  if (const auto* scopes = std::get_if<protocol::Scopes>(&message)) take_scopes(line, *scopes);
  if (const auto* batch = std::get_if<protocol::Batch>(&message)) {
    if (batch->scopes) take_scopes(line, *batch->scopes);
    for (const protocol::Segment& segment : batch->segments) name_scope(segment.handle);
  }
  if (const auto* rows = std::get_if<protocol::RowsChunk>(&message)) {
    for (const protocol::Segment& segment : rows->own) name_scope(segment.handle);
    name_scope(rows->handle);
    if (rows->live)
      line.scanning.erase(rows->handle);
    else
      line.scanning.insert(rows->handle);
  }
  for (const std::string& word : words_in(text))
    EXPECT_TRUE(may_be_told(device.user(), word))
        << "at " << seq_.number << ", " << device.user() << " may not know " << word << " of "
        << row_of_.at(word) << ", and is sent " << text;
}

void Oracle::take_scopes(Line& line, const protocol::Scopes& scopes) {
  for (const protocol::GrantedScope& granted : scopes.granted) line.names[granted.handle] = granted.name;
  for (const protocol::Handle handle : scopes.revoked) {
    line.names.erase(handle);
    cut_scans_ += static_cast<int>(line.scanning.erase(handle));
  }
}

std::set<std::string> Oracle::words_in(std::string_view text) const {
  std::set<std::string> words;
  each_run(text, kWordLength, [&](std::string_view run) {
    if (row_of_.contains(run)) words.emplace(run);
  });
  return words;
}

// --- what is kept ---

std::set<std::string> Oracle::traces_in(std::string_view bytes) const {
  constexpr size_t kTail = kWordLength - kInCommon;
  std::set<std::string> words;
  each_run(bytes, kTail, [&](std::string_view run) {
    for (size_t at = 0; at + kTail <= run.size(); ++at)
      if (const auto word = by_tail_.find(run.substr(at, kTail)); word != by_tail_.end())
        words.insert(word->second);
  });
  return words;
}

void Oracle::expect_complete(Device& device) {
  const std::set<std::string> held = words_in(device.dump()), due = readable(device.user());
  for (const std::string& word : held)
    EXPECT_TRUE(due.contains(word)) << device.path() << " has " << word << " of " << row_of_.at(word);
  for (const std::string& word : due)
    EXPECT_TRUE(held.contains(word)) << device.path() << " lacks " << word << " of " << row_of_.at(word);
  if (app_.search == nullptr) return;
  std::vector<std::string> texts;
  for (const auto& [id, item] : items_)
    if (!item.text.empty() && may_read(device.user(), item.text)) texts.push_back(item.text);
  if (texts.empty()) return;
  EXPECT_EQ(device.ask(cat("SELECT count(*) FROM ", app_.search, "('", join(texts, " OR "), "')")),
            std::to_string(texts.size()));
}

void Oracle::expect_no_trace(Device& device) {
  ASSERT_TRUE(device.replica().dismiss_all());
  ASSERT_TRUE(device.replica().checkpoint());
  for (const std::string& word : traces_in(device.file_bytes()))
    EXPECT_TRUE(may_read(device.user(), word) || typed_[device.user()].contains(word))
        << device.path() << " still holds " << word << " of " << row_of_.at(word);
}

}  // namespace wherry::testing

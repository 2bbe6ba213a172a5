// CONVERGE: at a boundary, a replica's confirmed rows are the server's rows of then that its user might read.
// REBASE: what it shows is those, and then its pending commands in their order.
// REVOKE-BOUND, the replica's half: nothing is left of what the user may not read at the boundary, nor in
// indexes. SESSION: its position never goes back within an epoch.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "sim/checkers/all.h"
#include "sim/device.h"

namespace wherry::sim {

namespace {

using Json = nlohmann::json;

class Replicas : public Checker {
 public:
  explicit Replicas(World& world) : world_(world) {}

  void look(Device& device) override {
    const ReplicaStatus status = device.replica().status();
    if (status.schema_hash.empty()) return;
    const History& history = world_.history();
    auto& [epoch, position] = positions_[&device];
    if (epoch == status.epoch && status.position.number < position && !device.was_restored())
      world_.violated("SESSION", device.name() + " went back from " + std::to_string(position) + " to " +
                                     std::to_string(status.position.number));
    epoch = status.epoch;
    position = status.position.number;
    if (history.head() == 0 || status.epoch != history.at(history.head()).epoch) return;
    const ChatRows confirmed = rows_of_dump(device.dump());
    check_shown(device, confirmed);
    const bool live = is_live(status);
    if (live) world_.sometimes("a replica was complete when it was looked at");
    if (!live && status.position == Seq{}) return;  // nothing is complete to any boundary yet
    const ChatRows held = live ? confirmed : outside_of_scans(status, confirmed);
    const auto expected = [&](const ChatRows& then) {
      return live ? readable(then, device.user()) : in_complete_scopes(status, then);
    };
    // After a restore it may still stand in what was forgotten.
    for (const ChatRows& then : history.forgotten_at(status.position.number))
      if (held == expected(then)) return;
    check_confirmed(device, held, expected(history.rows_at(status.position.number)));
  }

  void restored(int64_t) override { positions_.clear(); }

  // An answer comes with its rows: what its author wrote is there, also where its scope is still on its way.
  void received(Device& device, const protocol::Message& message) override {
    const auto* batch = std::get_if<protocol::Batch>(&message);
    if (batch == nullptr || batch->upto.number != world_.history().head()) return;
    for (const protocol::Answer& answer : batch->answers) {
      const LogRow* row = world_.history().find(answer.id);
      if (row == nullptr || row->seq != answer.seq.number || row->name != "message.post" ||
          row->outcome != "applied")
        continue;
      const RowId id{ChatTable::kMessages, {Json::parse(row->data)["id"].get<std::string>()}};
      const auto at = world_.history().rows().find(id);
      if (at == world_.history().rows().end() ||
          !reads(world_.history().rows(), id, at->second, device.user()))
        continue;
      // While scopes catch up, answers and rows wait for them together, and the command stays pending.
      const auto left = device.ask(
          "SELECT 1 FROM wherry_commands WHERE id = ?1 AND state <> 'pending' AND ?2 NOT IN (SELECT id FROM "
          "messages)",
          {Value(answer.id), Value(id.key[0])});
      if (!left.empty())
        world_.violated("SESSION", device.name() + " got the answer to " + answer.id +
                                       " without the row that it wrote: " + dump({*at}));
    }
  }

  void at_rest() override {
    for (const auto& device : world_.devices()) {
      if (!device->is_up()) world_.violated("LIVENESS", device->name() + " does not come up");
      const ReplicaStatus status = device->replica().status();
      if (!status.synced)
        world_.violated("LIVENESS", device->name() +
                                        (status.connected ? " is not" : " is not connected, and not") +
                                        " in sync: " + std::to_string(status.pending) + " pending, at " +
                                        std::to_string(status.position.number) + " of " +
                                        std::to_string(world_.history().head()));
      const ChatRows confirmed = rows_of_dump(device->dump());
      check_shown(*device, confirmed);
      check_confirmed(*device, confirmed, readable(world_.history().rows(), device->user()));
      look_into_file(*device);
    }
  }

 private:
  // Connected, and all that it wants is there up to one boundary: it holds what its user might read there.
  static bool is_live(const ReplicaStatus& status) {
    return status.connected && std::ranges::all_of(status.scopes, [&](const HeldScope& scope) {
             return !scope.wanted ||
                    (scope.state == HeldScope::State::kLive && scope.position == status.position);
           });
  }

  void check_confirmed(Device& device, const ChatRows& confirmed, const ChatRows& expected) {
    if (confirmed != expected)
      world_.violated("CONVERGE", device.name() + " at " + about(device.replica().status()) +
                                      differs(dump(confirmed), dump(expected)));
  }

  static std::string about(const ReplicaStatus& status) {
    std::string what = std::to_string(status.position.number) + (status.connected ? "" : ", offline");
    for (const HeldScope& scope : status.scopes)
      what += ", " + scope.name + (scope.wanted ? " " : " unwanted ") +
              std::to_string(scope.position.number) + (scope.state == HeldScope::State::kLive ? " live" : "");
    return what;
  }

  // Otherwise each scope that is complete up to the boundary holds what lay in it there, and no row lies
  // outside of the scopes that are held. One that is scanned may have come as far as the boundary, and yet
  // lack a row that was there and is to come with a later change.
  static bool is_complete(const ReplicaStatus& status, const HeldScope& scope) {
    return scope.state == HeldScope::State::kLive && scope.position == status.position;
  }
  static ChatRows in_complete_scopes(const ReplicaStatus& status, ChatRows rows) {
    std::set<std::string> complete;
    for (const HeldScope& scope : status.scopes)
      if (scope.wanted && is_complete(status, scope)) complete.insert(scope.name);
    std::erase_if(rows, [&](const auto& row) { return !complete.contains(scope_of(row.first, row.second)); });
    return rows;
  }
  static ChatRows outside_of_scans(const ReplicaStatus& status, ChatRows rows) {
    std::set<std::string> scanned;
    for (const HeldScope& scope : status.scopes)
      if (scope.wanted && !is_complete(status, scope)) scanned.insert(scope.name);
    std::erase_if(rows, [&](const auto& row) { return scanned.contains(scope_of(row.first, row.second)); });
    return rows;
  }

  void check_shown(Device& device, const ChatRows& confirmed) {
    const ChatRows shown = visible(device), predicted = with_pending(device, confirmed);
    if (shown != predicted) world_.violated("REBASE", device.name() + differs(dump(shown), dump(predicted)));
    const Row counts = device
                           .ask(
                               "SELECT (SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'word1 OR "
                               "word2 OR word3'),"
                               " (SELECT count(*) FROM messages WHERE body LIKE 'word1 %' OR body LIKE "
                               "'word2 %' OR body LIKE "
                               "'word3 %')")
                           .at(0);
    if (counts[0] != counts[1])
      world_.violated("REVOKE-BOUND",
                      device.name() + ": the full-text index holds other rows than the table");
  }

  // After a checkpoint no byte is left of texts of messages that the user may not read, be it in rows,
  // indexes, images or free pages. His own words are his.
  void look_into_file(Device& device) {
    if (!device.replica().checkpoint()) world_.violated("LIVENESS", device.name() + " cannot checkpoint");
    std::string bytes;
    for (const std::string& file : device.disk.files()) bytes += device.disk.read(file);
    // An index keeps a word without what it has in common with the one before.
    constexpr size_t kInCommon = 3;
    const ChatRows& rows = world_.history().rows();
    for (const Word& word : world_.words()) {
      const auto at = rows.find({ChatTable::kMessages, {word.message}});
      const bool may = at == rows.end() || reads(rows, at->first, at->second, device.user());
      if (word.author != device.user() && !may &&
          bytes.find(word.word.substr(kInCommon)) != std::string::npos)
        world_.violated("REVOKE-BOUND",
                        device.name() + " still holds what " + word.author + " wrote: " + word.word);
    }
    world_.sometimes("a file was searched for what its user may not read");
  }

  static std::string differs(const std::string& is, const std::string& should) {
    std::string what;
    const auto lines = [](const std::string& of) {
      std::set<std::string> all;
      for (size_t at = 0; at < of.size();) {
        const size_t end = of.find('\n', at);
        all.insert(of.substr(at, end - at));
        at = end + 1;
      }
      return all;
    };
    const auto a = lines(is), b = lines(should);
    for (const std::string& line : a)
      if (!b.contains(line)) what += "\n  has     " + line;
    for (const std::string& line : b)
      if (!a.contains(line)) what += "\n  lacks   " + line;
    return what;
  }

  ChatRows visible(Device& device) {
    ChatRows rows;
    for (int i = 0; i < kChatTables; ++i) {
      const auto table = static_cast<ChatTable>(i);
      std::string columns;
      for (const char* column : spec(table).columns)
        columns += (columns.empty() ? "" : ",") + std::string(column);
      for (const Row& row : device.ask("SELECT " + columns + " FROM " + spec(table).name)) {
        Cells cells;
        for (const Value& value : row)
          cells.push_back(value.integer() != nullptr ? Cell(*value.integer())
                          : value.text() != nullptr  ? Cell(*value.text())
                                                     : Cell());
        RowId id = id_of(table, cells);
        rows.emplace(std::move(id), std::move(cells));
      }
    }
    return rows;
  }

  ChatRows with_pending(Device& device, ChatRows rows) {
    const auto pending =
        device.ask("SELECT name, data, now FROM wherry_commands WHERE state = 'pending' ORDER BY n");
    if (pending.size() > 2) world_.sometimes("several commands were pending when it was looked at");
    for (const Row& row : pending) {
      ChatCommand command;
      command.name = *row[0].text();
      command.user = device.user();
      command.is_admin = world_.is_admin(device.user());
      command.now = *row[2].integer();
      command.params = params_of(*row[1].text());
      (void)run(command, rows);
    }
    return rows;
  }

  World& world_;
  std::map<const Device*, std::pair<std::string, int64_t>> positions_;
};

}  // namespace

std::unique_ptr<Checker> check_replicas(World& world) {
  return std::make_unique<Replicas>(world);
}

}  // namespace wherry::sim

// NO-LEAK: every row, key and scope sent to a user is one that he may read at the moment it is made for him,
// and is what the server's tables hold. REVOKE-BOUND, the server's half: nothing of a scope after it was
// revoked. BOUNDED: a session's queue and each message stay under the limits.
#include "base/limits.h"
#include "protocol/codec.h"
#include "sim/checkers/all.h"
#include "sim/device.h"
#include "sim/server.h"

namespace wherry::sim {

namespace {

class Leaks : public Checker {
 public:
  explicit Leaks(World& world) : world_(world) {}

  void says(const Link& link, const Output& output, const protocol::Message* message) override {
    if (message == nullptr) return;
    if (output.bytes.size() > limits::kMessageBytes)
      world_.violated("BOUNDED", "a message of " + std::to_string(output.bytes.size()) + " bytes");
    // Who does not read is sent answers to his own commands, which the window bounds, and nothing else.
    const size_t waited = world_.server().queued(link.id) - output.bytes.size();
    const auto* live = std::get_if<protocol::Batch>(message);
    if (live != nullptr && live->answers.empty() && !live->segments.empty() &&
        waited > world_.plan().limits.session_queue_bytes)
      world_.violated("BOUNDED", std::to_string(waited) + " bytes wait for " + link.device->name() +
                                     ", and more is sent");
    if (const auto* scopes = std::get_if<protocol::Scopes>(message)) take_scopes(link, *scopes);
    if (const auto* batch = std::get_if<protocol::Batch>(message)) {
      if (batch->scopes) take_scopes(link, *batch->scopes);
      for (const protocol::Answer& answer : batch->answers) check_answer(link, answer);
      for (const protocol::Segment& segment : batch->segments)
        check_items(link, segment.handle, batch->upto, segment.body);
    }
    if (const auto* rows = std::get_if<protocol::RowsChunk>(message)) {
      for (const protocol::Answer& answer : rows->answers) check_answer(link, answer);
      for (const protocol::Segment& segment : rows->own)
        check_items(link, segment.handle, rows->upto, segment.body);
      check_items(link, rows->handle, rows->upto, rows->body);
      if (rows->live)
        scanning_.erase({link.id, rows->handle});
      else
        scanning_.insert({link.id, rows->handle});
    }
  }
  void closed(const Link& link) override { scopes_.erase(link.id); }
  void booted() override { scopes_.clear(); }

 private:
  const std::string& user(const Link& link) const { return link.device->user(); }

  // "channel(c1)" → may he hold it now?
  bool holds(const std::string& user, const std::string& scope) const {
    if (scope == "workspace" || scope == "user(" + user + ")" || scope == "role(admin)") return true;
    if (!scope.starts_with("channel(")) return false;
    return reads_channel(world_.history().rows(), scope.substr(8, scope.size() - 9), user);
  }

  void take_scopes(const Link& link, const protocol::Scopes& scopes) {
    auto& held = scopes_[link.id];
    if (scopes.reset) held.clear();
    for (const protocol::GrantedScope& granted : scopes.granted) {
      if (!holds(user(link), granted.name))
        world_.violated("NO-LEAK", user(link) + " is told of " + granted.name + ", which he may not read");
      held[granted.handle] = granted.name;
    }
    for (const protocol::Handle handle : scopes.revoked) {
      const auto at = held.find(handle);
      if (at == held.end())
        world_.violated("NO-LEAK", user(link) + " is told that he lost what he never had");
      if (holds(user(link), at->second))
        world_.violated("COMPLETE",
                        user(link) + " is told that he lost " + at->second + ", which he may read");
      if (scanning_.contains({link.id, handle})) world_.sometimes("a revoke came half-way through a scan");
      held.erase(at);
    }
    if (scopes.reset && scopes.last)
      for (const std::string& channel : world_.channels)
        if (reads_channel(world_.history().rows(), channel, user(link)) &&
            !has(held, "channel(" + channel + ")"))
          world_.violated("COMPLETE", user(link) + " is not told of channel " + channel);
  }

  static bool has(const std::map<protocol::Handle, std::string>& held, const std::string& name) {
    for (const auto& [_, scope] : held)
      if (scope == name) return true;
    return false;
  }

  void check_answer(const Link& link, const protocol::Answer& answer) {
    const auto issued = world_.issued().find(answer.id);
    if (issued != world_.issued().end() && issued->second.user != user(link))
      world_.violated("NO-LEAK", user(link) + " gets the answer to a command of " + issued->second.user);
  }

  void check_items(const Link& link, protocol::Handle handle, Seq upto, const std::string& body) {
    const auto& held = scopes_[link.id];
    const auto scope = held.find(handle);
    if (scope == held.end())
      world_.violated("REVOKE-BOUND", user(link) + " gets rows under a handle that he does not have");
    if (!holds(user(link), scope->second))
      world_.violated("REVOKE-BOUND",
                      user(link) + " gets rows of " + scope->second + ", which he may not read any more");
    const auto items = protocol::decode_items(body, {upto, scope->second});
    if (!items) world_.violated("BOUNDED", "a body cannot be read: " + items.error().text());
    for (const protocol::RowItem& item : *items) check_item(link, scope->second, item);
  }

  static Cell cell_of(const Value& value) {
    if (const int64_t* number = value.integer()) return *number;
    if (const std::string* text = value.text()) return *text;
    return {};
  }

  void check_item(const Link& link, const std::string& scope, const protocol::RowItem& item) {
    const auto table = chat_table(table_name(item.table));
    if (!table) world_.violated("NO-LEAK", "a row of a table that is not synced");
    RowId id{*table, {}};
    Cells cells;
    for (const Value& value : item.row) cells.push_back(cell_of(value));
    if (item.kind == protocol::RowItem::Kind::kPut) {
      id = id_of(*table, cells);
    } else {
      for (const Cell& cell : cells) id.key.push_back(text(cell));
    }
    const ChatRows& rows = world_.history().rows();
    const auto at = rows.find(id);
    if (item.kind == protocol::RowItem::Kind::kGone) {
      // A scan may tell of an older departure; the row comes behind it.
      if (at != rows.end() && scope_of(id, at->second) == scope &&
          item.seq.number >= world_.history().changed_at(id))
        world_.violated("COMPLETE", "a row of " + scope + " is said to have gone at " +
                                        std::to_string(item.seq.number) + ", and lies there: " + dump({*at}));
      return;
    }
    if (at == rows.end() || !reads(rows, id, at->second, user(link)) || scope_of(id, at->second) != scope)
      world_.violated("NO-LEAK", user(link) + " gets a row of " + scope +
                                     " that does not lie there: " + dump({{id, cells}}));
    if (item.kind == protocol::RowItem::Kind::kPut) {
      if (cells != at->second)
        world_.violated("CONVERGE",
                        "sent is " + dump({{id, cells}}) + "the server has " + dump({{id, at->second}}));
    } else {
      for (const auto& [column, value] : item.cells)
        if (cell_of(value) != at->second.at(static_cast<size_t>(column)))
          world_.violated("CONVERGE",
                          "a cell is sent that the server does not have: " + dump({{id, at->second}}));
    }
  }

  std::string table_name(int64_t id) const {
    for (const Table& table : world_.bundle().tables)
      if (table.id == id) return table.name;
    return {};
  }

  World& world_;
  std::map<int64_t, std::map<protocol::Handle, std::string>> scopes_;  // by link
  std::set<std::pair<int64_t, protocol::Handle>> scanning_;
};

}  // namespace

std::unique_ptr<Checker> check_leaks(World& world) {
  return std::make_unique<Leaks>(world);
}

}  // namespace wherry::sim

#include "sim/chat.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace wherry::sim {

namespace {

using enum ChatTable;
using Json = nlohmann::json;

const std::array<TableSpec, kChatTables>& specs() {
  static const std::array<TableSpec, kChatTables> all = {{
      {"users", {"id", "name"}, {0}},
      {"channels", {"id", "name", "private", "created_by", "locked_at"}, {0}},
      {"members", {"channel_id", "user_id"}, {0, 1}},
      {"messages",
       {"id", "channel_id", "author_id", "thread_id", "body", "sent_at", "edited_at", "deleted_at",
        "reactions", "votes"},
       {0}},
      {"read_marks", {"user_id", "channel_id", "message_id", "read_at"}, {0, 1}},
  }};
  return all;
}

const std::string kNoText;

}  // namespace

const TableSpec& spec(ChatTable table) {
  return specs()[static_cast<size_t>(table)];
}

std::optional<ChatTable> chat_table(std::string_view name) {
  for (size_t i = 0; i < specs().size(); ++i)
    if (name == specs()[i].name) return static_cast<ChatTable>(i);
  return std::nullopt;
}

RowId id_of(ChatTable table, const Cells& row) {
  RowId id{table, {}};
  for (const size_t column : spec(table).key) id.key.push_back(text(row[column]));
  return id;
}

const std::string& text(const Cell& cell) {
  const auto* is = std::get_if<std::string>(&cell);
  return is != nullptr ? *is : kNoText;
}
int64_t number(const Cell& cell) {
  const auto* is = std::get_if<int64_t>(&cell);
  return is != nullptr ? *is : 0;
}
bool is_null(const Cell& cell) {
  return std::holds_alternative<std::monostate>(cell);
}

bool is_member(const ChatRows& rows, const std::string& channel, const std::string& user) {
  return rows.contains({kMembers, {channel, user}});
}

bool reads_channel(const ChatRows& rows, const std::string& channel, const std::string& user) {
  if (is_member(rows, channel, user)) return true;
  const auto at = rows.find({kChannels, {channel}});
  return at != rows.end() && number(at->second[channels::kPrivate]) == 0;
}

bool reads(const ChatRows& rows, const RowId& id, const Cells& row, const std::string& user) {
  switch (id.table) {
    case kUsers:
      return true;
    case kReadMarks:
      return text(row[read_marks::kUser]) == user;
    case kChannels:
      return reads_channel(rows, text(row[channels::kId]), user);
    case kMembers:
      return reads_channel(rows, text(row[members::kChannel]), user);
    case kMessages:
      return reads_channel(rows, text(row[messages::kChannel]), user);
  }
  return false;
}

ChatRows readable(const ChatRows& rows, const std::string& user) {
  ChatRows his;
  for (const auto& [id, row] : rows)
    if (reads(rows, id, row, user)) his.emplace_hint(his.end(), id, row);
  return his;
}

std::string dump(const ChatRows& rows) {
  // Tables by name, rows by key.
  std::array<ChatTable, kChatTables> order = {kChannels, kMembers, kMessages, kReadMarks, kUsers};
  std::string lines;
  for (const ChatTable table : order) {
    for (auto at = rows.lower_bound({table, {}}); at != rows.end() && at->first.table == table; ++at) {
      lines += spec(table).name;
      char before = '{';
      lines += ' ';
      for (size_t i = 0; i < at->second.size(); ++i) {
        const Cell& cell = at->second[i];
        lines += before;
        before = ',';
        lines += Json(spec(table).columns[i]).dump() + ":";
        lines += is_null(cell)                           ? "null"
                 : std::holds_alternative<int64_t>(cell) ? std::to_string(number(cell))
                                                         : Json(text(cell)).dump();
      }
      lines += "}\n";
    }
  }
  return lines;
}

ChatRows rows_of_dump(const std::string& lines) {
  ChatRows rows;
  for (size_t at = 0; at < lines.size();) {
    const size_t space = lines.find(' ', at), end = lines.find('\n', at);
    const ChatTable table = *chat_table(lines.substr(at, space - at));
    const auto values = params_of(lines.substr(space, end - space));
    Cells cells;
    for (const char* column : spec(table).columns) cells.push_back(values.at(column));
    RowId id = id_of(table, cells);
    rows.emplace(std::move(id), std::move(cells));
    at = end + 1;
  }
  return rows;
}

std::string scope_of(const RowId& id, const Cells& row) {
  switch (id.table) {
    case kUsers:
      return "workspace";
    case kReadMarks:
      return "user(" + text(row[read_marks::kUser]) + ")";
    case kChannels:
      return "channel(" + text(row[channels::kId]) + ")";
    case kMembers:
      return "channel(" + text(row[members::kChannel]) + ")";
    case kMessages:
      return "channel(" + text(row[messages::kChannel]) + ")";
  }
  return {};
}

std::map<std::string, Cell> params_of(const std::string& json) {
  std::map<std::string, Cell> params;
  const Json object = Json::parse(json);
  for (const auto& [key, value] : object.items())
    params[key] = value.is_string()    ? Cell(value.get<std::string>())
                  : value.is_boolean() ? Cell(int64_t{value.get<bool>()})
                  : value.is_number()  ? Cell(value.get<int64_t>())
                                       : Cell();
  return params;
}

namespace {

// A command at work. Writes go to `rows` at once and are taken back if it is refused at last.
class Run {
 public:
  Run(const ChatCommand& command, ChatRows& rows) : c_(command), rows_(rows) {}

  Effect perform() {
    const std::string refusal = attempt();
    if (refusal.empty()) return {{}, std::move(writes_)};
    for (auto at = writes_.rbegin(); at != writes_.rend(); ++at) {
      rows_.erase(at->id);
      if (at->before) rows_[at->id] = *at->before;
    }
    return {refusal, {}};
  }

 private:
  using Row = const Cells*;

  const std::string& param(const char* name) const {
    const auto at = c_.params.find(name);
    return at == c_.params.end() ? kNoText : text(at->second);
  }
  Row row(ChatTable table, std::vector<std::string> key) const {
    const auto at = rows_.find({table, std::move(key)});
    return at == rows_.end() ? nullptr : &at->second;
  }
  Row channel(const std::string& id) const { return row(kChannels, {id}); }
  // The row that the command is about: what its author may not read is not there for him.
  Row entity(const RowId& id) const {
    const Row cells = row(id.table, id.key);
    return cells != nullptr && c_.at_server && !reads(rows_, id, *cells, c_.user) ? nullptr : cells;
  }
  Row message() const { return entity({kMessages, {param("id")}}); }
  bool member(const std::string& of) const { return is_member(rows_, of, c_.user); }

  // --- writes ---

  void insert(const RowId& id, Cells cells) {
    note({id, std::nullopt, cells, {}, true});
    rows_[id] = std::move(cells);
  }
  void remove(const RowId& id) {
    const auto at = rows_.find(id);
    if (at == rows_.end()) return note({id, std::nullopt, std::nullopt, {}, true});
    note({id, at->second, std::nullopt, {}, true});
    rows_.erase(at);
  }
  void refresh(const RowId& id) {  // asked for a row that is there
    const Cells& cells = rows_.at(id);
    note({id, cells, cells, {}, true});
  }
  void set(const RowId& id, const std::map<size_t, Cell>& values) {
    Cells& cells = rows_.at(id);
    Write write{id, cells, std::nullopt, {}, false};
    for (const auto& [column, value] : values) {
      cells[column] = value;
      write.assigned.insert(column);
    }
    write.after = cells;
    note(std::move(write));
  }
  void note(Write write) { writes_.push_back(std::move(write)); }

  // --- restrictions ---

  std::string open(const RowId& id, const Cells& cells, bool allow_locked) const {
    if (id.table == kMessages && !is_null(cells[messages::kDeletedAt])) return "entity_deleted";
    if (id.table == kChannels && !allow_locked && !is_null(cells[channels::kLockedAt]))
      return "entity_locked";
    return {};
  }
  std::string parent_open(const RowId& id, const Cells& cells, bool allow_locked) const {
    if (id.table != kMembers && id.table != kMessages) return {};
    const std::string& parent = text(cells[id.table == kMembers ? members::kChannel : messages::kChannel]);
    const Row above = channel(parent);
    return above == nullptr ? std::string() : open({kChannels, {parent}}, *above, allow_locked);
  }
  // Of a row that is named by the command, before it writes.
  std::string entity_open(const RowId& id, bool allow_locked = false) const {
    const Row cells = row(id.table, id.key);
    if (cells == nullptr) return {};
    std::string refusal = open(id, *cells, allow_locked);
    return refusal.empty() ? parent_open(id, *cells, allow_locked) : refusal;
  }
  std::string writes_open(bool allow_locked = false) const {
    for (const Write& write : writes_) {
      if (write.before) {
        if (std::string refusal = open(write.id, *write.before, allow_locked); !refusal.empty())
          return refusal;
        if (std::string refusal = parent_open(write.id, *write.before, allow_locked); !refusal.empty())
          return refusal;
      }
      if (write.after)
        if (std::string refusal = parent_open(write.id, *write.after, allow_locked); !refusal.empty())
          return refusal;
    }
    return {};
  }

  // --- the commands ---

  std::string attempt() {
    const std::string& name = c_.name;
    if (name == "user.register") return register_user();
    if (name == "channel.create") return create_channel();
    if (name == "channel.rename") return change_channel({{channels::kName, c_.params.at("name")}}, false);
    if (name == "channel.lock") return change_channel({{channels::kLockedAt, c_.now}}, false);
    if (name == "channel.unlock") return change_channel({{channels::kLockedAt, Cell()}}, true);
    if (name == "channel.add_member") return add_member();
    if (name == "channel.remove_member") return remove_member();
    if (name == "channel.mark_read") return mark_read();
    if (name == "message.post") return post();
    if (name == "message.edit")
      return change_own_message({{messages::kBody, c_.params.at("body")}, {messages::kEditedAt, c_.now}});
    if (name == "message.delete")
      return change_own_message({{messages::kBody, std::string()}, {messages::kDeletedAt, c_.now}});
    if (name == "message.move") return move();
    if (name == "message.react" || name == "message.unreact") return react(name == "message.react");
    if (name == "message.vote") return vote();
    return "command_unknown";
  }

  std::string register_user() {
    const RowId id{kUsers, {param("id")}};
    const Row known = row(id.table, id.key);
    if (param("id") != c_.user && !c_.is_admin && known != nullptr &&
        text((*known)[users::kName]) != param("name"))
      return "not_yourself";
    if (known == nullptr)
      insert(id, {param("id"), param("name")});
    else
      set(id, {{users::kName, param("name")}});
    return {};
  }

  std::string create_channel() {
    const std::string& id = param("id");
    if (channel(id) != nullptr) return "entity_exists";
    insert({kChannels, {id}}, {id, param("name"), number(c_.params.at("private")), c_.user, Cell()});
    add({kMembers, {id, c_.user}});
    return {};
  }

  void add(const RowId& member) {
    if (rows_.contains(member))
      refresh(member);
    else
      insert(member, {member.key[0], member.key[1]});
  }

  std::string change_channel(const std::map<size_t, Cell>& values, bool allow_locked) {
    const RowId id{kChannels, {param("id")}};
    const Row cells = entity(id);
    if (cells == nullptr) return "entity_missing";
    if (text((*cells)[channels::kCreatedBy]) != c_.user && !c_.is_admin) return "not_creator";
    if (std::string refusal = entity_open(id, allow_locked); !refusal.empty()) return refusal;
    set(id, values);
    return {};
  }

  std::string add_member() {
    const std::string& to = param("channel_id");
    const Row cells = channel(to);
    const bool joins =
        param("user_id") == c_.user && cells != nullptr && number((*cells)[channels::kPrivate]) == 0;
    if (!member(to) && !joins) return "not_member";
    const RowId id{kMembers, {to, param("user_id")}};
    if (std::string refusal = entity_open(id); !refusal.empty()) return refusal;
    add(id);
    return writes_open();
  }

  std::string remove_member() {
    const std::string& from = param("channel_id");
    const Row cells = channel(from);
    const bool may = cells != nullptr && (text((*cells)[channels::kCreatedBy]) == c_.user || c_.is_admin) &&
                     (number((*cells)[channels::kPrivate]) == 0 || member(from));
    if (param("user_id") != c_.user && !may) return "not_creator";
    const RowId id{kMembers, {from, param("user_id")}};
    if (std::string refusal = entity_open(id); !refusal.empty()) return refusal;
    remove(id);
    return writes_open();
  }

  std::string mark_read() {
    const std::string& of = param("channel_id");
    if (entity({kChannels, {of}}) == nullptr) return "entity_missing";
    const RowId id{kReadMarks, {c_.user, of}};
    if (rows_.contains(id))
      set(id, {{read_marks::kMessage, param("message_id")}, {read_marks::kReadAt, c_.now}});
    else
      insert(id, {c_.user, of, param("message_id"), c_.now});
    return {};
  }

  std::string post() {
    const std::string &id = param("id"), &to = param("channel_id"), &thread = param("thread_id");
    if (row(kMessages, {id}) != nullptr) return "entity_exists";
    if (!member(to)) return "not_member";
    Cell thread_id;
    if (!thread.empty()) {
      const Row root = row(kMessages, {thread});
      if (root == nullptr || text((*root)[messages::kChannel]) != to || !is_null((*root)[messages::kThread]))
        return "thread_missing";
      thread_id = thread;
    }
    insert({kMessages, {id}},
           {id, to, c_.user, thread_id, param("body"), c_.now, Cell(), Cell(), "[]", int64_t{0}});
    return writes_open();
  }

  std::string change_own_message(const std::map<size_t, Cell>& values) {
    const Row cells = message();
    if (cells == nullptr) return "entity_missing";
    if (text((*cells)[messages::kAuthor]) != c_.user && !c_.is_admin) return "not_author";
    const RowId id{kMessages, {param("id")}};
    if (std::string refusal = entity_open(id); !refusal.empty()) return refusal;
    set(id, values);
    return {};
  }

  std::string move() {
    const Row cells = message();
    if (cells == nullptr) return "entity_missing";
    if (text((*cells)[messages::kAuthor]) != c_.user && !c_.is_admin) return "not_author";
    const std::string &id = param("id"), &to = param("channel_id");
    if (!member(to) || !member(text((*cells)[messages::kChannel]))) return "not_member";
    if (std::string refusal = entity_open({kMessages, {id}}); !refusal.empty()) return refusal;
    std::vector<RowId> replies;
    for (auto at = rows_.lower_bound({kMessages, {}}); at != rows_.end() && at->first.table == kMessages;
         ++at)
      if (text(at->second[messages::kThread]) == id && is_null(at->second[messages::kDeletedAt]))
        replies.push_back(at->first);
    for (const RowId& reply : replies) set(reply, {{messages::kChannel, to}});
    set({kMessages, {id}}, {{messages::kChannel, to}, {messages::kThread, Cell()}});
    return writes_open();
  }

  std::string react(bool adds) {
    const Row cells = message();
    if (cells == nullptr) return "entity_missing";
    if (!member(text((*cells)[messages::kChannel]))) return "not_member";
    const RowId id{kMessages, {param("id")}};
    if (std::string refusal = entity_open(id); !refusal.empty()) return refusal;
    std::set<std::string> all;
    for (const Json& one : Json::parse(text((*cells)[messages::kReactions])))
      all.insert(one.get<std::string>());
    const std::string own = param("emoji") + " " + c_.user;
    if (adds)
      all.insert(own);
    else
      all.erase(own);
    set(id, {{messages::kReactions, Json(all).dump()}});
    return {};
  }

  std::string vote() {
    const Row cells = message();
    if (cells == nullptr) return "entity_missing";
    if (!member(text((*cells)[messages::kChannel]))) return "not_member";
    const RowId id{kMessages, {param("id")}};
    if (std::string refusal = entity_open(id); !refusal.empty()) return refusal;
    set(id, {{messages::kVotes, number((*cells)[messages::kVotes]) + number(c_.params.at("by"))}});
    return {};
  }

  const ChatCommand& c_;
  ChatRows& rows_;
  std::vector<Write> writes_;
};

}  // namespace

Effect run(const ChatCommand& command, ChatRows& rows) {
  return Run(command, rows).perform();
}

}  // namespace wherry::sim

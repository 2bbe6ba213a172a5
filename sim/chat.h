// The chat example told a second time, as maps, for the checkers: its tables, who may read what, and what
// each command does. Written from examples/chat and docs/BUNDLE.md, and sharing no code with the product.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wherry::sim {

using Cell = std::variant<std::monostate, int64_t, std::string>;
using Cells = std::vector<Cell>;

enum class ChatTable { kUsers, kChannels, kMembers, kMessages, kReadMarks };
inline constexpr int kChatTables = 5;

struct TableSpec {
  const char* name;
  std::vector<const char*> columns;
  std::vector<size_t> key;
};
const TableSpec& spec(ChatTable table);
std::optional<ChatTable> chat_table(std::string_view name);

struct RowId {
  ChatTable table;
  std::vector<std::string> key;
  auto operator<=>(const RowId&) const = default;
};
RowId id_of(ChatTable table, const Cells& row);

// Places of the columns.
namespace users {
inline constexpr size_t kId = 0, kName = 1;
}
namespace channels {
inline constexpr size_t kId = 0, kName = 1, kPrivate = 2, kCreatedBy = 3, kLockedAt = 4;
}
namespace members {
inline constexpr size_t kChannel = 0, kUser = 1;
}
namespace messages {
inline constexpr size_t kId = 0, kChannel = 1, kAuthor = 2, kThread = 3, kBody = 4, kSentAt = 5,
                        kEditedAt = 6, kDeletedAt = 7, kReactions = 8, kVotes = 9;
}
namespace read_marks {
inline constexpr size_t kUser = 0, kChannel = 1, kMessage = 2, kReadAt = 3;
}

// Some rows of the workspace: all of them, or those that one user may read.
using ChatRows = std::map<RowId, Cells>;

const std::string& text(const Cell& cell);
int64_t number(const Cell& cell);
bool is_null(const Cell& cell);

bool is_member(const ChatRows& rows, const std::string& channel, const std::string& user);
// A member, or anyone if it is public.
bool reads_channel(const ChatRows& rows, const std::string& channel, const std::string& user);
bool reads(const ChatRows& rows, const RowId& id, const Cells& row, const std::string& user);
// The rows that he may read.
ChatRows readable(const ChatRows& rows, const std::string& user);

// One line per row, as `wherry dump` prints them, and back.
std::string dump(const ChatRows& rows);
ChatRows rows_of_dump(const std::string& lines);
// The name of the scope a row lies in.
std::string scope_of(const RowId& id, const Cells& row);

struct ChatCommand {
  std::string name;
  std::map<std::string, Cell> params;
  std::string user;
  bool is_admin = false;
  int64_t now = 0;
  bool at_server = false;  // where there are rows that the author may not read
};

// Its parameters, from JSON as the log and the list of commands hold them.
std::map<std::string, Cell> params_of(const std::string& json);

// One row that a command wrote, for the arbitration.
struct Write {
  RowId id;
  std::optional<Cells> before, after;
  std::set<size_t> assigned;  // columns, of a row that is there before and after
  bool existence = false;     // it added or removed the row, or asked for it
};

struct Effect {
  std::string refusal;  // the code; empty: none, and `writes` is what it did
  std::vector<Write> writes;
};

// Runs the command on these rows: restrictions and guards, no arbitration. `rows` are changed only if it is
// not refused.
Effect run(const ChatCommand& command, ChatRows& rows);

}  // namespace wherry::sim

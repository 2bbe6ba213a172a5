#include "bundle/functions.h"

#include <xxhash.h>

#include <algorithm>

#include "base/id.h"
#include "base/msgpack.h"
#include "base/text.h"
#include "bundle/json.h"

namespace wherry {

namespace {

constexpr size_t kCodeBytes = 64;
constexpr size_t kMessageBytes = 1000;

FunctionContext& context_of(sqlite3_context* call) {
  return *static_cast<FunctionContext*>(sqlite3_user_data(call));
}

void fail_with(sqlite3_context* call, std::string_view message) {
  sqlite3_result_error(call, message.data(), static_cast<int>(message.size()));
}

std::string_view text_of(sqlite3_value* value) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  return text == nullptr ? std::string_view()
                         : std::string_view(text, static_cast<size_t>(sqlite3_value_bytes(value)));
}

bool is_null(sqlite3_value* value) {
  return sqlite3_value_type(value) == SQLITE_NULL;
}

// At most `most` bytes, cut between characters.
std::string shortened(std::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return std::string(text.substr(0, most));
}

// Fails the statement and leaves the app's refusal in the context. A code that is none fails it as a fault of
// the handler.
void refuse(sqlite3_context* call, const char* function, sqlite3_value* code, sqlite3_value* message) {
  const std::string_view name = text_of(code);
  if (!is_app_code(name))
    return fail_with(call, cat(function, "(): '", shortened(name, kCodeBytes), "' is no code of an app"));
  const std::string_view text = message == nullptr ? std::string_view() : text_of(message);
  context_of(call).refusal =
      Refusal{std::string(name), is_valid_utf8(text) ? shortened(text, kMessageBytes) : std::string()};
  fail_with(call, cat(function, "(): ", name));
}

void sql_require(sqlite3_context* call, int count, sqlite3_value** arguments) {
  if (!is_null(arguments[0]) && sqlite3_value_double(arguments[0]) != 0) return sqlite3_result_int(call, 1);
  refuse(call, "require", arguments[1], count > 2 ? arguments[2] : nullptr);
}

void sql_reject(sqlite3_context* call, int count, sqlite3_value** arguments) {
  refuse(call, "reject", arguments[0], count > 1 ? arguments[1] : nullptr);
}

// A version 8 UUID. It keeps the time at the front of a version 7 command id, so that rows which one command
// makes lie together in the index.
void sql_uuid(sqlite3_context* call, int, sqlite3_value** arguments) {
  const std::string& command = context_of(call).command_id;
  if (command.empty()) return fail_with(call, "uuid() works only in a command");
  const int type = sqlite3_value_type(arguments[0]);
  if (type != SQLITE_INTEGER && type != SQLITE_TEXT)
    return fail_with(call, "uuid(n): n must be an integer or a text");
  const std::string seed = cat(command, type == SQLITE_INTEGER ? "#" : "'", text_of(arguments[0]));
  const XXH128_hash_t hash = XXH3_128bits(seed.data(), seed.size());
  Uuid made;
  for (size_t i = 0; i < 8; ++i) {
    made.bytes[i] = static_cast<uint8_t>(hash.high64 >> (8 * i));
    made.bytes[8 + i] = static_cast<uint8_t>(hash.low64 >> (8 * i));
  }
  if (const auto parsed = Uuid::parse(command); parsed && parsed->bytes[6] >> 4 == 7)
    std::copy_n(parsed->bytes.begin(), 6, made.bytes.begin());
  made.bytes[6] = static_cast<uint8_t>((made.bytes[6] & 0x0F) | 0x80);
  made.bytes[8] = static_cast<uint8_t>((made.bytes[8] & 0x3F) | 0x80);
  sqlite::result(call, Value(made.text()));
}

void sql_rank_between(sqlite3_context* call, int, sqlite3_value** arguments) {
  sqlite::result(
      call, Value(rank_between(text_of(arguments[0]), text_of(arguments[1]), context_of(call).command_id)));
}

// The members of a set as their JSON texts, sorted, each once. Fails the statement when it is no set.
bool read_set(sqlite3_context* call, sqlite3_value* value, std::vector<std::string>& members) {
  if (is_null(value)) return true;
  const auto parsed = json::parse(text_of(value));
  const auto items = parsed ? parsed->items() : std::nullopt;
  if (!items) {
    fail_with(call, "a set must be a JSON array");
    return false;
  }
  for (const json::Element item : *items) {
    std::string text;
    if (item.items() || item.members() || item.is_null() || !json::write(item, text)) {
      fail_with(call, "a set may hold texts, numbers, true and false");
      return false;
    }
    members.push_back(std::move(text));
  }
  std::ranges::sort(members);
  members.erase(std::ranges::unique(members).begin(), members.end());
  return true;
}

// False when the value is NULL, which is no member; fails the statement for blobs.
bool read_member(sqlite3_context* call, sqlite3_value* value, std::string& member) {
  if (is_null(value)) return false;
  const Value plain = sqlite::from_sqlite(value);
  if (plain.blob() || (plain.text() && !json::is_clean_text(*plain.text()))) {
    fail_with(call, "a set may hold texts, numbers, true and false");
    return false;
  }
  member = to_json(plain);
  return true;
}

enum class SetAction { kAdd, kRemove, kHas };

template <SetAction action>
void sql_set(sqlite3_context* call, int, sqlite3_value** arguments) {
  std::vector<std::string> members;
  if (!read_set(call, arguments[0], members)) return;
  std::string member;
  const bool given = read_member(call, arguments[1], member);
  if (!given && !is_null(arguments[1])) return;
  const auto at = std::ranges::lower_bound(members, member);
  const bool has = given && at != members.end() && *at == member;
  if constexpr (action == SetAction::kHas) return sqlite3_result_int(call, has);
  if (action == SetAction::kAdd && given && !has) members.insert(at, member);
  if (action == SetAction::kRemove && has) members.erase(at);
  sqlite::result(call, Value(cat("[", join(members, ","), "]")));
}

void sql_has_role(sqlite3_context* call, int, sqlite3_value** arguments) {
  const std::vector<std::string>& roles = context_of(call).roles;
  sqlite3_result_int(
      call, !is_null(arguments[0]) && std::ranges::find(roles, text_of(arguments[0])) != roles.end());
}

void sql_user(sqlite3_context* call, int, sqlite3_value**) {
  const std::string& user = context_of(call).user_id;
  if (user.empty()) return sqlite3_result_null(call);
  sqlite::result(call, Value(user));
}

struct Function {
  const char* name;
  int arguments;
  int flags;
  void (*body)(sqlite3_context*, int, sqlite3_value**);
};

// Functions that hang on the call under way are not SQLITE_DETERMINISTIC: SQLite then refuses them itself in
// indexes, CHECK constraints and generated columns.
constexpr Function kFunctions[] = {
    {"require", 2, SQLITE_DIRECTONLY, sql_require},
    {"require", 3, SQLITE_DIRECTONLY, sql_require},
    {"reject", 1, SQLITE_DIRECTONLY, sql_reject},
    {"reject", 2, SQLITE_DIRECTONLY, sql_reject},
    {"uuid", 1, SQLITE_DIRECTONLY, sql_uuid},
    {"rank_between", 2, SQLITE_DIRECTONLY, sql_rank_between},
    {"set_add", 2, SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, sql_set<SetAction::kAdd>},
    {"set_remove", 2, SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, sql_set<SetAction::kRemove>},
    {"set_has", 2, SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, sql_set<SetAction::kHas>},
    {"has_role", 1, SQLITE_INNOCUOUS, sql_has_role},
    {"wherry_user", 0, SQLITE_INNOCUOUS, sql_user},
};

}  // namespace

bool is_app_code(std::string_view code) {
  if (code.empty() || code.size() > kCodeBytes || code[0] < 'a' || code[0] > 'z') return false;
  for (const char c : code)
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') return false;
  for (const std::string_view own : {"entity_", "constraint_", "command_", "param_", "limit_", "handler_"})
    if (code.starts_with(own)) return false;
  return true;
}

Result<> register_functions(sqlite::Database& db, FunctionContext* context) {
  for (const Function& f : kFunctions)
    if (sqlite3_create_function_v2(db.handle(), f.name, f.arguments, SQLITE_UTF8 | f.flags, context, f.body,
                                   nullptr, nullptr, nullptr) != SQLITE_OK)
      return std::unexpected(db.last_error(cat("registering ", f.name, "()")));
  return {};
}

}  // namespace wherry

// The SQL functions of a bundle: require, reject, uuid, rank_between, set_add, set_remove, set_has, has_role,
// wherry_user.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bundle/params.h"
#include "sqlite/database.h"

namespace wherry {

// What the functions see of the call under way, and where a refusal goes. Outlives the connection's use.
struct FunctionContext {
  std::string user_id;
  std::string command_id;
  std::vector<std::string> roles;
  std::optional<Refusal> refusal;  // set by require and reject, which then fail the statement
};

Result<> register_functions(sqlite::Database& db, FunctionContext* context);

// [a-z][a-z0-9_]*, at most 64 characters, and none of the beginnings that are Wherry's own (entity_ …).
bool is_app_code(std::string_view code);

// A text that sorts strictly between a and b (empty = the end on that side; a >= b = just after a), with a
// tail made from `tie`. Digits 0-9A-Za-z in byte order; never ends in '0', so there is always room before it.
std::string rank_between(std::string_view a, std::string_view b, std::string_view tie);

}  // namespace wherry

// What a workspace may be called: [A-Za-z0-9][A-Za-z0-9_.-]{0,63}. The same in URLs, tokens and the registry.
#pragma once

#include <string_view>

namespace wherry::net {

bool is_workspace_name(std::string_view name);

}  // namespace wherry::net

// How many files this process and those that it starts may have open; a connection is one, too.
#pragma once

#include <cstddef>

namespace wherry::bench {

// Raises the soft limit, so that there is room for so many connections and, in a server, open workspaces.
// Throws when the system does not allow it.
void allow_open_files(size_t connections, size_t workspaces);

}  // namespace wherry::bench

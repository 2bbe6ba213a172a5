// How many files this process and those that it starts may have open; a connection is one, too.
#pragma once

#include <cstddef>

namespace wherry::bench {

// Raises the soft limit; throws when the system does not allow so many.
void allow_open_files(size_t count);

}  // namespace wherry::bench

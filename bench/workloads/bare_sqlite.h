// SQLite with the rows and syncs of commands, and nothing of ours around it.
#pragma once

#include <cstddef>

namespace wherry::bench {

// Posts in groups of so many per commit.
void bare_posts(size_t group, double seconds);

// Edits of random ones of so many messages, 100 and 1,000 per commit. The second figure of each is with the
// triggers that keep a full-text index of the messages.
void bare_edits(size_t rows, double seconds);

}  // namespace wherry::bench

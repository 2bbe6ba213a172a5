// SQLite with the rows and syncs of commands, and nothing of ours around it.
#pragma once

#include <cstddef>

namespace wherry::bench {

// Posts in groups of so many per commit.
void bare_posts(size_t group, double seconds);

// Edits of random ones of so many messages, 100 and 1,000 per commit: without the full-text index of messages
// and with it, kept by the app's triggers as SQLite runs them.
void bare_edits(size_t rows, double seconds);

}  // namespace wherry::bench

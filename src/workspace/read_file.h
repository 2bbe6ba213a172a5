// Opening a workspace's file beside the server that writes it.
#pragma once

#include <memory>
#include <string>

#include "sqlite/database.h"

namespace wherry::workspace {

Result<std::unique_ptr<sqlite::Database>> open_to_read(const std::string& path);

// Within a read transaction: makes all that it shows durable. A running server's commits are visible only
// once they are synced; a file that a killed server left behind may show a tail that never was.
Result<> sync_wal(sqlite::Database& db);

}  // namespace wherry::workspace

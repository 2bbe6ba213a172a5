// The wherry_ tables of a workspace database, and its creation. docs/STORAGE.md describes them.
#pragma once

#include <memory>
#include <string>

#include "bundle/bundle.h"
#include "sqlite/database.h"

namespace wherry::workspace {

// Opens the file, creating it with the bundle's tables when it is new. kBundle when the file was made with
// another schema: one schema version is all there is for now.
Result<std::unique_ptr<sqlite::Database>> open_database(const std::string& path, const std::string& vfs,
                                                        const Bundle& bundle, bool& created);

Result<std::string> meta(sqlite::Database& db, std::string_view name);  // empty when not set
Result<> set_meta(sqlite::Database& db, std::string_view name, std::string_view value);

}  // namespace wherry::workspace

// Small private files (tokens, where a server listens), written so that a reader sees the old or the new
// text.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace wherry::client {

// Mode 0600, durable when it returns. kIo.
Result<> replace_file(const std::string& path, std::string_view text);
Result<std::string> read_file(const std::string& path);  // kNotFound, kIo

}  // namespace wherry::client

// FILE.auth beside a replica's file: where its server is and the token for it. Only its owner may read it;
// the token is not in the replica's file, which people copy and send around.
#pragma once

#include <string>

#include "base/error.h"

namespace wherry::client {

struct Auth {
  std::string url;
  std::string token;
};

// `path` is that of the replica's file.
Result<Auth> read_auth(const std::string& path);                 // kNotFound, kInvalid, kIo
Result<> write_auth(const std::string& path, const Auth& auth);  // kIo; replaces the file in one step

}  // namespace wherry::client

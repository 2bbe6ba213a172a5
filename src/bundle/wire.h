// A compiled bundle as bytes: how replicas receive it and how a database file keeps it.
#pragma once

#include "bundle/bundle.h"

namespace wherry {

// MessagePack. `hash` is not part of the bytes: it is their xxHash128 in hex, see bundle_hash.
std::string encode_bundle(const Bundle& bundle);
// Refuses malformed bytes and indexes out of range (kProtocol); trusts the SQL no more than SQLite's
// authorizer does.
Result<Bundle> decode_bundle(std::string_view bytes);
std::string bundle_hash(std::string_view bytes);

}  // namespace wherry

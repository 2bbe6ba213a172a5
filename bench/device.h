// A full replica in a file, as an app on a device has it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "bench/server_process.h"
#include "wherry/wherry.h"

namespace wherry::bench {

// Of this user in the server's workspace `bench`; begins to connect. The server must outlive it.
std::unique_ptr<Database> open_device(const std::filesystem::path& file, const ServerProcess& server,
                                      const std::string& user);
// Waits until it has all there is and owes nothing; throws when that takes minutes.
void wait_synced(Database& device);

}  // namespace wherry::bench

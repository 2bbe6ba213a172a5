#include "bench/device.h"

#include <stdexcept>

#include "base/text.h"
#include "bench/basics.h"

namespace wherry::bench {

std::unique_ptr<Database> open_device(const std::filesystem::path& file, const ServerProcess& server,
                                      const std::string& user) {
  DatabaseOptions options;
  options.url = cat("ws://127.0.0.1:", server.port(), "/bench");
  options.token = [token = server.token("bench", user)]() -> Result<std::string> { return token; };
  options.create = true;
  options.tap = false;
  return expect(Database::open(file.string(), std::move(options)));
}

void wait_synced(Database& device) {
  if (!device.wait_synced(std::chrono::minutes(2)))
    throw std::runtime_error("the replica is not synced in time");
}

}  // namespace wherry::bench

#include "fuzz/server.h"

#include <random>
#include <sstream>

#include <sqlite3.h>

#include "fuzz/check.h"
#include "fuzz/peer.h"
#include "net/token.h"

namespace wherry::fuzz {

namespace {

constexpr const char* kFile = "workspace.db";

}  // namespace

Entropy entropy(uint64_t seed) {
  auto random = std::make_shared<std::mt19937_64>(seed);
  return [random](std::span<uint8_t> out) {
    for (uint8_t& byte : out) byte = static_cast<uint8_t>((*random)());
  };
}

void use_disks_in_memory() {
  sqlite3_vfs_register(sqlite3_vfs_find(sim::Disk::vfs()), 1);
}

Identity identity_of(std::string_view token) {
  Identity identity;
  identity.expires = {INT64_MAX};
  const size_t bar = token.find('|');
  identity.user_id = token.substr(0, bar);
  if (bar == std::string_view::npos) return identity;
  std::stringstream roles{std::string(token.substr(bar + 1))};
  for (std::string role; std::getline(roles, role, ',');) identity.roles.push_back(role);
  return identity;
}

Beginning beginning(const std::string& bundle_folder,
                    const std::vector<std::pair<std::string, Call>>& history) {
  Beginning made{bundle_of(bundle_folder), {}};
  // Random bytes of its own: who goes on from here must not draw the same ids.
  Server server(made, "server", sim::Metadata::kOrdered, 0);
  must(server.open());
  for (const auto& [user, call] : history) {
    const protocol::Answer answer = must(server.execute(user, call));
    CHECK(answer.outcome == protocol::Outcome::kApplied, call.name, " ", answer.code);
  }
  server.close();
  made.file = server.disk.read(kFile);
  return made;
}

Server::Server(const Beginning& beginning, const std::string& disk_name, sim::Metadata metadata,
               uint64_t seed)
    : bundle(beginning.bundle), disk(disk_name, seed, metadata), entropy_(entropy(seed)) {
  use_disks_in_memory();
  if (!beginning.file.empty()) disk.put(kFile, beginning.file);
}

Server::~Server() = default;

Result<> Server::open() {
  WorkspaceOptions options;
  options.path = disk.path(kFile);
  options.name = "fuzz";
  options.bundle = bundle;
  options.hasher = net::sha256;
  options.entropy = entropy_;
  options.verifier = [](std::string_view token, Millis) -> Result<Identity> {
    Identity identity = identity_of(token);
    if (identity.user_id.empty() || identity.user_id.size() > 20)
      return fail(ErrorCode::kUnauthorized, "no user");
    return identity;
  };
  TRY_ASSIGN(workspace, Workspace::open(std::move(options), now));
  return {};
}

Result<protocol::Answer> Server::execute(const std::string& user, const Call& call,
                                         std::optional<std::string> id) {
  Identity identity = identity_of(user);
  DirectCommand command;
  command.name = call.name;
  command.data = call.params;
  command.user_id = std::move(identity.user_id);
  command.roles = std::move(identity.roles);
  command.id = std::move(id);
  return workspace->execute(command, now);
}

void Server::step() {
  while (workspace->has_work()) must(workspace->commit(now));
  for (Output& output : workspace->take_outputs()) {
    const auto peer = peers.find(output.session);
    CHECK(peer != peers.end(), "bytes for a session that is closed");
    peer->second->receive(output);
  }
}

std::unique_ptr<WorkspaceReader> Server::reader() {
  return must(WorkspaceReader::open(disk.path(kFile), bundle));
}

std::vector<std::string> Server::dump(const std::optional<WorkspaceReader::Reader>& as) {
  std::vector<std::string> lines;
  must(reader()->dump(as, [&](std::string_view line) -> Result<> {
    lines.emplace_back(line);
    return {};
  }));
  return lines;
}

void Server::check_log() {
  const std::optional<Seq> wrong = must(reader()->verify(net::sha256));
  CHECK(!wrong, "the log does not verify at ", wrong->number);
}

}  // namespace wherry::fuzz

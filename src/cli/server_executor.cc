#include "cli/server_executor.h"

#include <memory>

#include "base/text.h"
#include "cli/bundle_loading.h"
#include "cli/clock.h"
#include "cli/push_session.h"
#include "cli/running_server.h"
#include "net/token.h"
#include "server/data_folder.h"

namespace wherry::cli {

namespace {

// Long enough for a session to begin; it is renewed with each connection.
constexpr Millis kTokenLife{10 * 60 * 1000};

std::string secret_token(const server::DataFolder& folder, const std::string& workspace,
                         const std::string& user, const std::vector<std::string>& roles) {
  return net::make_token(
      {.user_id = user, .workspace = workspace, .roles = roles, .expires = now() + kTokenLife},
      folder.secret());
}

struct OpenWorkspace {
  std::unique_ptr<server::DataFolder> folder;  // holds the lock
  std::unique_ptr<Workspace> workspace;
};

Result<ServerExecutor> on_database(std::unique_ptr<server::DataFolder> folder, const std::string& data,
                                   const std::string& workspace) {
  TRY_ASSIGN(const auto info, folder->find(workspace));
  TRY_ASSIGN(const auto bundle, kept_bundle(data));
  const auto open = std::make_shared<OpenWorkspace>();
  open->folder = std::move(folder);
  TRY_ASSIGN(open->workspace,
             Workspace::open({.path = info.path,
                              .name = workspace,
                              .vfs = {},
                              .bundle = bundle,
                              .hasher = net::sha256,
                              .entropy = [](std::span<uint8_t> out) { net::fill_random(out); },
                              .verifier = [](std::string_view, Millis) -> Result<Identity> {
                                return fail(ErrorCode::kUnauthorized, "no sessions here");
                              }},
                             now()));
  return [open](const std::vector<DirectCommand>& commands) {
    return open->workspace->execute_all(commands, now());
  };
}

Result<ServerExecutor> through_server(std::shared_ptr<server::DataFolder> folder, const std::string& data,
                                      const std::string& workspace, const std::string& user,
                                      const std::vector<std::string>& roles) {
  TRY(folder->find(workspace));
  const auto server = read_running_server(data);
  if (!server)
    return fail(ErrorCode::kBusy, cat("another process has ", data,
                                      " and does not say where it listens: ", server.error().message));
  TRY_ASSIGN(const net::Url url, net::Url::parse(cat("ws://", server->authority(), "/", workspace)));
  const auto session =
      std::make_shared<PushSession>(url, [=] { return secret_token(*folder, workspace, user, roles); });
  return [session](const std::vector<DirectCommand>& commands) { return session->push(commands); };
}

}  // namespace

Result<ServerExecutor> open_executor(const std::string& data, const std::string& workspace,
                                     const std::string& user, const std::vector<std::string>& roles) {
  TRY_ASSIGN(std::unique_ptr<server::DataFolder> folder, server::DataFolder::open(data, false));
  const auto locked = folder->lock();
  if (locked) return on_database(std::move(folder), data, workspace);
  if (locked.error().code != ErrorCode::kBusy) return std::unexpected(locked.error());
  return through_server(std::move(folder), data, workspace, user, roles);
}

}  // namespace wherry::cli

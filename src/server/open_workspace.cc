#include "server/open_workspace.h"

#include <utility>

#include "net/token.h"
#include "server/log.h"
#include "workspace/workspace.h"

namespace wherry::server {
namespace {

class Opened : public Hosted {
 public:
  explicit Opened(std::unique_ptr<Workspace> workspace) : workspace_(std::move(workspace)) {}
  void connect(SessionId session, Millis now) override { workspace_->connect(session, now); }
  void disconnect(SessionId session) override { workspace_->disconnect(session); }
  void receive(SessionId session, std::string_view bytes, Millis now) override {
    workspace_->receive(session, bytes, now);
  }
  void sent(SessionId session, size_t bytes, Millis now) override { workspace_->sent(session, bytes, now); }
  bool has_work() const override { return workspace_->has_work(); }
  Result<> commit(Millis now) override { return workspace_->commit(now); }
  Result<> tick(Millis now) override { return workspace_->tick(now); }
  void shut_down(std::string code, std::string message, Millis retry_after) override {
    workspace_->shut_down(std::move(code), std::move(message), retry_after);
  }
  std::vector<Output> take_outputs() override { return workspace_->take_outputs(); }
  WorkspaceView view(const ViewQuery& query) const override { return workspace_->view(query); }

 private:
  std::unique_ptr<Workspace> workspace_;
};

TokenVerifier verifier_for(const std::string& secret, const std::string& workspace) {
  return [secret, workspace](std::string_view token, Millis now) -> Result<Identity> {
    auto claims = net::verify_token(token, secret, workspace, now);
    if (!claims) {
      log_refused_token(workspace, claims.error(), now);
      return std::unexpected(std::move(claims).error());
    }
    return Identity{
        .user_id = std::move(claims->user_id), .roles = std::move(claims->roles), .expires = claims->expires};
  };
}

}  // namespace

Shared::Shared(std::shared_ptr<const Bundle> b)
    : bundle(std::move(b)),
      replica_bundles(std::make_shared<ReplicaBundles>(bundle)),
      entropy(net::random_drawn_ahead()) {}

Result<std::unique_ptr<Hosted>> open_workspace(DataFolder& data, const Shared& shared,
                                               UnknownWorkspaces unknown, const std::string& name,
                                               Millis now) {
  auto info = data.find(name);
  if (!info && info.error().code == ErrorCode::kNotFound && unknown == UnknownWorkspaces::kCreate) {
    info = data.create_workspace(name, now.count);
    if (info) log().info("workspace {}: created", name);
  }
  if (!info) return std::unexpected(std::move(info).error());
  TRY_ASSIGN(auto workspace, Workspace::open({.path = info->path,
                                              .name = name,
                                              .vfs = {},
                                              .bundle = shared.bundle,
                                              .hasher = &net::sha256,
                                              .entropy = shared.entropy,
                                              .verifier = verifier_for(data.secret(), name),
                                              .replica_bundles = shared.replica_bundles},
                                             now));
  return std::make_unique<Opened>(std::move(workspace));
}

}  // namespace wherry::server

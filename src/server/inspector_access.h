// Who may look into which workspaces: in development everyone on this machine into all, else whoever has a
// token with the role `admin` into the workspace that it is for.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "net/pages.h"
#include "server/refused_tokens.h"

namespace wherry::server {

// An answer of the inspector that is an error, as JSON.
net::Page inspector_error(int status, std::string_view code, std::string_view message);
net::Page inspector_answer(std::string body);

class InspectorAccess {
 public:
  // `secret` signs tokens; `tokens` must outlive it. Thread-safe.
  InspectorAccess(std::string secret, bool dev, RefusedTokens& tokens)
      : secret_(std::move(secret)), dev_(dev), tokens_(tokens) {}

  // The workspace that the request may ask about, nothing for all of them; or why it may not. `workspace`:
  // the one that it does ask about, if it names one.
  std::expected<std::optional<std::string>, net::Page> admit(const net::PageRequest& request,
                                                             std::optional<std::string_view> workspace,
                                                             Millis now) const;

 private:
  const std::string secret_;
  const bool dev_;
  RefusedTokens& tokens_;
};

}  // namespace wherry::server

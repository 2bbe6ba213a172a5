#include "net/token.h"
#include "base/text.h"
#include "cli/clock.h"
#include "cli/command.h"
#include "cli/duration.h"
#include "cli/output.h"
#include "server/data_folder.h"

namespace wherry::cli {

namespace {

struct TokenOptions {
  std::string data, workspace, user;
  std::vector<std::string> roles;
  std::string expires = "1h";
};

Result<Exit> token(const TokenOptions& options) {
  TRY_ASSIGN(const Millis lasts, parse_duration(options.expires));
  TRY_ASSIGN(const auto folder, server::DataFolder::open(options.data, false));
  TRY(folder->find(options.workspace));
  const net::TokenClaims claims{.user_id = options.user,
                                .workspace = options.workspace,
                                .roles = options.roles,
                                .expires = now() + lasts};
  const std::string token = net::make_token(claims, folder->secret());
  // What the server would refuse must not be handed out.
  TRY(net::verify_token(token, folder->secret(), options.workspace, now()));
  note(cat("token for user ", options.user, " of workspace ", options.workspace, ", valid until ",
           iso_time(claims.expires)));
  print_line(token);
  return Exit::kOk;
}

}  // namespace

void add_token(Program& program) {
  add_command<TokenOptions>(
      program, program.app, "token", "Makes a token for a user; it is the last line of stdout",
      [](CLI::App& command, TokenOptions& options) {
        command.add_option("--data", options.data, "The data folder")->required();
        command.add_option("--workspace", options.workspace, "The workspace it is for")->required();
        command.add_option("--user", options.user, "The user it speaks for")->required();
        command.add_option("--role", options.roles, "A role he has; may be repeated")
            ->allow_extra_args(false);
        command.add_option("--expires", options.expires, "How long it is valid: 90s, 15m, 1h, 7d")
            ->capture_default_str();
      },
      token);
}

}  // namespace wherry::cli
